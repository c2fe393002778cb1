// What many simulations came to, and how each is told of.

/// Sums over seeds.
public struct SimulationTotal: Sendable, Codable {
    public var seeds = 0
    public var violations = 0
    public var undecided = 0
    var events: UInt64 = 0
    var virtualNs: Int64 = 0
    var operations = 0
    var faults = 0
    public var coverage = SimulationCoverage()

    public init() {}

    public mutating func add(_ result: Simulation.Result) {
        seeds += 1
        if !result.findings.isEmpty { violations += 1 } else if !result.problems.isEmpty { undecided += 1 }
        events += result.events
        virtualNs += result.virtualNs
        operations += result.operations
        faults += result.faults
        coverage.add(result.coverage)
    }

    public mutating func add(_ other: SimulationTotal) {
        seeds += other.seeds
        violations += other.violations
        undecided += other.undecided
        events += other.events
        virtualNs += other.virtualNs
        operations += other.operations
        faults += other.faults
        coverage.add(other.coverage)
    }

    /// A seed at which its process died.
    mutating func addCrash() {
        seeds += 1
        violations += 1
    }

    public var text: String {
        """
        \(seeds) seeds: \(seeds - violations - undecided) valid, \(violations) violations, \(undecided) undecided; \
        \(virtualNs / 1_000_000_000) virtual s, \(operations) operations, \(faults) faults, \(events) events
        """
    }
}

extension Simulation.Result {
    /// One line for a table.
    public var line: String {
        let word = !findings.isEmpty ? "VIOLATION" : problems.isEmpty ? "valid" : "undecided"
        return """
            seed \(seed) trace \(String(traceHash, radix: 16)) events \(events) operations \(operations) \
            ok \(acknowledged) faults \(faults) \(word)
            """
    }

    /// What is wrong with it, and how to see it again.
    public var report: String { report(again: "chaos simulate --seeds \(seed)") }

    /// - Parameter again: The command that runs it once more.
    public func report(again: String) -> String {
        let lines = findings.map { PlanRun.mark + $0 } + problems.map { "  undecided: \($0)" }
        return (["seed \(seed):"] + lines + ["  again: \(again) --trace"]).joined(separator: "\n")
    }
}
