// The one table that a run prints at its end.

import Measurement

/// The run in one table of at most 110 columns, for a terminal. Repeated measurements stand as medians; the ratio is the
/// median of pairs with minimum and maximum, above 1 being better than raw C. Call `judge` before. O(rows^2).
public func summaryTable(_ run: BenchRun) -> String {
    var table = TextTable([
        .init("what", .left), .init("swift", .right), .init("raw C", .right), .init("ratio [min..max]", .left),
    ])
    for group in SummaryGroup.all(of: run) {
        table.beginGroup(group.title)
        for row in group.shownInTerminal { table.append(["  " + row.what, row.swift, row.raw, row.ratio]) }
    }
    var text =
        table.text + "Ratios are to raw C over pairs run in turn; above 1 is better, for latencies and rates alike.\n"
    if !run.targets.isEmpty { text += "\n" + targetsTable(run) }
    for note in run.notes { text += "note: \(note)\n" }
    return text
}

private func targetsTable(_ run: BenchRun) -> String {
    var table = TextTable([
        .init("target", .left), .init("at least", .right), .init("aim", .right), .init("measured", .right),
        .init("met", .left), .init("limit", .left),
    ])
    for target in run.targets {
        table.append([
            target.measure, target.bound(target.atLeast), target.aim.map(target.bound) ?? "",
            target.measured.map { NumberText.significant($0) } ?? "-", target.met.rawValue, target.limit,
        ])
    }
    return table.text
}

extension TargetRow {
    /// A bound with its direction: `≥ 0.85`.
    func bound(_ value: Double) -> String {
        (better == .higher ? "≥ " : "≤ ") + NumberText.significant(value)
    }
}

/// Rows of the summary that belong together, for the terminal and the report alike.
struct SummaryGroup {
    struct Row {
        let what: String
        let swift: String
        let raw: String
        let ratio: String
    }

    let title: String
    let rows: [Row]
    /// What the columns after the first show.
    var headings = (swift: "Swift", raw: "raw C", ratio: "ratio [min..max]")
    /// How many rows a terminal shows: evenly chosen, with the first and the last.
    var terminalRowsMax = Int.max

    var shownInTerminal: [Row] {
        guard rows.count > terminalRowsMax else { return rows }
        return (0..<terminalRowsMax).map { rows[$0 * (rows.count - 1) / (terminalRowsMax - 1)] }
    }

    /// The groups that the run has rows for.
    static func all(of run: BenchRun) -> [SummaryGroup] {
        let groups = [
            latencies(run, .roundtrip, "round trip, one in flight: p50 / p99"),
            rates(run, .throughput, "throughput, requests/s"),
            rates(run, .scaling, "scaling, servers×clients, requests/s"),
            openLoop(run),
            latencies(run, .restart, "first reply after the server was killed and restarted: p50 / p99"),
            memory(run),
            ring(run),
            micro(run),
        ]
        return (groups + cluster(run)).filter { !$0.rows.isEmpty }
    }

    private static func latencies(_ run: BenchRun, _ scenario: Scenario, _ title: String) -> SummaryGroup {
        let rows = run.keys(scenario).map { key in
            let text = { (variant: Variant) -> String in
                guard let p50 = run.summary(key, variant, .p50), let p99 = run.summary(key, variant, .p99) else {
                    return "-"
                }
                return pair(p50.median, p99.median)
            }
            return Row(what: key.settings, swift: text(.swift), raw: text(.rawC), ratio: ratio(run, key, .p50))
        }
        return SummaryGroup(title: title, rows: rows)
    }

    private static func rates(_ run: BenchRun, _ scenario: Scenario, _ title: String) -> SummaryGroup {
        let rows = run.keys(scenario).map { key in
            let text = { (variant: Variant) in
                run.summary(key, variant, .rate).map { NumberText.grouped(Int($0.median)) } ?? "-"
            }
            return Row(what: key.settings, swift: text(.swift), raw: text(.rawC), ratio: ratio(run, key, .rate))
        }
        return SummaryGroup(title: title, rows: rows)
    }

