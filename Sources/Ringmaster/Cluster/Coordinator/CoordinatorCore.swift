// The coordinator's inside: the log, the state machine that it feeds, and, while it leads, the ring and its members.
// `Coordinator` is its front; the extensions hold the log's side, the members' and the service.

import Logging
import RingmasterProtocol

/// Everything a coordinator owns.
///
/// @unchecked Sendable: confined to the loop's thread, which every way in checks; other threads only pass it on.
final class CoordinatorCore: @unchecked Sendable {
    let loop: EventLoop
    let configuration: CoordinatorConfiguration
    let context: MessagingContext
    let logger: Logger
    /// Where others reach it.
    private(set) var endpoint: Endpoint

    private(set) var log: (any DeltaLog)!
    private(set) var commands: CommandQueue!
    private(set) var server: ServerCore!
    private(set) var publisher: PublisherCore!
    @exclusivity(unchecked) var machine = StateMachine(planted: plantedBug)
    var keeper = RingKeeper(resendAfter: ClusterLimits.orderResendInterval, planted: plantedBug)
    /// The clock that the keeper counts in.
    let clock: LoopClock
    var role = LogRole.follower(leader: nil)
    var counts = Counts()
    /// The state's hash at the last index that is a multiple of `CoordinatorStatus.markInterval`.
    var mark: (index: UInt64, hash: UInt64) = (0, 0)
    var planted = PlantedState()
    /// Sees each entry, its index and what it did, in a simulation; nil: nobody looks.
    var entryApplied: ((UnsafeRawBufferPointer, UInt64, [CommandOutcome]) -> Void)?
    private(set) var isClosed = false

    /// Lines to the other coordinators, by raft id.
    var peers: [UInt64: PeerLine] = [:]
    /// Messages of Raft that it has sent, and those that come in parts, by sender.
    var raftMessages: UInt64 = 0
    var parcels: [UInt64: RaftParcels] = [:]
    /// Coordinators that came with another directory than the one that they are known by, and its mark.
    var strangers: [UInt64: UInt64] = [:]
    /// What is said of the view that is in force.
    var notices = ViewNotices(of: ClusterView())
    /// The order of a resize that was sent last, and its message.
    var lastOrder: (epoch: Epoch, order: SyncMessage.Order, bytes: [UInt8])?
    /// While it leads: a line to each worker that is a member or about to be.
    var members: [WorkerID: MemberLink] = [:]
    var logClock = LogClock()
    var introductionTimer: LoopTimer!
    var tickTimer: LoopTimer!
    var leaseTimer: LoopTimer!
    var sessionTimer: LoopTimer!
    /// Who waits to be told that a worker has left.
    var leaveWaiters: [WorkerID: [DeferredReply]] = [:]

    struct Counts {
        var roundsCommitted = 0
        var roundsSuperseded = 0
        var deltasApplied = 0
        var deltasRefused = 0
        /// Of those, while it led: by the fence, and because they had been done.
        var deltasFenced = 0
        var duplicatesSuppressed = 0
        /// Of states, given to workers that gain slots, while it led.
        var handOverBytes = 0
    }

    /// Itself while it takes part: it does until it is closed, whoever else lets go of it.
    private var running: CoordinatorCore?

    /// The round whose states were handed over last, and how much of them.
    var handOver: (epoch: Epoch, bytes: Int) = (.zero, 0)

    init(
        configuration: CoordinatorConfiguration,
        context: MessagingContext,
        loop: EventLoop,
        logger: Logger
    ) throws {
        loop.checkIsolated()
        self.configuration = configuration
        self.context = context
        self.loop = loop
        self.logger = logger
        endpoint = configuration.endpoint
        clock = LoopClock(loop.refreshNow())
        var serverConfiguration = RPCServerConfiguration()
        serverConfiguration.security = configuration.serverSecurity
        do {
            server = try ServerCore(
                service: service(),
                endpoint: configuration.endpoint,
                configuration: serverConfiguration,
                context: context,
                loop: loop
            )
            endpoint = configuration.advertisedEndpoint ?? server.endpoint
            try openPublisher()
            openLog()
        } catch {
            close()
            throw error
        }
        tickTimer = loop.timer { [unowned self] in tick() }
        leaseTimer = loop.timer { [unowned self] in checkLeases() }
        sessionTimer = loop.timer { [unowned self] in expireSessions() }
        introductionTimer = loop.timer { [unowned self] in introduce() }
    }

