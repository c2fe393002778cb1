// The way to the leader, for workers and clients: lines to all coordinators, and which of them leads now.

import RingmasterProtocol

/// How a request to the leader ended. The bytes are alive until the completion returns.
enum LeaderReply {
    case payload(UnsafeRawBufferPointer)
    /// The leader refused.
    case refused(RemoteError)
    /// There is no leader now, or it was lost before it answered: the request may or may not have been carried out.
    case unreachable
}

/// Lines to every coordinator of a cluster that is known, and the leader among them. Confined to the loop's thread.
///
/// A leader that is lost is looked for at once and then every `ClusterLimits.leaderSearchInterval`, by asking all. While there
/// is one, it is asked now and then, and when a line breaks, which coordinators there are: lines to new ones are opened, those
/// to removed ones closed.
final class LeaderFinder {
    private final class Line {
        let endpoint: Endpoint
        let core: ClientCore
        /// nil: it has not said yet who it is.
        var raftID: UInt64?
        var isAsked = false

        init(endpoint: Endpoint, core: ClientCore) {
            self.endpoint = endpoint
            self.core = core
        }
    }

    private let loop: EventLoop
    private let context: MessagingContext
    private let security: @Sendable (Endpoint) -> Security
    /// Those that it was told of at first: asked whenever there is no leader.
    private let endpoints: [Endpoint]
    private var lines: [Line] = []
    private var leader: Line?
    private var searchTimer: LoopTimer!
    private var isClosed = false

    /// Called when a leader is found, on each change.
    var found: () -> Void = {}
    /// Called when the leader is lost.
    var lost: () -> Void = {}
    /// Where each coordinator publishes, as it said last, by raft id.
    private(set) var publishers: [UInt64: String] = [:]
    /// Called when there is another publisher, or one less.
    var publishersChanged: () -> Void = {}

    init(
        endpoints: [Endpoint],
        security: @escaping @Sendable (Endpoint) -> Security,
        context: MessagingContext,
        loop: EventLoop
    ) throws(TransportError) {
        self.loop = loop
        self.context = context
        self.security = security
        self.endpoints = endpoints
        searchTimer = loop.timer { [unowned self] in search() }
        for endpoint in endpoints { try addLine(endpoint) }
    }

    var hasLeader: Bool { leader != nil }
    /// Of the coordinators to which it has lines.
    var lineEndpoints: [Endpoint] { lines.map(\.endpoint) }
    var leaderEndpoint: String? { leader?.endpoint.text }

    func start() {
        search()
    }

    private func addLine(_ endpoint: Endpoint, of raftID: UInt64? = nil) throws(TransportError) {
        if let present = lines.first(where: { $0.endpoint == endpoint }) {
            present.raftID = raftID ?? present.raftID
            return
        }
        var configuration = RPCClientConfiguration()
        configuration.failsWhenDisconnected = true
        configuration.security = security(endpoint)
        configuration.socket.reconnectIntervalMax = .milliseconds(50)
        let core = try ClientCore(endpoint: endpoint, configuration: configuration, context: context, loop: loop)
        let line = Line(endpoint: endpoint, core: core)
        line.raftID = raftID
        core.connectionChanged = { [weak self, unowned line] event in
            guard case .disconnected = event else { return }
            self?.disconnected(line)
        }
        lines.append(line)
    }

    // MARK: The search

    private func search() {
        guard !isClosed else { return }
        let interval: Duration
        if let leader {
            if !leader.isAsked { ask(leader) }
            interval = ClusterLimits.leaderRefreshInterval
        } else {
            for line in lines where !line.isAsked { ask(line) }
            interval = ClusterLimits.leaderSearchInterval
        }
        loop.arm(searchTimer, at: loop.refreshNow().advanced(by: interval))
    }

    private func ask(_ line: Line) {
        line.isAsked = true
        line.core.call(ClusterMethods.hello, [], CallOptions(timeout: .milliseconds(200))) { [weak self] reply in
            line.isAsked = false
            guard let self, !isClosed, reply.kind == .payload, let hello = try? Hello.decode(reply.buffer) else {
                return
            }
            line.raftID = hello.raftID
            learn(hello)
            // Only a leader knows which there are.
            guard hello.isLeader else { return }
            dropOthers(than: hello.coordinators, of: line)
            guard leader != nil else { return take(line) }
            askNewcomers()
        }
    }

    /// Where they publish, only they can say.
    private func askNewcomers() {
        for line in lines where !line.isAsked {
            if let raftID = line.raftID, raftID != leader?.raftID, publishers[raftID] == nil { ask(line) }
        }
    }

    private func learn(_ hello: Hello) {
        for coordinator in hello.coordinators {
            guard let endpoint = try? Endpoint(coordinator.endpoint) else { continue }
            try? addLine(endpoint, of: coordinator.raftID)
        }
        guard !hello.publisherEndpoint.isEmpty, publishers[hello.raftID] != hello.publisherEndpoint else { return }
        publishers[hello.raftID] = hello.publisherEndpoint
        publishersChanged()
    }

    /// Closes the lines to coordinators that were removed. One that never said who it is stays: it may be any of them, by
    /// another name of its host.
    private func dropOthers(than coordinators: [Hello.Coordinator], of leading: Line) {
        let present = Set(coordinators.map(\.raftID))
        let removed = lines.filter { $0 !== leading && $0 !== leader && !($0.raftID.map(present.contains) ?? true) }
        guard !removed.isEmpty else { return }
        lines.removeAll { line in removed.contains { $0 === line } }
        for line in removed { close(line) }
        let publishing = publishers.count
        publishers = publishers.filter { present.contains($0.key) }
        if publishers.count < publishing { publishersChanged() }
    }

    private func take(_ line: Line) {
        leader = line
        loop.arm(searchTimer, at: loop.refreshNow().advanced(by: ClusterLimits.leaderRefreshInterval))
        found()
    }

    private func disconnected(_ line: Line) {
        guard let leader, leader !== line else { return lose(line) }
        // Perhaps it was removed, and others have taken its place.
        if !leader.isAsked { ask(leader) }
    }

    private func lose(_ line: Line) {
        guard leader === line else { return }
        leader = nil
        lost()
        guard !isClosed else { return }
        for endpoint in endpoints { try? addLine(endpoint) }
        search()
    }

    /// Asks every coordinator for its publisher, also those that do not lead.
    func introduce() {
        for line in lines where !line.isAsked { ask(line) }
    }

    // MARK: Requests

    /// Sends a request to the leader. `completion` is called on the loop, once; at once where there is no leader.
    func call(
        _ method: RPCMethod,
        _ payload: [UInt8],
        timeout: Duration? = .seconds(5),
        _ completion: @escaping (LeaderReply) -> Void
    ) {
        guard let line = leader else { return completion(.unreachable) }
        line.core.call(method, payload, CallOptions(timeout: timeout)) { [weak self] reply in
            switch reply.kind {
            case .payload: completion(.payload(reply.buffer))
            case .remoteError:
                guard let error = RemoteError(encoded: reply.buffer) else { return completion(.unreachable) }
                if error.code == .notLeader {
                    self?.lose(line)
                    completion(.unreachable)
                } else {
                    completion(.refused(error))
                }
            default: completion(.unreachable)
            }
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.disarm(searchTimer)
        leader = nil
        for line in lines { close(line) }
        lines = []
    }

    private func close(_ line: Line) {
        line.core.connectionChanged = nil
        line.core.close()
    }
}
