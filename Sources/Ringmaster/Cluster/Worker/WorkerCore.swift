// The worker's inside: the gates of its slots, the states of its keys, its jobs, and its line to the leader. `Worker` is
// its front; the extensions hold jobs, the ring and the lease.

import Logging
import RingmasterProtocol

/// Everything a worker owns.
///
/// What it waits for holds it, until it is closed, which ends all of that. Never held weakly: each retain would be slow.
///
/// @unchecked Sendable: confined to the loop's thread; other threads only pass it on.
final class WorkerCore: @unchecked Sendable {
    let loop: EventLoop
    let configuration: WorkerConfiguration
    @exclusivity(unchecked) var handlers: HandlerTable
    let logger: Logger
    /// Where others reach it.
    private(set) var endpoint: Endpoint
    private(set) var server: ServerCore!
    let leader: LeaderFinder
    private(set) var isClosed = false

    /// Which life of the worker this is: later ones have higher numbers.
    var identity: WorkerIdentity
    @exclusivity(unchecked) var gates: SlotGates
    @exclusivity(unchecked) var keys: KeyTable
    let deltas: DeltaStream
    /// Jobs in hand, by their name.
    @exclusivity(unchecked) var jobs: [JobName: WorkerJob] = [:]
    /// Jobs of slots that change hands, until it is known who has them.
    var held: [Slot: [(job: WorkerJob, key: [UInt8])]] = [:]
    /// Reads of keys whose state is being fetched.
    var waitingReads: [[UInt8]: [DeferredReply]] = [:]
    @exclusivity(unchecked) var counts = Counts()
    /// Where a reply is put together.
    @exclusivity(unchecked) var scratch: [UInt8] = []

    // Of WorkerCore+Ring.
    /// Whether the ring's size is known, and with it the gates are real.
    var isPlaced = false
    var isJoined = false
    var isAsking = false
    /// Orders that are not answered yet, by phase.
    var unanswered: [Int: DeferredReply] = [:]
    var load: SlotLoad?
    var isViewAsked = false
    /// When this life began, and how many before it were given up at once, one after the other.
    var lifeBegan: MonotonicTime
    var shortLives = 0

    // Of WorkerCore+Lease.
    /// Until when the lease holds, on this worker's clock.
    var leaseEnds = MonotonicTime(nanoseconds: 0)
    /// Time for which the host had been suspended when the lease was asked for.
    var leaseSuspendedNs: Int64 = 0
    var heartbeatTimer: LoopTimer!
    var isLeaving = false
    /// Told how leaving ended, while it leaves.
    var whenReleased: ((Result<Void, ClusterError>) -> Void)?
    var leaveTimer: LoopTimer!
    var leaveEnds = MonotonicTime(nanoseconds: 0)
    var leaveLimit = Duration.zero
    /// Called when somebody asks this worker to leave for good. Its program ends it.
    var askedToRetire: () -> Void = {}

    struct Counts {
        var jobsCommitted = 0
        var deltasRefused = 0
        var jobsRepeated = 0
        var reads = 0
        var rejoins = 0
        var duplicatesSuppressed = 0
    }

