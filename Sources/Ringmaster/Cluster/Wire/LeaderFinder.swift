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
/// A leader that is lost is looked for at once and then every `ClusterLimits.leaderSearchInterval`, by asking all.
final class LeaderFinder {
    private final class Line {
        let endpoint: Endpoint
        let core: ClientCore
        var isAsked = false

        init(endpoint: Endpoint, core: ClientCore) {
            self.endpoint = endpoint
            self.core = core
        }
    }

    private let loop: EventLoop
    private let context: MessagingContext
    private let security: @Sendable (Endpoint) -> Security
    private var lines: [Line] = []
    private var leader: Line?
    private var searchTimer: LoopTimer!
    private var isClosed = false

    /// Called when a leader is found, on each change.
    var found: () -> Void = {}
    /// Called when the leader is lost.
    var lost: () -> Void = {}
    /// Where each coordinator publishes, as it said last.
    private(set) var publishers: [String] = []
    private(set) var clusterID: UInt64?
    /// Called when there is a publisher that was not known.
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
        searchTimer = loop.timer { [unowned self] in search() }
        for endpoint in endpoints { try addLine(endpoint) }
    }

    var hasLeader: Bool { leader != nil }
    var leaderEndpoint: String? { leader?.endpoint.text }

    func start() {
        search()
    }

    private func addLine(_ endpoint: Endpoint) throws(TransportError) {
        guard !lines.contains(where: { $0.endpoint == endpoint }) else { return }
        var configuration = RPCClientConfiguration()
        configuration.failsWhenDisconnected = true
        configuration.security = security(endpoint)
        configuration.socket.reconnectIntervalMax = .milliseconds(50)
        let core = try ClientCore(endpoint: endpoint, configuration: configuration, context: context, loop: loop)
        let line = Line(endpoint: endpoint, core: core)
        core.connectionChanged = { [weak self, unowned line] event in
            guard case .disconnected = event else { return }
            self?.lose(line)
        }
        lines.append(line)
    }

    // MARK: The search

    private func search() {
        guard !isClosed, leader == nil else { return }
        for line in lines where !line.isAsked { ask(line) }
        loop.arm(searchTimer, at: loop.refreshNow().advanced(by: ClusterLimits.leaderSearchInterval))
    }

    private func ask(_ line: Line) {
        line.isAsked = true
        line.core.call(ClusterMethods.hello, [], CallOptions(timeout: .milliseconds(200))) { [weak self] reply in
            line.isAsked = false
            guard let self, !isClosed, reply.kind == .payload, let hello = try? Hello.decode(reply.buffer) else {
                return
            }
            learn(hello)
            if hello.isLeader, leader == nil { take(line) }
        }
    }

    private func learn(_ hello: Hello) {
        clusterID = hello.clusterID
        for coordinator in hello.coordinators {
            if let endpoint = try? Endpoint(coordinator.endpoint) { try? addLine(endpoint) }
        }
        if !hello.publisherEndpoint.isEmpty, !publishers.contains(hello.publisherEndpoint) {
            publishers.append(hello.publisherEndpoint)
            publishersChanged()
        }
    }

    private func take(_ line: Line) {
        leader = line
        loop.disarm(searchTimer)
        found()
    }

    private func lose(_ line: Line) {
        guard leader === line else { return }
        leader = nil
        lost()
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
        for line in lines {
            line.core.connectionChanged = nil
            line.core.close()
        }
        lines = []
    }
}
