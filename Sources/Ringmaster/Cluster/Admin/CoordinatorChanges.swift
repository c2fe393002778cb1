// Adding coordinators to a cluster that runs, and removing them.

import RingmasterProtocol

/// Changes which coordinators keep the log of a cluster, one at a time. Jobs go on throughout.
///
/// A coordinator is started first, with `CoordinatorConfiguration.isJoining` and an empty data directory, and added then. A
/// raft id that was removed is never given to another coordinator.
public struct CoordinatorChanges: Sendable {
    /// Coordinators that are asked for the leader.
    public var coordinators: [Endpoint]
    /// For CURVE, the coordinators' server key is asked for by endpoint.
    public var security: @Sendable (Endpoint) -> Security = { _ in .none }
    /// How long a change may take. A new coordinator catches up before it counts.
    public var timeout: Duration = .seconds(60)
    private let context: MessagingContext

    public init(coordinators: [Endpoint], context: MessagingContext = .shared) {
        self.coordinators = coordinators
        self.context = context
    }

    /// Adds a coordinator; returns when it votes and the change is committed. Adding one that is there already changes nothing.
    ///
    /// - Throws: `ClusterError.noQuorum` where no leader answers in time; the change may be made nonetheless, and may be asked
    ///   for again. `.refused` with the leader's reason.
    public func addCoordinator(raftID: UInt64, endpoint: Endpoint) async throws(ClusterError) {
        let request = AddCoordinatorRequest(raftID: raftID, endpoint: endpoint)
        try await change(ClusterMethods.addCoordinator, request.encoded())
    }

    /// Removes a coordinator, the leader also; returns when the change is committed.
    ///
    /// - Throws: As `addCoordinator` does.
    public func removeCoordinator(raftID: UInt64) async throws(ClusterError) {
        try await change(ClusterMethods.removeCoordinator, NumberMessage.encode(raftID))
    }

    private func change(_ method: RPCMethod, _ payload: [UInt8]) async throws(ClusterError) {
        let loop = EventLoop.shared
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<_, Never>) in
            loop.post {
                CoordinatorChange(self, method, payload, context: context, loop: loop) {
                    continuation.resume(returning: $0)
                }.begin()
            }
        }
        try result.get()
    }
}

/// One change under way: it is sent to the leader, and again to the next one where an answer did not come. Confined to the
/// loop's thread; it lives until it has ended.
private final class CoordinatorChange {
    private let changes: CoordinatorChanges
    private let method: RPCMethod
    private let payload: [UInt8]
    private let context: MessagingContext
    private let loop: EventLoop
    private let ended: (Result<Void, ClusterError>) -> Void
    private var leader: LeaderFinder?
    private var deadline: LoopTimer!
    private var end: MonotonicTime
    /// Whether it was sent without an answer: it may have been made.
    private var isInDoubt = false
    private var isUnderWay = false
    /// Until it has ended.
    private var itself: CoordinatorChange?

    init(
        _ changes: CoordinatorChanges,
        _ method: RPCMethod,
        _ payload: [UInt8],
        context: MessagingContext,
        loop: EventLoop,
        ended: @escaping (Result<Void, ClusterError>) -> Void
    ) {
        self.changes = changes
        self.method = method
        self.payload = payload
        self.context = context
        self.loop = loop
        self.ended = ended
        end = loop.refreshNow().advanced(by: changes.timeout)
    }

    func begin() {
        itself = self
        do {
            let leader = try LeaderFinder(
                endpoints: changes.coordinators,
                security: changes.security,
                context: context,
                loop: loop
            )
            self.leader = leader
            deadline = loop.timer { [unowned self] in finish(.failure(noQuorum)) }
            loop.arm(deadline, at: end)
            leader.found = { [unowned self] in ask() }
            leader.start()
        } catch {
            finish(.failure(.refused(RemoteError(code: .badParams, message: error.description))))
        }
    }

    private var noQuorum: ClusterError { .noQuorum(coordinators: changes.coordinators.map(\.text)) }

    private func ask() {
        guard let leader, !isUnderWay else { return }
        isUnderWay = true
        leader.call(method, payload, timeout: end.since(loop.refreshNow())) { [weak self] reply in
            guard let self, self.leader != nil else { return }
            isUnderWay = false
            switch reply {
            case .payload: finish(.success(()))
            // The one before it did it.
            case .refused(let error) where isInDoubt && isRemoval && error.code == .badParams: finish(.success(()))
            case .refused(let error): finish(.failure(.refused(error)))
            case .unreachable:
                isInDoubt = true
                // The finder has lost this leader and tells of the next one; unless it is found already.
                if leader.hasLeader { ask() }
            }
        }
    }

    private var isRemoval: Bool { method == ClusterMethods.removeCoordinator }

    private func finish(_ result: Result<Void, ClusterError>) {
        guard itself != nil else { return }
        if let deadline { loop.disarm(deadline) }
        // Not from inside of one of its own calls.
        let leader = leader
        self.leader = nil
        loop.post { [box = LoopConfined(leader)] in box.value?.close() }
        ended(result)
        itself = nil
    }
}