    init(
        configuration: WorkerConfiguration,
        handlers: JobHandlers,
        context: MessagingContext,
        loop: EventLoop,
        logger: Logger
    ) throws {
        loop.checkIsolated()
        self.configuration = configuration
        self.handlers = HandlerTable(handlers)
        self.loop = loop
        lifeBegan = loop.refreshNow()
        self.logger = logger
        endpoint = configuration.endpoint
        identity = WorkerIdentity(id: configuration.name, incarnation: .fresh(on: loop.host))
        gates = SlotGates(worker: identity.id, incarnation: identity.incarnation, planted: plantedBug)
        keys = KeyTable(size: .standard)
        leader = try LeaderFinder(
            endpoints: configuration.coordinators,
            security: configuration.clientSecurity,
            context: context,
            loop: loop
        )
        deltas = DeltaStream(identity: identity, leader: leader, loop: loop)
        deltas.ended = { [unowned self] job, refusal in settled(job, refusal) }
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
        } catch {
            leader.close()
            throw error
        }
        endpoint = configuration.advertisedEndpoint ?? server.endpoint
        heartbeatTimer = loop.timer { [unowned self] in heartbeat() }
        leaveTimer = loop.timer { [unowned self] in askToLeave() }
        leader.found = { [unowned self] in leaderFound() }
    }

    func start() {
        leader.start()
        loop.arm(heartbeatTimer, at: loop.refreshNow().advanced(by: ClusterLimits.heartbeatInterval))
    }

    /// What the cluster knows of this worker.
    var record: MemberRecord {
        // The configuration was checked when the worker was made.
        let member = (try? Member(configuration.name, weight: configuration.weight)) ?? Member(configuration.name)
        return MemberRecord(member: member, incarnation: identity.incarnation, endpoint: endpoint.text)
    }

    private func service() -> RPCService {
        var service = RPCService()
        service.handleAddressed(ClusterMethods.submit) { [unowned self] request, address in
            request.withUnsafeBytes { submit($0, address) }
        }
        service.handleDeferred(ClusterMethods.read) { [unowned self] bytes, reply throws(RemoteError) in
            try read(bytes, reply)
        }
        service.handleDeferred(ClusterMethods.call) { [unowned self] bytes, reply throws(RemoteError) in
            try call(bytes, reply)
        }
        service.handleDeferred(ClusterMethods.sync) { [unowned self] bytes, reply throws(RemoteError) in
            try sync(bytes, reply)
        }
        service.handleDeferred(ClusterMethods.newView) { [unowned self] bytes, _ in adopt(bytes) }
        service.handleDeferred(ClusterMethods.viewStep) { [unowned self] bytes, _ in take(step: bytes) }
        service.handleDeferred(ClusterMethods.workerStatus) { [unowned self] _, reply in
            guard let bytes = try? MessagePackEncoder().encode(status) else { return }
            reply.send(bytes)
        }
        service.handleDeferred(ClusterMethods.retire) { [unowned self] _, reply in
            reply.send([0xc0])
            askedToRetire()
        }
        return service
    }

    var status: WorkerStatus {
        WorkerStatus(
            name: configuration.name.name,
            incarnation: identity.incarnation.rawValue,
            endpoint: endpoint.text,
            epoch: gates.view.ring.epoch.rawValue,
            slots: gates.view.ring.slotCount(of: identity.id),
            keys: keys.count,
            jobsInHand: jobs.count,
            jobsCommitted: counts.jobsCommitted,
            deltasRefused: counts.deltasRefused,
            jobsRepeated: counts.jobsRepeated,
            reads: counts.reads,
            rejoins: counts.rejoins,
            duplicatesSuppressed: counts.duplicatesSuppressed,
            batchesResent: deltas.batchesResent
        )
    }

    func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        loop.disarm(heartbeatTimer)
        load = nil
        deltas.close()
        leader.close()
        server.close()
        released(.failure(.closed))
    }
}

extension Incarnation {
    /// A number above those of earlier lives on this host: the wall clock in ns.
    static func fresh(on host: LoopHost) -> Incarnation {
        Incarnation(rawValue: host.wallClockNs())
    }

    /// A number for the next life of a process. The clock may have been set back since an earlier process of this name began:
    /// whoever was given up again and again, right after it had joined, tries further ahead each time, by 1 s, 2 s, 4 s, ...
    static func fresh(after previous: Incarnation, shortLives: Int, on host: LoopHost) -> Incarnation {
        let aheadNs: UInt64 = shortLives == 0 ? 1 : 1_000_000_000 << UInt64(min(shortLives - 1, 30))
        let (next, isTooHigh) = previous.rawValue.addingReportingOverflow(aheadNs)
        return max(fresh(on: host), Incarnation(rawValue: isTooHigh ? .max : next))
    }
}
