// The README's table, from the files of a run.

import Alternatives
import Measurement

enum CompareMarkdown {
    static func text(_ results: CompareResults) -> String {
        var names: [String] = []
        for system in results.systems where !system.isCalibration && !names.contains(system.system) {
            names.append(system.system)
        }
        var lines = [
            "| 64 bytes, one client; p50 with one in flight, requests/s with 4,096 | call p50 | calls/s | durable job p50 | durable jobs/s | `fsync` before the answer |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for name in names {
            let jobs = results.systems.first { $0.system == name && $0.work == .jobs }
            let synced = jobs.map { ($0.isSynced ? "yes, " : "no, ") + $0.delivery.rawValue } ?? ""
            let cells = [name] + columns.map { cell(results, name, names, $0) } + [synced]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Column {
        let point: Point
        let isLatency: Bool
    }

    private static let columns = Work.allCases.flatMap { work in
        [
            Column(point: Point(work: work, payloadBytes: 64, inFlight: 1), isLatency: true),
            Column(point: Point(work: work, payloadBytes: 64, inFlight: 4096), isLatency: false),
        ]
    }

    /// The best of a column is set in bold.
    private static func cell(_ results: CompareResults, _ name: String, _ names: [String], _ column: Column) -> String {
        guard let own = median(results, name, column) else { return "" }
        let all = names.compactMap { median(results, $0, column) }
        let isBest = own == (column.isLatency ? all.min() : all.max())
        let rounded = NumberText.grouped(Int(NumberText.rounded(own, significant: 3)))
        let text = column.isLatency ? "\(rounded) µs" : rounded
        return isBest ? "**\(text)**" : text
    }

    private static func median(_ results: CompareResults, _ name: String, _ column: Column) -> Double? {
        let rows = results.rows.filter { $0.alternative == name && $0.point == column.point }
        return Summary(of: rows.map { column.isLatency ? $0.p50Us : $0.perSecond })?.median
    }
}
