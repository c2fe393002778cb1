// What is done to the cluster of a simulation: one step of its plan.

import Ringmaster

/// Something that is done to the cluster.
struct SimulationStep: Equatable, Sendable, Codable {
    enum Kind: String, CaseIterable, Sendable, Codable {
        case killWorker = "kill-worker"
        case killLeader = "kill-leader"
        case killCoordinator = "kill-coordinator"
        case killClient = "kill-client"
        case killAll = "kill-all"
        /// In the middle of a turn, right before a message or a write of it.
        case killAtEffect = "kill-at-effect"
        /// Where the protocol takes a step.
        case killAtPoint = "kill-at-point"
        case pauseAtPoint = "pause-at-point"
        case breakAtPoint = "break-at-point"
        /// A worker stops with a job or a read in hand, until it is given up or about then.
        case zombie
        /// While states are handed over: either end dies or stops, or its connections break.
        case cutHandOver = "cut-hand-over"
        /// While a snapshot is made, written or restored.
        case killInSnapshot = "kill-in-snapshot"
        case pauseWorker = "pause-worker"
        case pauseLeader = "pause-leader"
        case pauseCoordinator = "pause-coordinator"
        case pauseClient = "pause-client"
        /// A machine sleeps: its monotonic clock stands still meanwhile.
        case sleep
        case isolateWorker = "isolate-worker"
        case isolateLeader = "isolate-leader"
        case isolateClient = "isolate-client"
        case cutOneWay = "cut-one-way"
        /// Two parts of the network do not see each other.
        case splitNetwork = "split-network"
        case slowNetwork = "slow-network"
        case lossyNetwork = "lossy-network"
        case breakConnections = "break-connections"
        /// What a process sends comes once more after its connections broke.
        case lateMessages = "late-messages"
        case slowDisk = "slow-disk"
        case fullDisk = "full-disk"
        case wallClock = "wall-clock"
        case clockRate = "clock-rate"
        /// It never comes back.
        case loseWorker = "lose-worker"
        /// It ends its session, and comes again as a new one.
        case renewClient = "renew-client"
        case addWorker = "add-worker"
        case removeWorker = "remove-worker"
        case snapshot

        /// Resizes more often than any fault: it is in them that faults tell.
        static let drawable: [Kind] =
            Kind.allCases + [.addWorker, .removeWorker, .addWorker, .removeWorker, .addWorker, .removeWorker]
    }

    var number: Int
    /// From the beginning of the load.
    var atNs: Int64
    var lastsNs: Int64
    /// Which of those that it may strike, round and round.
    var pick: Int
    var kind: Kind
    /// Of those that wait for something: the first time from then on, the second, ...
    var occurrence = 1
    /// Of those that strike at a fault point: its name.
    var point: String?

    static func drawn(number: Int, atNs: Int64, lastsNs: Int64, _ random: inout RandomSource) -> SimulationStep {
        let pick = Int(random.next() >> 33)
        let kind = random.choice(Kind.drawable)
        var step = SimulationStep(number: number, atNs: atNs, lastsNs: lastsNs, pick: pick, kind: kind)
        switch kind {
        case .killAtEffect: step.occurrence = 1 + Int(random.next() % 200)
        case .killAtPoint, .pauseAtPoint, .breakAtPoint:
            step.occurrence = random.choice([1, 1, 1, 2, 5])
            step.point = random.choice(FaultPoint.allCases).rawValue
        case .zombie:
            step.occurrence = random.choice([1, 1, 2, 5])
            step.point = random.choice(inHandPoints).rawValue
            step.lastsNs = 550_000_000 + Int64(random.fraction() * 2_000_000_000)
        case .cutHandOver:
            step.occurrence = random.choice([1, 1, 2, 3, 5])
            step.point = random.choice(handOverPoints).rawValue
        case .killInSnapshot:
            step.point = random.choice(snapshotPoints).rawValue
        default: break
        }
        return step
    }

    private static let inHandPoints: [FaultPoint] = [
        .workerJobReceived, .workerJobRun, .workerDeltasSending, .workerReplySending, .workerReadReceived,
    ]
    private static let handOverPoints: [FaultPoint] = [
        .workerPhase2Received, .workerChunkSending, .workerChunkSent, .workerChunkReceived, .coordinatorChunkAsked,
        .coordinatorChunkSent,
    ]
    private static let snapshotPoints: [FaultPoint] = [
        .coordinatorSnapshotBegun, .coordinatorSnapshotEncoded, .coordinatorSnapshotWritten,
        .coordinatorSnapshotRestored,
    ]

    var text: String {
        let place = point.map { " at \($0)" } ?? ""
        return """
            \(number) \(kind.rawValue)\(place)\(occurrence > 1 ? " time \(occurrence)" : "") at \(atNs / 1_000_000) ms \
            for \(lastsNs / 1_000_000) ms, pick \(pick)
            """
    }
}