    private func openPublisher() throws {
        var publisherConfiguration = PublisherConfiguration()
        publisherConfiguration.socket = SocketSettings()
        publisherConfiguration.security = configuration.serverSecurity
        publisher = try PublisherCore(
            endpoint: configuration.publisherEndpoint ?? server.endpoint.withAnyPort(),
            configuration: publisherConfiguration,
            context: context,
            loop: loop
        )
    }

    private func openLog() {
        log = makeLog()
        commands = CommandQueue(loop: loop, log: log) { [unowned self] in logTimeMs() }
    }

    /// Begins to take part: the log is loaded, and an election may begin.
    func start() throws {
        running = self
        if configuration.isJoining, configuration.dataDirectory == nil {
            throw DeltaLogError.invalidSetting("a coordinator that joins a cluster needs a data directory")
        }
        settlePeers()
        try log.start()
        introduce()
        faultPoint(.coordinatorLogLoaded)
        publishView()
    }

    /// Whether the log lets it propose.
    var isLeader: Bool {
        if case .leader = role { true } else { false }
    }

    /// Whether it leads and has taken the ring over: what only a leader may answer, it answers.
    var isInOffice: Bool { isLeader && keeper.isLeading }

    /// The endpoint of the leader as far as this coordinator knows; empty where it knows none.
    var leaderEndpoint: String {
        switch role {
        case .leader: endpoint.text
        case .follower(let leader):
            leader.flatMap { endpointText(of: $0) } ?? ""
        case .candidate, .removed, .unavailable: ""
        }
    }

    /// Publishes the view that is in force, whole and as the step from the one before.
    /// - Parameter former: nil: it is not known.
    func publishView(after former: ClusterView? = nil) {
        guard !isClosed else { return }
        notices = ViewNotices(of: machine.view, after: former)
        faultPoint(.coordinatorViewPublishing)
        do throws(PubSubError) {
            try publish(notices.view, on: ClusterMethods.viewTopic)
            try publish(notices.step, on: ClusterMethods.viewStepTopic)
            faultPoint(.coordinatorViewSent)
        } catch {
            logger.error("the view could not be published", metadata: ["error": "\(error)"])
        }
    }

    private func publish(_ bytes: [UInt8], on topic: String) throws(PubSubError) {
        try publisher.publish(on: topic) { body in
            PublicationFrame.writeBinHead(bytes.count, into: &body)
            body.append(contentsOf: bytes)
        }
    }

    /// Ends the sockets and the log. `then` is called on the loop once the log's files are closed.
    func close(then: @escaping () -> Void = {}) {
        loop.checkIsolated()
        guard !isClosed else { return then() }
        isClosed = true
        if let tickTimer { loop.disarm(tickTimer) }
        if let introductionTimer { loop.disarm(introductionTimer) }
        if let leaseTimer { loop.disarm(leaseTimer) }
        if let sessionTimer { loop.disarm(sessionTimer) }
        closeMembers()
        for peer in peers.values { peer.core.close() }
        peers = [:]
        server?.close()
        publisher?.close()
        let end = { [self] in
            running = nil
            then()
        }
        // The log applies to this object what was committed before its end.
        if let log { log.close(then: end) } else { end() }
    }
}

/// Turns the loop's time into instants and back, from one moment at which both were read.
struct LoopClock {
    private let time: MonotonicTime
    private let origin: ContinuousClock.Instant

    init(_ now: MonotonicTime) {
        time = now
        origin = .now
    }

    func instant(_ time: MonotonicTime) -> ContinuousClock.Instant {
        origin + time.since(self.time)
    }

    func time(_ instant: ContinuousClock.Instant) -> MonotonicTime {
        time.advanced(by: instant - origin)
    }
}

extension Endpoint {
    /// The same host and transport with a port or path of the system's choice.
    func withAnyPort() throws(TransportError) -> Endpoint {
        switch transport {
        case .tcp:
            guard let colon = text.lastIndex(of: ":") else { return self }
            return try Endpoint(text[..<colon] + ":*")
        case .ipc, .inproc: return try Endpoint(text + ".views")
        }
    }
}
