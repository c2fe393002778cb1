// One simulation from its first event to its verdict.

import Ringmaster
import RingmasterProtocol

/// Runs a plan. One thread, no clock, no random numbers but the seed's.
public final class Simulation {
    public struct Result: Sendable {
        public var seed: UInt64
        public var traceHash: UInt64
        public var events: UInt64
        public var virtualNs: Int64
        public var operations: Int
        public var acknowledged: Int
        public var faults: Int
        /// What is wrong; empty: nothing.
        public var findings: [String]
        /// What kept the verdict open: a fault that was not seen to work, a history that is not whole.
        public var problems: [String]
        public var history: [UInt8]
        /// What was reached, where that was asked for.
        public var coverage = SimulationCoverage()

        public var isValid: Bool { findings.isEmpty && problems.isEmpty }
    }

    let plan: SimulationPlan
    let cluster: SimulatedCluster
    private let load: SimulatedLoad
    private let nemesis: SimulatedNemesis
    /// Told when the load begins and when its time is over.
    var loadIsOn: (Bool) -> Void = { _ in }
    private var findings: [String] = []
    private var problems: [String] = []

    /// Until the ring has settled, at the most.
    private static let settlingNs: Int64 = 20_000_000_000
    /// For faults that nothing came across in their time, at the most.
    private static let extensionMaxNs: Int64 = 5_000_000_000
    private static let tailNs: Int64 = 1_000_000_000

    public init(_ plan: SimulationPlan, print: ((String) -> Void)? = nil) {
        self.plan = plan
        cluster = SimulatedCluster(plan)
        load = SimulatedLoad(cluster)
        nemesis = SimulatedNemesis(cluster, load)
        cluster.trace.print = print
    }

    /// - Parameter planted: a mistake in every process of the cluster.
    public convenience init(seed: UInt64, planted: PlantedBug? = nil, print: ((String) -> Void)? = nil) {
        var plan = SimulationPlan.drawn(seed: seed)
        plan.planted = planted
        self.init(plan, print: print)
    }

    private var time: VirtualTime { cluster.time }

    public func run() throws -> Result {
        try Ringmaster.Faults.withPlanted(plan.planted, runPlanted)
    }

    private func runPlanted() throws -> Result {
        Ringmaster.Faults.observe { [cluster] in cluster.reached($0) }
        defer { Ringmaster.Faults.observe(nil) }
        for node in cluster.coordinators { try cluster.startCoordinator(node) }
        for _ in 0..<plan.workers { try cluster.addWorker() }
        for node in cluster.clients { try cluster.startClient(node) }
        if advance(within: Self.settlingNs, until: isSettled) {
            try runLoad()
        } else {
            findings.append("the ring did not settle in \(Self.settlingNs / 1_000_000_000) s")
        }
        let result = try judge()
        cluster.tearDown()
        return result
    }

    private func runLoad() throws {
        let beginNs = time.nowNs
        loadIsOn(true)
        load.begin()
        nemesis.begin(at: beginNs)
        advance(to: beginNs + plan.loadNs)
        loadIsOn(false)
        advance(to: nemesis.lastEndNs)
        // A client has nothing to send while nobody runs: its fault goes on until it has.
        advance(within: Self.extensionMaxNs) { [self] in !nemesis.isActing }
        problems += try nemesis.heal()
        let healedNs = time.nowNs
        cluster.record.nemesis(.healed(boundNs: SimulationPlan.boundNs), at: healedNs)
        advance(to: healedNs + Self.tailNs)
        load.end()
        // Liveness: everything that was asked has an end, every worker that is to serve does, no round is open.
        let answers = advance(within: SimulationPlan.boundNs) { [self] in load.underWay == 0 }
        if !answers { findings.append("\(load.underWay) operations without an end") }
        var hasRead = false
        load.readAll(by: cluster.clients[0]) { hasRead = true }
        if !advance(within: SimulationPlan.boundNs, until: { hasRead }) { findings.append("not every key can be read") }
        if !advance(within: SimulationPlan.boundNs, until: isSettled) {
            findings.append("the ring is not that of the workers that run, or a round has no end")
        }
        cluster.endRoundsOfNoLog()
        // A round that is open, or anything else that is wrong, has until the bound: that it came too late must show.
        let isOver = findings.isEmpty && !cluster.record.hasOpenRound
        advance(to: time.nowNs + Self.tailNs)
        if !isOver { advance(to: healedNs + SimulationPlan.boundNs + Self.tailNs) }
    }

    /// Whether the leader's ring is that of the workers that are to run, and all coordinators agree.
    private func isSettled() -> Bool {
        guard let leader = cluster.leader?.coordinator, !leader.hasRound else { return false }
        let members = Set(leader.view.members.map(\.member.id.name))
        let wanted = Set(cluster.workers.filter { $0.isRunning && !$0.isLeaving }.map { "\($0.name)" })
        guard members == wanted else { return false }
        return cluster.workers.allSatisfy { !$0.isRunning || $0.isLeaving || $0.worker!.isMember }
    }

    // MARK: Time

    private func advance(to limitNs: Int64) {
        while time.step(until: limitNs) {}
    }

    @discardableResult
    private func advance(within ns: Int64, until isReached: () -> Bool) -> Bool {
        let limitNs = time.nowNs + ns
        var steps = 0
        while !isReached() {
            // What is awaited is looked at now and then, at set events.
            repeat {
                guard time.step(until: limitNs) else { return isReached() }
                steps += 1
            } while !steps.isMultiple(of: 32)
        }
        return true
    }

    // MARK: The verdict

    private func judge() throws -> Result {
        let verdict = try cluster.record.verdict()
        findings += cluster.invariants.breaches.map { "at \($0.timeNs) ns: \($0.text)" }
        findings += verdict.anomalies.map { finding in
            "\(finding.kind.rawValue) x\(finding.count): \(finding.examples.first.map { "lines \($0.lines)" } ?? "")"
        }
        problems += verdict.problems.map { "\($0.kind.rawValue) x\($0.count)" }
        return Result(
            seed: plan.seed,
            traceHash: cluster.trace.hash,
            events: time.eventCount,
            virtualNs: time.nowNs,
            operations: cluster.record.operations,
            acknowledged: cluster.record.acknowledged,
            faults: nemesis.faultCount,
            findings: findings,
            problems: problems,
            history: cluster.record.bytes
        )
    }
}
