// The trials of the checker, by number: each is made from a seed alone and can be run again.

import ChaosKit

/// What a trial showed to be wrong with the checker, and how to get it again.
public struct TrialFailure: Error, CustomStringConvertible {
    public let seed: UInt64
    public let trial: Int
    public let what: String
    public let events: [HistoryEvent]

    public var description: String {
        "seed \(seed), trial \(trial): \(what)\n" + String(decoding: Judging.lines(events), as: UTF8.self)
    }
}

/// Runs trials of one seed.
public struct Trials: Sendable {
    public let seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
    }

    /// A small valid history must be found valid.
    /// - Returns: How many operations it has.
    @discardableResult
    public func validHistory(_ trial: Int) throws -> Int {
        var random = SplitMix64(seed: seed, trial: trial)
        let shape = RunShape.small(&random)
        let events = SimulatedRun.events(shape, random)
        let verdict = try Judging.verdict(events)
        try expect(verdict.outcome == .valid, "a valid history is judged \(verdict)", events, trial)
        return verdict.counts.operations
    }

    /// A planted anomaly must be found by its name and its lines, and nothing else may be.
    /// - Returns: The kind; nil where the history had no place for it.
    public func plantedAnomaly(_ trial: Int) throws -> AnomalyKind? {
        var random = SplitMix64(seed: seed, trial: trial)
        let kind = AnomalyKind.allCases[trial % AnomalyKind.allCases.count]
        var shape = RunShape.small(&random)
        shape.operations += 10
        shape.hasNemesis = true
        let valid = SimulatedRun.events(shape, SplitMix64(seed: random.next()))
        guard let plant = Plant.plant(kind, in: valid, &random) else { return nil }
        let verdict = try Judging.verdict(plant.events)
        let what = "\(kind.rawValue) was planted on lines \(plant.lines), and the verdict is \(verdict)"
        try expect(verdict.outcome == .violation, what, plant.events, trial)
        try expect(verdict.anomalies.map(\.kind) == [kind], what, plant.events, trial)
        try expect(
            verdict.anomalies[0].examples.contains { Set(plant.lines).isSubset(of: $0.lines) },
            what,
            plant.events,
            trial
        )
        return kind
    }

    /// On a very small history, damaged at random, both checkers must agree.
    /// - Returns: Whether it is linearizable; nil where the history does not have all that the checker needs to be sure, and
    ///   only what it says to be wrong was compared.
    public func secondOpinion(_ trial: Int) throws -> Bool? {
        let events = damagedHistory(trial)
        let verdict = try Judging.verdict(events)
        let isLinearizable = BruteForceChecker.isLinearizable(events)
        let what = "the history is \(isLinearizable ? "" : "not ")linearizable, and the verdict is \(verdict)"
        switch verdict.outcome {
        case .valid: try expect(isLinearizable, what, events, trial)
        case .violation: try expect(!isLinearizable, what, events, trial)
        case .undecided: return nil
        }
        return isLinearizable
    }

    /// A very small history, damaged at random.
    public func damagedHistory(_ trial: Int) -> [HistoryEvent] {
        var random = SplitMix64(seed: seed, trial: trial)
        var shape = RunShape()
        shape.processes = Int.random(in: 1...4, using: &random)
        shape.keys = Int.random(in: 1...2, using: &random)
        shape.operations = Int.random(in: 1...9, using: &random)
        shape.unknown = 0.2
        shape.failing = 0.15
        shape.hasNemesis = false
        var events = SimulatedRun.events(shape, SplitMix64(seed: random.next()))
        for _ in 0..<Int.random(in: 0...3, using: &random) { Mutation.mutate(&events, &random) }
        return events
    }

    private func expect(_ holds: Bool, _ what: String, _ events: [HistoryEvent], _ trial: Int) throws {
        if !holds { throw TrialFailure(seed: seed, trial: trial, what: what, events: events) }
    }
}