    private static func openLoop(_ run: BenchRun) -> SummaryGroup {
        let rows = run.openLoopPoints().map { point in
            let text = { (variant: Variant) -> String in
                let rows = point.rows.filter { $0.variant == variant }
                guard let p50 = Summary(of: rows.map(\.latency.p50Us)), let p99 = Summary(of: rows.map(\.latency.p99Us))
                else { return "-" }
                return pair(p50.median, p99.median) + (rows.allSatisfy(\.isSustained) ? "" : " *")
            }
            let ratio = PairedRatio(
                measured: point.rows.filter { $0.variant == .swift }.map(\.latency.p99Us),
                baseline: point.rows.filter { $0.variant == .rawC }.map(\.latency.p99Us),
                better: .lower
            )
            return Row(
                what: "\(point.key.settings), \(NumberText.grouped(Int(point.targetRate)))/s",
                swift: text(.swift),
                raw: text(.rawC),
                ratio: ratio.map(Self.ratioText) ?? ""
            )
        }
        let missed = run.openLoop.contains { !$0.isSustained }
        return SummaryGroup(
            title: "open loop, from the intended send: p50 / p99, ratio of p99"
                + (missed ? "; * rate not reached" : ""),
            rows: rows
        )
    }

    private static func memory(_ run: BenchRun) -> SummaryGroup {
        var counts: [Int] = []
        for row in run.memory where !counts.contains(row.requests) { counts.append(row.requests) }
        let rows = counts.map { requests in
            let text = { (variant: Variant) in
                let own = run.memory.filter { $0.requests == requests && $0.variant == variant }
                return Summary(of: own.map { Double($0.residentBytes) }).map { NumberText.bytes(Int($0.median)) } ?? "-"
            }
            return Row(
                what: "after \(NumberText.grouped(requests)) requests",
                swift: text(.swift),
                raw: text(.rawC),
                ratio: ""
            )
        }
        return SummaryGroup(title: "resident memory", rows: rows)
    }

    private static func ring(_ run: BenchRun) -> SummaryGroup {
        let rows = run.ring.map { row in
            Row(
                what: "\(NumberText.grouped(row.workersFrom)) → \(NumberText.grouped(row.workersTo)) workers",
                swift: NumberText.microseconds(row.planUs),
                raw: "\(NumberText.grouped(row.moved)) / \(NumberText.grouped(row.leastPossible))",
                ratio: NumberText.decimals(row.balance, 3)
            )
        }
        return SummaryGroup(
            title: "ring plans: time; slots moved / least possible; fullest owner over the mean",
            rows: rows,
            headings: ("time", "moved / least possible", "fullest owner over the mean"),
            terminalRowsMax: 8
        )
    }

    private static func micro(_ run: BenchRun) -> SummaryGroup {
        let rows = run.micro.map { row in
            Row(
                what: row.name,
                swift: "\(NumberText.significant(row.ns)) ns",
                raw: row.instructions.map { NumberText.significant($0) } ?? "-",
                ratio: NumberText.significant(row.allocations)
            )
        }
        return SummaryGroup(
            title: "one operation: time; instructions; heap allocations",
            rows: rows,
            headings: ("time", "instructions", "heap allocations")
        )
    }

    static func pair(_ p50: Double, _ p99: Double) -> String {
        "\(NumberText.microseconds(p50)) / \(NumberText.microseconds(p99))"
    }

    private static func ratio(_ run: BenchRun, _ key: BenchKey, _ measure: BenchMeasure) -> String {
        run.ratio(swift: key, raw: key, measure).map(ratioText) ?? ""
    }

    /// `0.97 [0.95..1.01]`.
    static func ratioText(_ ratio: PairedRatio) -> String {
        let two = { (value: Double) in NumberText.decimals(value, 2) }
        return "\(two(ratio.ratios.median)) [\(two(ratio.ratios.min))..\(two(ratio.ratios.max))]"
    }
}

extension BenchRun {
    /// The fixed rates that were measured, by settings and rate. O(rows log rows).
    func openLoopPoints() -> [(key: BenchKey, targetRate: Double, rows: [OpenLoopRow])] {
        var points: [(key: BenchKey, targetRate: Double, rows: [OpenLoopRow])] = []
        for row in openLoop {
            if let index = points.firstIndex(where: { $0.key == row.key && $0.targetRate == row.targetRate }) {
                points[index].rows.append(row)
            } else {
                points.append((row.key, row.targetRate, [row]))
            }
        }
        return points
    }
}
