// The measures as tables for other programs. Times are in milliseconds from the start of the run, latencies in microseconds,
// both to the nanosecond; a field is empty where there is nothing to tell.

import Foundation
import Measurement

enum RunTables {
    /// The tables by the names of their files.
    static func all(of measures: RunMeasures) -> [(name: String, table: CSVTable)] {
        [
            ("throughput", throughput(measures.throughput)), ("latency", latency(measures.latencies)),
            ("faults", faults(measures.record.faults)), ("recoveries", recoveries(measures.recoveries)),
            ("resizes", resizes(measures.resizes)),
        ]
    }

    /// The distributions by the names of their files; those of nothing are left out.
    static func histograms(of measures: RunMeasures) -> [(name: String, histogram: LatencyHistogram)] {
        var histograms = LatencyScope.allCases.map { ("latency-\($0.rawValue)", measures.latencies[$0].histogram) }
        let silences = measures.recoveries.flatMap { $0.unavailabilityNs.value ?? [] }
        histograms.append(("recoveries", histogram(measures.recoveriesNs)))
        histograms.append(("unavailability-by-slot", histogram(silences)))
        histograms.append(("pauses-moved-keys", histogram(measures.resizes.flatMap { $0.movedPausesNs.value ?? [] })))
        histograms.append(
            ("pauses-unmoved-keys", histogram(measures.resizes.flatMap { $0.unmovedPausesNs.value ?? [] }))
        )
        return histograms.filter { !$0.1.isEmpty }
    }

    private static func histogram(_ values: [Int64]) -> LatencyHistogram {
        values.reduce(into: LatencyHistogram()) { $0.record($1) }
    }

    private static func throughput(_ throughput: Throughput) -> CSVTable {
        var table = CSVTable(header: ["begin_ms", "asked", "ok", "failed", "unknown", "faults", "resizes"])
        for bin in throughput.bins {
            let counts = [bin.asked, bin.ok, bin.failed, bin.unknown, bin.faults, bin.rounds]
            table.append([milliseconds(bin.span.beginNs)] + counts.map(String.init))
        }
        return table
    }

    private static func latency(_ latencies: LatencyMeasures) -> CSVTable {
        var table = CSVTable(header: [
            "scope", "operations", "ok", "failed", "unknown", "min_us", "mean_us", "p50_us", "p90_us", "p99_us",
            "p99_9_us",
            "max_us",
        ])
        for scope in LatencyScope.allCases {
            let group = latencies[scope]
            let histogram = group.histogram
            let counts = [group.count, histogram.count, group.failedCount, group.unknownCount].map(String.init)
            let quantiles = [50, 90, 99, 99.9].map { microseconds(Double(histogram.valueNs(atPercentile: $0))) }
            let latencies =
                [microseconds(Double(histogram.minNs)), microseconds(histogram.meanNs.rounded())] + quantiles
                + [microseconds(Double(histogram.maxNs))]
            table.append([scope.rawValue] + counts + (histogram.isEmpty ? latencies.map { _ in "" } : latencies))
        }
        return table
    }

    private static func faults(_ faults: [FaultRecord]) -> CSVTable {
        var table = CSVTable(header: [
            "fault", "kind", "target", "begin_ms", "end_ms", "length_ms", "verified", "ended", "detection_ms",
        ])
        for fault in faults {
            var row = ["\(fault.id)", fault.kind, fault.target, milliseconds(fault.span.beginNs)]
            row += fault.hasEnded ? [milliseconds(fault.span.endNs), milliseconds(fault.span.lengthNs)] : ["", ""]
            row += [fault.isVerified, fault.hasEnded].map { $0 ? "yes" : "no" }
            row.append(fault.detectedNs.map { milliseconds($0 - fault.span.beginNs) } ?? "")
            table.append(row)
        }
        return table
    }

