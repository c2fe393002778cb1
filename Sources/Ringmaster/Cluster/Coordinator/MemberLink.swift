// The leader's line to one worker: orders of a resize go over it, and its end is noticed at once.

import RingmasterProtocol

/// A connection to a worker, and the lease the worker holds. Confined to the loop's thread.
final class MemberLink {
    let record: MemberRecord
    let endpoint: Endpoint
    /// When the lease that was granted last has surely run out on the worker's side.
    var leaseEnds: MonotonicTime
    private(set) var lastHeard: MonotonicTime
    /// How suspect its silence is, by its own habits.
    private var detector: PhiAccrualDetector
    private let clock: LoopClock
    private(set) var isProbing = false

    private let loop: EventLoop
    private let core: ClientCore
    private let died: (MemberLink) -> Void
    private var isClosed = false

    /// - Parameter died: Called on the loop when the worker is proved dead.
    init(
        to record: MemberRecord,
        endpoint: Endpoint,
        security: Security,
        context: MessagingContext,
        loop: EventLoop,
        clock: LoopClock,
        leaseEnds: MonotonicTime,
        died: @escaping (MemberLink) -> Void
    ) throws(TransportError) {
        self.record = record
        self.endpoint = endpoint
        self.loop = loop
        self.leaseEnds = leaseEnds
        self.died = died
        lastHeard = loop.now
        self.clock = clock
        let habits = PhiAccrualDetector.Configuration(
            acceptablePause: ClusterLimits.heartbeatInterval,
            firstEstimate: ClusterLimits.heartbeatInterval
        )
        detector = PhiAccrualDetector(configuration: habits, startingAt: clock.instant(loop.now))
        var configuration = RPCClientConfiguration()
        configuration.failsWhenDisconnected = true
        configuration.security = security
        configuration.inFlightMax = 256
        configuration.socket.linger = .zero
        core = try ClientCore(endpoint: endpoint, configuration: configuration, context: context, loop: loop)
        core.connectionChanged = { [weak self] event in self?.connectionChanged(event) }
    }

    var identity: WorkerIdentity { WorkerIdentity(id: record.member.id, incarnation: record.incarnation) }

    /// Notes a heartbeat.
    func heard(at now: MonotonicTime) {
        lastHeard = now
        detector.heartbeat(at: clock.instant(now))
    }

    /// Whether it has been silent for longer than its habits and the load explain.
    func isSuspect(at now: MonotonicTime) -> Bool {
        !detector.isAvailable(at: clock.instant(now))
    }

    private func connectionChanged(_ event: ConnectionEvent) {
        switch event {
        case .disconnected, .retrying: probe()
        default: break
        }
    }

    /// Asks the worker's host whether the worker is dead; if that proves nothing, its lease decides.
    func probe() {
        guard !isProbing, !isClosed else { return }
        isProbing = true
        let box = LoopConfined(self)
        loop.host.probe(endpoint, loop) { isRefused in
            let link = box.value
            link.isProbing = false
            if isRefused, !link.isClosed { link.died(link) }
        }
    }

    /// Sends a message of a resize; its answer, if one comes, goes to `answered`.
    /// - Parameter message: In its encoding.
    func send(_ message: [UInt8], answered: @escaping (SyncMessage) -> Void) {
        core.call(ClusterMethods.sync, message, CallOptions(timeout: nil)) { reply in
            guard reply.kind == .payload, let answer = try? SyncMessage(decoding: reply.buffer) else { return }
            answered(answer)
        }
    }

    /// Tells it of a view that has come into force.
    func send(_ notice: ViewNotices.Notice) {
        core.notify(notice.method, params: notice.params)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        core.connectionChanged = nil
        core.close()
    }
}
