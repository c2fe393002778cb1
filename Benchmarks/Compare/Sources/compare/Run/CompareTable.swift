// The table of a run: a group for each point, a line for each system.

import Alternatives
import Measurement

enum CompareTable {
    static let columns: [(title: String, isText: Bool)] = [
        ("", true), ("a second", false), ("p50 µs", false), ("p99 µs", false), ("p99.9 µs", false), ("CPU µs", false),
        ("MiB", false), ("Ringmaster is", false), ("least", false), ("greatest", false),
    ]

    /// For a terminal.
    static func text(_ rows: [CompareRow]) -> String {
        var table = TextTable(columns.map { .init($0.title, $0.isText ? .left : .right) }, lineWidthMax: 120)
        for group in groups(rows) {
            table.beginGroup(group.title)
            for line in group.lines { table.append(["  " + line[0]] + line.dropFirst()) }
        }
        return table.text
    }

    static func groups(_ rows: [CompareRow]) -> [(title: String, lines: [[String]])] {
        let points: [Point] = rows.reduce(into: []) { if !$0.contains($1.point) { $0.append($1.point) } }
        return points.map { point in
            let here = rows.filter { $0.point == point }
            let own = here.filter { $0.alternative == "ringmaster" }
            let names: [String] = here.reduce(into: []) {
                if !$0.contains($1.alternative) { $0.append($1.alternative) }
            }
            return (point.title, names.map { name in line(name, here.filter { $0.alternative == name }, own, point) })
        }
    }

    private static func line(_ name: String, _ rows: [CompareRow], _ own: [CompareRow], _ point: Point) -> [String] {
        func median(_ value: (CompareRow) -> Double) -> String {
            number(Summary(of: rows.map(value))?.median ?? 0)
        }
        let ratio = name == "ringmaster" ? nil : ratio(own, rows, point)
        return [
            name, median(\.perSecond), median(\.p50Us), median(\.p99Us), median(\.p999Us), median(\.cpuUsPerRequest),
            median { Double($0.memoryBytes) / 1_048_576 },
            ratio.map { number($0.median) + (point.isLatency ? "x as quick" : "x the rate") } ?? "",
            ratio.map { number($0.min) } ?? "", ratio.map { number($0.max) } ?? "",
        ]
    }

    /// Of the rounds, each with its own: above 1 is for Ringmaster.
    static func ratio(_ own: [CompareRow], _ their: [CompareRow], _ point: Point) -> Summary? {
        let pairs = own.compactMap { mine in their.first { $0.round == mine.round }.map { (mine, $0) } }
        return Summary(
            of: pairs.compactMap { mine, other in
                point.isLatency
                    ? Direction.lower.advantage(of: mine.p50Us, over: other.p50Us)
                    : Direction.higher.advantage(of: mine.perSecond, over: other.perSecond)
            }
        )
    }

    private static func number(_ value: Double) -> String {
        NumberText.trimmed(NumberText.rounded(value, significant: 3))
    }
}
