// What a seed stands for: a cluster, a load and faults, all drawn before anything runs.

import Ringmaster
import RingmasterProtocol

/// One simulation as it is to go. Equal seeds give equal plans.
struct SimulationPlan: Equatable, Sendable {
    var seed: UInt64
    /// 0: one coordinator with its log in memory.
    var replicas = 0
    var workers = 3
    var clients = 2
    var lanes = 4
    var keys = 8
    var slots = 64
    var isBarrier = false
    /// Operations a second of all clients together.
    var perSecond = 200.0
    var readShare = 0.3
    var timeoutMs: Int64 = 3000
    /// How fast clocks run at the most, above or below the simulation's time.
    var driftMax = 0.0
    /// A snapshot of the log after so many entries.
    var snapshotThreshold: UInt32 = 8192
    /// The load's length; faults end before it.
    var loadNs: Int64 = 6_000_000_000
    var steps: [SimulationStep] = []
    /// A mistake in every process; nil: what the environment says, if anything.
    var planted: PlantedBug?

    /// From the last fault's end: service is to be back, and all rounds to be over, so much later at the most.
    static let boundNs: Int64 = 10_000_000_000

    init(seed: UInt64, steps: [SimulationStep] = []) {
        self.seed = seed
        self.steps = steps
    }

    var coordinators: Int { max(1, replicas) }

    /// A plan of everything that there is.
    static func drawn(seed: UInt64) -> SimulationPlan {
        var random = RandomSource(seed: seed, stream: 1)
        var plan = SimulationPlan(seed: seed)
        plan.replicas = random.choice([0, 1, 3, 3, 3, 3, 5])
        plan.workers = random.choice([1, 2, 2, 3, 3, 4, 4, 6])
        if random.chance(0.02) { plan.workers = 64 }
        plan.clients = random.choice([1, 2, 3, 4])
        plan.lanes = random.choice([1, 2, 4, 8])
        plan.keys = random.choice([1, 2, 4, 8, 16])
        plan.slots = plan.workers > 16 ? 256 : random.choice([16, 64, 64, 256])
        plan.isBarrier = random.chance(0.25)
        plan.perSecond = random.choice([50, 200, 500, 1000])
        plan.timeoutMs = random.choice([500, 2000, 5000])
        plan.driftMax = random.choice([0, 0, 0.001, 0.02])
        plan.snapshotThreshold = random.choice([16, 64, 256, 8192])
        plan.loadNs = random.choice([3, 5, 8]) * 1_000_000_000
        plan.drawSteps(&random)
        return plan
    }

    private mutating func drawSteps(_ random: inout RandomSource) {
        let count = random.choice([0, 2, 4, 8, 12])
        for number in 0..<count {
            let atNs = Int64(random.fraction() * Double(loadNs) * 0.8)
            let lastsNs = random.choice([20, 100, 300, 700, 1500, 4000]) * 1_000_000 as Int64
            steps.append(
                SimulationStep(
                    number: number + 1,
                    atNs: atNs,
                    lastsNs: lastsNs,
                    pick: Int(random.next() >> 33),
                    kind: random.choice(SimulationStep.Kind.drawable)
                )
            )
        }
        steps.sort { ($0.atNs, $0.number) < ($1.atNs, $1.number) }
    }
}

extension RandomSource {
    mutating func choice<Value>(_ values: [Value]) -> Value {
        values[Int(next() % UInt64(values.count))]
    }

    mutating func chance(_ share: Double) -> Bool { fraction() < share }
}

/// Something that is done to the cluster.
struct SimulationStep: Equatable, Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case killWorker = "kill-worker"
        case killLeader = "kill-leader"
        case killCoordinator = "kill-coordinator"
        case killClient = "kill-client"
        case killAll = "kill-all"
        case pauseWorker = "pause-worker"
        case pauseLeader = "pause-leader"
        case isolateWorker = "isolate-worker"
        case isolateLeader = "isolate-leader"
        case cutOneWay = "cut-one-way"
        case slowNetwork = "slow-network"
        case lossyNetwork = "lossy-network"
        case slowDisk = "slow-disk"
        case wallClock = "wall-clock"
        case addWorker = "add-worker"
        case removeWorker = "remove-worker"
        case snapshot = "snapshot"

        /// Resizes more often than any fault: it is in them that faults tell.
        static let drawable: [Kind] = Kind.allCases + [.addWorker, .removeWorker, .addWorker, .removeWorker]
    }

    var number: Int
    /// From the beginning of the load.
    var atNs: Int64
    var lastsNs: Int64
    /// Which of those that it may strike, round and round.
    var pick: Int
    var kind: Kind

    var text: String {
        "\(number) \(kind.rawValue) at \(atNs / 1_000_000) ms for \(lastsNs / 1_000_000) ms, pick \(pick)"
    }
}
