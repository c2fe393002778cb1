// The table that a run prints: a group for each point, a line for each system.

import Alternatives
import Measurement

enum CompareTable {
    static func text(_ rows: [CompareRow]) -> String {
        var table = TextTable(
            [
                .init("", .left), .init("per second", .right), .init("p50 µs", .right), .init("p99 µs", .right),
                .init("p99.9 µs", .right), .init("CPU µs", .right), .init("MiB", .right),
                .init("Ringmaster is", .right),
                .init("from", .right), .init("to", .right),
            ],
            lineWidthMax: 130
        )
        for point in points(rows) {
            table.beginGroup(point.title)
            let here = rows.filter { $0.point == point }
            let own = here.filter { $0.alternative == "ringmaster" }
            for name in names(here) {
                let their = here.filter { $0.alternative == name }
                func median(_ value: (CompareRow) -> Double) -> Double { Summary(of: their.map(value))?.median ?? 0 }
                let ratio = name == "ringmaster" ? nil : ratio(own, their, point)
                table.append([
                    "  " + name, number(median(\.perSecond)), number(median(\.p50Us)), number(median(\.p99Us)),
                    number(median(\.p999Us)), number(median(\.cpuUsPerRequest)),
                    number(median { Double($0.memoryBytes) / 1_048_576 }),
                    ratio.map { number($0.median) + (point.isLatency ? "x as quick" : "x the rate") } ?? "",
                    ratio.map { number($0.min) } ?? "", ratio.map { number($0.max) } ?? "",
                ])
            }
        }
        return table.text
    }

    /// Of the rounds, each with each: above 1 is for Ringmaster.
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

    private static func points(_ rows: [CompareRow]) -> [Point] {
        rows.reduce(into: []) { if !$0.contains($1.point) { $0.append($1.point) } }
    }

    private static func names(_ rows: [CompareRow]) -> [String] {
        rows.reduce(into: []) { if !$0.contains($1.alternative) { $0.append($1.alternative) } }
    }

    private static func number(_ value: Double) -> String {
        NumberText.trimmed(NumberText.rounded(value, significant: 3))
    }
}