    private static func recoveries(_ recoveries: [Recovery]) -> CSVTable {
        var table = CSVTable(header: [
            "fault", "kind", "target", "begin_ms", "victim_slots", "detection_ms", "recovery_ms", "full_recovery_ms",
            "slots_measured", "unavailable_p50_ms", "unavailable_p99_ms", "unavailable_max_ms", "slots_silent",
            "longest_ms",
            "ok", "failed", "unknown", "missing",
        ])
        for recovery in recoveries {
            let fault = recovery.fault
            let times = [recovery.detectionNs, recovery.recoveryNs, recovery.fullRecoveryNs]
            let slots = recovery.unavailabilityNs.value.flatMap(QuantileLine.init)
            var row = ["\(fault.id)", fault.kind, fault.target, milliseconds(fault.span.beginNs)]
            row.append(recovery.victims.slotCountText)
            row += times.map(milliseconds)
            row += quantiles(slots)
            row += ["\(recovery.silentSlotCount)", recovery.longestNs.map(milliseconds) ?? ""]
            row += [recovery.okCount, recovery.failedCount, recovery.unknownCount].map(String.init)
            row.append(distinct(times.map(\.reason) + [recovery.unavailabilityNs.reason]))
            table.append(row)
        }
        return table
    }

    private static func resizes(_ resizes: [ResizeMeasures]) -> CSVTable {
        let pauses = ["keys", "pause_p50_ms", "pause_p99_ms", "pause_max_ms"]
        var table = CSVTable(
            header: [
                "epoch", "mode", "members", "outcome", "begin_ms", "until_commit_ms", "after_commit_ms", "length_ms",
                "moved_slots", "moved_bytes",
            ] + pauses.map { "moved_" + $0 } + pauses.map { "unmoved_" + $0 } + ["missing"]
        )
        for resize in resizes {
            let round = resize.round
            let times = [resize.untilCommitNs, resize.afterCommitNs, resize.lengthNs]
            let moved = [resize.movedSlots, resize.movedBytes]
            let pauses = [resize.movedPausesNs, resize.unmovedPausesNs]
            var row = ["\(round.epoch)", round.mode, round.members.joined(separator: " "), round.outcomeText]
            row.append(milliseconds(round.beganNs))
            row += times.map(milliseconds)
            row += moved.map { $0.value.map(String.init) ?? "" }
            for pause in pauses { row += quantiles(pause.value.flatMap(QuantileLine.init)) }
            row.append(distinct((times + moved).map(\.reason) + pauses.map(\.reason)))
            table.append(row)
        }
        return table
    }

    /// How many, and p50, p99 and maximum.
    private static func quantiles(_ line: QuantileLine?) -> [String] {
        guard let line else { return ["", "", "", ""] }
        return ["\(line.count)"] + [line.p50, line.p99, line.max].map(milliseconds)
    }

    private static func distinct(_ reasons: [String?]) -> String {
        var seen: Set<String> = []
        return reasons.compactMap(\.self).filter { seen.insert($0).inserted }.joined(separator: "; ")
    }

    private static func milliseconds(_ time: Measured<Int64>) -> String { time.value.map(milliseconds) ?? "" }

    private static func milliseconds(_ ns: Int64) -> String { NumberText.trimmed(Double(ns) / 1e6) }

    private static func microseconds(_ ns: Double) -> String { NumberText.trimmed(ns / 1e3) }
}

extension Victims {
    /// For tables: how many slots, `all`, or nothing.
    var slotCountText: String {
        switch self {
        case .slots(let slots): "\(slots.count(where: { $0 }))"
        case .everyKey: "all"
        case .none: ""
        }
    }
}

extension RoundRecord {
    /// How it ended, in a word or two.
    public var outcomeText: String {
        if let outcome, !outcome.isEmpty { return outcome }
        if supersededNs != nil { return committedNs == nil ? "superseded" : "committed, superseded" }
        return committedNs == nil ? "open" : "committed"
    }
}
