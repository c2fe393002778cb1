// What a seed stands for: a cluster, a load and faults, all drawn before anything runs.

import Ringmaster
import RingmasterProtocol

/// One simulation as it is to go. Equal seeds give equal plans.
public struct SimulationPlan: Equatable, Sendable, Codable {
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
    /// States that are handed over in one message, about, in bytes.
    var chunkBytes = 1 << 20
    /// The load's length; faults end before it.
    var loadNs: Int64 = 6_000_000_000
    var steps: [SimulationStep] = []
    /// A mistake in every process; nil: what the environment says, if anything.
    public var planted: PlantedBug?
    /// Whether it is checked what each worker serves (I1, I3), which takes as long as there are slots.
    var comparesOwners = true

    /// From the last fault's end: service is to be back, and all rounds to be over, so much later at the most.
    static let boundNs: Int64 = 10_000_000_000

    init(seed: UInt64, steps: [SimulationStep] = []) {
        self.seed = seed
        self.steps = steps
    }

    var coordinators: Int { max(1, replicas) }

    /// In a few words, for whoever watches it shrink.
    public var size: String {
        """
        \(steps.count) steps, n=\(replicas), \(workers) workers, \(clients) clients of \(lanes) lanes, \(keys) keys, \(slots) slots, \
        \(perSecond) a second for \(loadNs / 1_000_000) ms
        """
    }

    /// A plan of everything that there is.
    public static func drawn(seed: UInt64) -> SimulationPlan {
        var random = RandomSource(seed: seed, stream: 1)
        var plan = SimulationPlan(seed: seed)
        plan.replicas = random.choice([0, 1, 3, 3, 3, 3, 5])
        plan.workers = random.choice([1, 2, 2, 3, 3, 4, 4, 6])
        if random.chance(0.02) { plan.workers = 64 }
        plan.clients = random.choice([1, 2, 3, 4])
        plan.lanes = random.choice([1, 2, 4, 8])
        plan.keys = random.choice([1, 2, 4, 8, 16, 64])
        plan.slots = plan.workers > 16 ? 256 : random.choice([16, 64, 64, 256])
        plan.isBarrier = random.chance(0.25)
        plan.perSecond = random.choice([20, 50, 200, 500, 1000])
        plan.timeoutMs = random.choice([500, 2000, 5000])
        plan.driftMax = random.choice([0, 0, 0.001, 0.02])
        plan.snapshotThreshold = random.choice([16, 64, 256, 8192])
        plan.chunkBytes = random.choice([64, 512, 4096, 1 << 20])
        plan.loadNs = random.choice([3, 5, 8]) * 1_000_000_000
        plan.drawSteps(&random)
        return plan
    }

    /// The seed's plan with a small cluster, a short load and few faults: for a test that has little time.
    static func quick(seed: UInt64) -> SimulationPlan {
        var plan = drawn(seed: seed)
        plan.replicas = min(plan.replicas, 3)
        plan.workers = min(plan.workers, 3)
        plan.clients = min(plan.clients, 2)
        plan.lanes = min(plan.lanes, 2)
        plan.slots = 16
        plan.perSecond = min(plan.perSecond, 100)
        let shortNs: Int64 = 2_000_000_000
        for index in plan.steps.indices {
            plan.steps[index].atNs = Int64(Double(plan.steps[index].atNs) * Double(shortNs) / Double(plan.loadNs))
            plan.steps[index].lastsNs = min(plan.steps[index].lastsNs, 1_500_000_000)
        }
        plan.steps = Array(plan.steps.prefix(6))
        plan.loadNs = shortNs
        return plan
    }

    private mutating func drawSteps(_ random: inout RandomSource) {
        let count = random.choice([0, 2, 4, 8, 12])
        for number in 0..<count {
            var atNs = Int64(random.fraction() * Double(loadNs) * 0.8)
            // Soon after another one, as often as not: a fault tells in what that one began.
            if let last = steps.last, random.chance(0.4) { atNs = last.atNs + Int64(random.fraction() * 40_000_000) }
            var lastsNs = random.choice([20, 100, 300, 700, 1500, 4000]) * 1_000_000 as Int64
            // About as long as a lease: some are back right before they are given up, some while they are, some right after.
            if random.chance(0.3) { lastsNs = 550_000_000 + Int64(random.fraction() * 250_000_000) }
            steps.append(.drawn(number: number + 1, atNs: atNs, lastsNs: lastsNs, &random))
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

extension PlantedBug: Codable {}
