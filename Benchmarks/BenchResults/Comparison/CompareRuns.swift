// Two runs side by side: what got slower, what got faster, and what only one of them measured.

import Measurement

/// The comparison of a run `b` with an earlier run `a`.
///
/// Measurements are joined by variant and settings, and compared by their medians. A change counts when it is larger
/// than the noise: the larger relative spread of the repetitions on either side, at least 3 %; at least 10 % where a
/// side was not repeated. Counts that are exact (slots moved, allocations) count with any change.
public struct CompareRuns: Sendable {
    /// What became of a measurement.
    public enum Change: String, Sendable, Hashable {
        case slower, faster, same
    }

    /// A measurement that both runs have.
    public struct Finding: Sendable, Hashable {
        public let what: String
        /// The name of the measured column.
        public let measure: String
        public let before: Double
        public let after: Double
        /// How large a change is taken for noise, as a share.
        public let noise: Double
        public let change: Change

        /// The relative change of the value: 0.1 is 10 % more.
        public var relativeChange: Double { before == 0 ? (after == 0 ? 0 : .infinity) : after / before - 1 }
    }

    static let noiseUnrepeated = 0.1
    static let noiseMin = 0.03

    /// What both runs measured, the worst change first.
    public let findings: [Finding]
    /// What only the earlier run measured.
    public let onlyBefore: [String]
    /// What only the later run measured.
    public let onlyAfter: [String]

    /// Whether Swift or raw C got slower anywhere; a command that compares runs exits with failure then.
    public var anySlower: Bool { findings.contains { $0.change == .slower } }

    /// Compares two runs. O(rows log rows).
    public init(_ a: BenchRun, _ b: BenchRun) {
        let (before, after) = (ComparedFigure.all(of: a), ComparedFigure.all(of: b))
        let (earlier, later) = (Set(before.map(\.name)), Set(after.map(\.name)))
        onlyBefore = before.filter { !later.contains($0.name) }.map(\.name.text)
        onlyAfter = after.filter { !earlier.contains($0.name) }.map(\.name.text)
        let laterByName = Dictionary(uniqueKeysWithValues: after.map { ($0.name, $0) })
        findings =
            before
            .compactMap { figure in laterByName[figure.name].map { figure.finding(against: $0) } }
            .sorted { $0.order > $1.order }
    }

    /// The comparison for a terminal, at most 110 columns wide.
    public var text: String {
        var table = TextTable([
            .init("what", .left), .init("measure", .left), .init("before", .right), .init("after", .right),
            .init("change", .right), .init("noise", .right),
        ])
        for change in [Change.slower, .faster] where findings.contains(where: { $0.change == change }) {
            table.beginGroup(change.rawValue)
            for finding in findings where finding.change == change {
                table.append([
                    "  " + finding.what, finding.measure, NumberText.short(finding.before),
                    NumberText.short(finding.after), Self.percent(finding.relativeChange),
                    "±" + Self.percent(finding.noise, signed: false),
                ])
            }
        }
        let count = { (change: Change) in findings.count { $0.change == change } }
        var text = findings.contains { $0.change != .same } ? table.text : ""
        text += "\(count(.slower)) slower, \(count(.faster)) faster, \(count(.same)) within the noise\n"
        for name in onlyBefore { text += "only in the first run: \(name)\n" }
        for name in onlyAfter { text += "only in the second run: \(name)\n" }
        return text
    }

    private static func percent(_ share: Double, signed: Bool = true) -> String {
        guard share.isFinite else { return "from 0" }
        return (signed && share > 0 ? "+" : "") + NumberText.decimals(share * 100, 1) + " %"
    }
}

extension CompareRuns.Finding {
    /// Slower first, then faster, then the same; larger changes first in each.
    fileprivate var order: (Int, Double) {
        (change == .slower ? 2 : change == .faster ? 1 : 0, abs(relativeChange))
    }
}

/// A measured value of one run, with its repetitions.
private struct ComparedFigure {
    struct Name: Hashable {
        let what: String
        let measure: String

        var text: String { "\(what), \(measure)" }
    }

    let name: Name
    let better: Direction
    /// Whether the value is a count that noise does not touch.
    let isExact: Bool
    let summary: Summary

    func finding(against later: ComparedFigure) -> CompareRuns.Finding {
        let (before, after) = (summary.median, later.summary.median)
        let isRepeated = summary.count > 1 && later.summary.count > 1
        var noise = max(
            summary.relativeSpread,
            later.summary.relativeSpread,
            isRepeated ? CompareRuns.noiseMin : CompareRuns.noiseUnrepeated
        )
        if isExact { noise = 0 }
        let difference = after - before
        let change: CompareRuns.Change
        if abs(difference) <= noise * abs(before) {
            change = .same
        } else {
            change = (difference > 0) == (better == .higher) ? .faster : .slower
        }
        return CompareRuns.Finding(
            what: name.what,
            measure: name.measure,
            before: before,
            after: after,
            noise: noise,
            change: change
        )
    }

    /// Everything in a run that can get better or worse, each name once.
    static func all(of run: BenchRun) -> [ComparedFigure] {
        var values: [Name: [Double]] = [:]
        var figures: [(name: Name, better: Direction, isExact: Bool)] = []
        func add(_ what: String, _ measure: String, _ better: Direction, isExact: Bool = false, _ value: Double?) {
            guard let value else { return }
            let name = Name(what: what, measure: measure)
            if values[name] == nil { figures.append((name, better, isExact)) }
            values[name, default: []].append(value)
        }
        for row in run.rows where row.key.scenario != .openLoop {
            let what = "\(row.variant.rawValue) \(row.key)"
            if let measure = row.key.scenario.measure {
                add(what, measure.rawValue, measure.better, row.value(measure))
            }
            add(what, BenchMeasure.pause.rawValue, .lower, row.value(.pause))
            add(what, BenchMeasure.cpu.rawValue, .lower, row.cpuNsPerRequest)
            let allocations = row.allocsPerRequest.map { NumberText.decimals($0, 2) }.flatMap(Double.init)
            add(what, BenchMeasure.allocations.rawValue, .lower, isExact: true, allocations)
        }
        for row in run.openLoop {
            let what = "\(row.variant.rawValue) \(row.key), \(NumberText.grouped(Int(row.targetRate)))/s"
            add(what, BenchMeasure.p99.rawValue, .lower, row.latency.p99Us)
            add(what, "achieved_rate", .higher, row.achievedRate)
        }
        for row in run.ring {
            let what = "ring \(row.workersFrom) → \(row.workersTo) workers, \(row.slots) slots"
            add(what, "plan_us", .lower, row.planUs)
            add(what, "moved", .lower, isExact: true, Double(row.moved))
            add(what, "balance", .lower, isExact: true, row.balance)
        }
        for row in run.micro {
            add(row.name, "ns", .lower, row.ns)
            add(row.name, "instructions", .lower, row.instructions)
            add(row.name, "allocations", .lower, isExact: true, row.allocations)
        }
        for row in run.memory {
            let what = "\(row.variant.rawValue) memory after \(NumberText.grouped(row.requests)) requests"
            add(what, "resident_bytes", .lower, Double(row.residentBytes))
        }
        return figures.compactMap { figure in
            Summary(of: values[figure.name] ?? []).map {
                ComparedFigure(name: figure.name, better: figure.better, isExact: figure.isExact, summary: $0)
            }
        }
    }
}
