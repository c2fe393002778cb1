// A line of the table over all targets: what a run's folder says of its run.

import ChaosKit
import Foundation
import Measurement

/// What became of one target's run.
public struct TargetRow: Sendable {
    public let target: String
    /// `recommended`, `idempotent`; empty for Ringmaster, which needs neither.
    public let service: String
    public let version: String
    /// What was seen of what Ringmaster promises, by the name of the anomaly.
    public let anomalies: [String: Int]
    public let isKept: Bool
    public let operations: Int
    public let acknowledged: Int
    public let unknown: Int
    public let failed: Int
    /// From a worker's SIGKILL to the first answer to what was asked after it: for Ringmaster on that worker's keys, for services
    /// whose workers own no keys on any. Milliseconds.
    public let workerRecoveriesMs: [Double]
    /// The longest that an answered operation waited that was under way when a worker was killed, or came before it was up again:
    /// that of the jobs that the dead worker had in hand.
    public let workerWaitsMs: [Double]
    /// The same of servers, or of coordinators.
    public let serverRecoveriesMs: [Double]
    public let p50Ms: Double?
    public let p99Ms: Double?
    public let maxMs: Double?

    /// - Parameter folder: A run's.
    /// - Throws: `ReportError`.
    public init(reading folder: URL) throws {
        let report = try ChaosReport(reading: folder)
        target = report.facts.target?.name ?? "ringmaster"
        service = report.facts.target?.service ?? ""
        version = report.facts.target?.version ?? "this source tree"
        anomalies = Dictionary(uniqueKeysWithValues: report.verdict.anomalies.map { ($0.kind.rawValue, $0.count) })
        let outcome = report.facts.target?.outcome(of: report.verdict) ?? report.verdict.outcome
        isKept = outcome == .valid && report.facts.failures.isEmpty
        let counts = report.verdict.counts
        operations = counts.operations
        acknowledged = counts.ok
        unknown = counts.info + counts.open
        failed = counts.fail
        let kills = report.measures.recoveries.filter { $0.fault.kind == FaultKind.kill.rawValue }
        let ofWorkers = kills.filter { Self.isWorker($0.fault.target) }
        let ofServers = kills.filter { !Self.isWorker($0.fault.target) && !$0.fault.target.hasPrefix("client") }
        workerRecoveriesMs = Self.milliseconds(ofWorkers.compactMap(\.recoveryNs.value))
        workerWaitsMs = Self.milliseconds(ofWorkers.compactMap(\.longestNs))
        serverRecoveriesMs = Self.milliseconds(ofServers.compactMap(\.recoveryNs.value))
        let histogram = report.measures.latencies[.overall].histogram
        func quantile(_ percentile: Double) -> Double? {
            histogram.isEmpty ? nil : Double(histogram.valueNs(atPercentile: percentile)) / 1e6
        }
        (p50Ms, p99Ms) = (quantile(50), quantile(99))
        maxMs = histogram.isEmpty ? nil : Double(histogram.maxNs) / 1e6
    }

    private static func isWorker(_ name: String) -> Bool {
        name.hasPrefix("consumer-") || name.first == "w" && name.dropFirst().allSatisfy(\.isNumber)
    }

    private static func milliseconds(_ ns: [Int64]) -> [Double] { ns.sorted().map { Double($0) / 1e6 } }

    func count(_ kind: AnomalyKind) -> Int { anomalies[kind.rawValue] ?? 0 }

    /// Everything beside what has a column of its own.
    var otherAnomalies: Int {
        anomalies.reduce(0) { sum, entry in
            ["lost-append", "duplicated-append", "reordered"].contains(entry.key) ? sum : sum + entry.value
        }
    }

    /// By nearest rank, of ascending values.
    static func rank(_ ascending: [Double], _ share: Double) -> Double? {
        ascending.isEmpty ? nil : ascending[max(0, Int((share * Double(ascending.count)).rounded(.up)) - 1)]
    }
}

/// The table for people, and as CSV.
public enum TargetTable {
    public static func text(_ rows: [TargetRow]) -> String {
        var table = TextTable(
            [
                .init("", .left), .init("acknowledged", .right), .init("lost", .right), .init("twice", .right),
                .init("reordered", .right), .init("other", .right), .init("unknown", .right),
                .init("recovery p50", .right), .init("p99", .right), .init("longest wait p50", .right),
                .init("p99", .right),
                .init("latency p99", .right), .init("kept its promise", .left),
            ],
            lineWidthMax: 170
        )
        for row in rows {
            let recoveries = row.workerRecoveriesMs
            let waits = row.workerWaitsMs
            table.append([
                row.target + (row.service.isEmpty ? "" : ", \(row.service)"), NumberText.grouped(row.acknowledged),
                "\(row.count(.lostAppend))", "\(row.count(.duplicatedAppend))", "\(row.count(.reordered))",
                "\(row.otherAnomalies)", "\(row.unknown)", ms(TargetRow.rank(recoveries, 0.5)),
                ms(TargetRow.rank(recoveries, 0.99)), ms(TargetRow.rank(waits, 0.5)), ms(TargetRow.rank(waits, 0.99)),
                ms(row.p99Ms), row.isKept ? "yes" : "NO",
            ])
        }
        return table.text
    }

    /// Of chaos.csv.
    public static let columns = [
        "target", "service", "version", "kept", "operations", "acknowledged", "unknown", "failed", "lost", "duplicated",
        "reordered", "other_anomalies", "worker_kills", "recovery_p50_ms", "recovery_p99_ms", "longest_wait_p50_ms",
        "longest_wait_p99_ms", "server_kills", "server_recovery_p50_ms", "server_recovery_p99_ms", "latency_p50_ms",
        "latency_p99_ms", "latency_max_ms",
    ]

    public static func csv(_ rows: [TargetRow]) -> String {
        var table = CSVTable(header: columns)
        for row in rows {
            func ranks(_ values: [Double]) -> [String] {
                [0.5, 0.99].map { TargetRow.rank(values, $0).map(NumberText.trimmed) ?? "" }
            }
            var fields = [row.target, row.service, row.version, row.isKept ? "yes" : "no"]
            fields += [row.operations, row.acknowledged, row.unknown, row.failed].map(String.init)
            fields += [row.count(.lostAppend), row.count(.duplicatedAppend), row.count(.reordered), row.otherAnomalies]
                .map(
                    String.init
                )
            fields.append("\(row.workerRecoveriesMs.count)")
            fields += ranks(row.workerRecoveriesMs) + ranks(row.workerWaitsMs)
            fields.append("\(row.serverRecoveriesMs.count)")
            fields += ranks(row.serverRecoveriesMs)
            fields += [row.p50Ms, row.p99Ms, row.maxMs].map { $0.map(NumberText.trimmed) ?? "" }
            table.append(fields)
        }
        return table.text
    }

    private static func ms(_ value: Double?) -> String { value.map { NumberText.significant($0) + " ms" } ?? "-" }
}
