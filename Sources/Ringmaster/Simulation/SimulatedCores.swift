// The cores of a cluster in a simulation: the very ones that `Coordinator`, `Worker` and `Client` run on threads of their own,
// here on a loop that the simulation steps.

import Glibc
import Logging
import RingmasterProtocol

extension EventLoop {
    /// A loop of a simulation, driven with `step` by the thread that makes it. The poller is
    /// its owner's, who has to live as long as anything steps the loop.
    package static func simulated(
        poller: OpaquePointer,
        clock: @escaping @Sendable () -> MonotonicTime,
        host: LoopHost
    ) -> EventLoop {
        let loop = EventLoop(poller: poller, clock: clock, host: host)
        loop.ownThread.store(UInt(pthread_self()), ordering: .releasing)
        return loop
    }
}

extension MessagingContext {
    /// A context of a simulation, its owner's, who has to live as long as anything opens a socket in it.
    package convenience init(simulated raw: OpaquePointer) {
        self.init(virtual: raw)
    }
}

/// A coordinator in a simulation. Everything on its loop's thread.
package final class SimulatedCoordinator {
    private let core: CoordinatorCore

    package init(
        _ configuration: CoordinatorConfiguration,
        context: MessagingContext,
        loop: EventLoop,
        logger: Logger,
        entryApplied: @escaping (SimulatedCoordinator, UnsafeRawBufferPointer, UInt64, [CommandOutcome]) -> Void
    ) throws {
        core = try CoordinatorCore(configuration: configuration, context: context, loop: loop, logger: logger)
        core.entryApplied = { [unowned self] in entryApplied(self, $0, $1, $2) }
        try core.start()
    }

    package var isInOffice: Bool { core.isInOffice }
    package var epoch: Epoch { core.machine.view.ring.epoch }
    package var view: ClusterView { core.machine.view }
    package var hasRound: Bool { core.machine.intent != nil }
    package var appliedIndex: UInt64 { core.log.appliedIndex }
    package var stateHash: UInt64 { Self.hash(of: &core.machine) }
    /// In place: a copy of a machine counts references to all that it holds.
    private static func hash(of machine: inout StateMachine) -> UInt64 { machine.hash }

    package var roundsCommitted: Int { core.counts.roundsCommitted }

    /// What it is in the log: `leader`, `follower`, `candidate`, `removed` or `unavailable`.
    package var role: String {
        switch core.role {
        case .leader: "leader"
        case .follower: "follower"
        case .candidate: "candidate"
        case .removed: "removed"
        case .unavailable: "unavailable"
        }
    }

    package func takeSnapshot() { core.log.takeSnapshot() }

    package func close(then: @escaping () -> Void) { core.close(then: then) }
}

/// A worker in a simulation.
package final class SimulatedWorker {
    private let core: WorkerCore

    package init(
        _ configuration: WorkerConfiguration,
        handlers: JobHandlers,
        context: MessagingContext,
        loop: EventLoop,
        logger: Logger
    ) throws {
        core = try WorkerCore(
            configuration: configuration,
            handlers: handlers,
            context: context,
            loop: loop,
            logger: logger
        )
        core.start()
    }

    package var incarnation: Incarnation { core.identity.incarnation }
    package var epoch: Epoch { core.gates.view.ring.epoch }
    package var isPlaced: Bool { core.isPlaced }
    package var isMember: Bool { core.isJoined && core.gates.isLeaseHeld }

    package var id: WorkerID { core.identity.id }

    /// Whether its lease holds at this time of its own clock, after its host has slept for so long, whatever it does.
    package func holdsLease(at now: MonotonicTime, suspendedNs: Int64) -> Bool {
        core.isPlaced && core.gates.isLeaseHeld && core.holdsLease(at: now, suspendedNs: suspendedNs)
    }

    /// What it does with each slot.
    package var slotStates: [SlotGates.SlotState] { core.gates.slotStates }

    /// What it holds of a key: its committed state, and whether that is known to be old and to be fetched. Nil: nothing.
    package func held(
        _ key: [UInt8],
        _ hash: KeyHash
    ) -> (version: UInt64, state: [UInt8]?, isStale: Bool)? {
        let held = key.withUnsafeBytes { core.keys.find($0, hash) }
        return held.map { ($0.version, $0.state, $0.work?.isStale ?? false) }
    }

    package func leave(then: @escaping (Bool) -> Void) {
        core.leave(within: .seconds(30)) { result in
            if case .success = result { then(true) } else { then(false) }
        }
    }

    package func close() { core.close() }
}

/// A client in a simulation.
package final class SimulatedClient {
    private let core: ClusterClientCore

    package init(_ configuration: ClientConfiguration, context: MessagingContext, loop: EventLoop) throws {
        core = try ClusterClientCore(configuration: configuration, context: context, loop: loop)
    }

    package var resends: Int { core.statistics.resends }
    package var epoch: Epoch { core.view.ring.epoch }

    /// Submits a job; `then` is called once, on the loop.
    package func submit(
        _ job: String,
        key: [UInt8],
        _ argument: [UInt8],
        timeout: Duration,
        then: @escaping (Result<[UInt8], ClusterError>) -> Void
    ) {
        core.begin(
            ClientRequest(
                .job,
                method: job,
                key: key,
                argument: argument,
                timeout: timeout,
                waiter: .completion(then)
            )
        )
    }

    /// Reads a key's state; nil where it does not exist.
    package func read(
        key: [UInt8],
        timeout: Duration,
        then: @escaping (Result<[UInt8]?, ClusterError>) -> Void
    ) {
        let waiter = ClientRequest.Waiter.completion { result in
            then(
                result.flatMap { bytes in
                    do {
                        return .success(try bytes.withUnsafeBytes { try KeyState.decode($0) }.state)
                    } catch {
                        return .failure(.unexpectedValue(job: "read", reason: "\(error)"))
                    }
                }
            )
        }
        core.begin(
            ClientRequest(.read, method: "", key: key, argument: [], timeout: timeout, waiter: waiter)
        )
    }

    package func close(then: @escaping () -> Void = {}) { core.close(then: then) }
    package func drop() { core.drop() }
}
