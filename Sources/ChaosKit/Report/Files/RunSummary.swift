// summary.json: the figures that runs are compared by. Times are in nanoseconds.

import Foundation
import Measurement

/// What a run comes to, for programs.
struct RunSummary: Encodable {
    let name: String
    /// What the run was done to, where that is not Ringmaster.
    let target: RunTarget?
    /// Of the checker, which knows nothing of what a target promises.
    let outcome: String
    let anomalies: [String: Int]
    let problems: [String: Int]
    let seed: String?
    let loadNs: Int64
    let faultNs: Int64
    let resizeNs: Int64
    let finalReads: Int
    let throughputPerSecond: Double
    let latencies: [String: Latency]
    let faults: Faults
    let resizes: Resizes
    let counters: [String: Int64]
    let suiteCostNsPerOperation: Double?
    /// What is not there, and why.
    let missing: [String: String]

    struct Latency: Encodable {
        let operations: Int
        let ok: Int
        let failed: Int
        let unknown: Int
        let p50Ns, p90Ns, p99Ns, p999Ns, maxNs: Int64?

        init(_ group: LatencyGroup) {
            let histogram = group.histogram
            (operations, ok) = (group.count, histogram.count)
            (failed, unknown) = (group.failedCount, group.unknownCount)
            let value = { (percentile: Double) in
                histogram.isEmpty ? nil : histogram.valueNs(atPercentile: percentile)
            }
            (p50Ns, p90Ns, p99Ns, p999Ns) = (value(50), value(90), value(99), value(99.9))
            maxNs = histogram.isEmpty ? nil : histogram.maxNs
        }
    }

    struct Quantiles: Encodable {
        let count: Int
        let p50Ns, p90Ns, p99Ns, maxNs: Int64

        init?(_ values: [Int64]) {
            guard let line = QuantileLine(values.sorted()) else { return nil }
            count = line.count
            (p50Ns, p90Ns, p99Ns, maxNs) = (line.p50, line.p90, line.p99, line.max)
        }
    }

    struct Faults: Encodable {
        let applied: Int
        let notVerified: Int
        let byKind: [String: Int]
        let detection: Quantiles?
        let recovery: Quantiles?
        /// The same by kind of fault.
        let recoveryByKind: [String: Quantiles]
        let fullRecovery: Quantiles?
        let unavailabilityBySlot: Quantiles?
        let silentSlots: Int
    }

    struct Resizes: Encodable {
        let rounds: Int
        let committed: Int
        let length: Quantiles?
        let untilCommit: Quantiles?
        let movedSlots: Int64
        let movedBytes: Int64?
        let movedKeyPause: Quantiles?
        let unmovedKeyPause: Quantiles?
    }

    init(_ report: ChaosReport) {
        let measures = report.measures
        name = report.name
        target = report.facts.target
        outcome = report.verdict.outcome.rawValue
        anomalies = Dictionary(uniqueKeysWithValues: report.verdict.anomalies.map { ($0.kind.rawValue, $0.count) })
        problems = Dictionary(uniqueKeysWithValues: report.verdict.problems.map { ($0.kind.rawValue, $0.count) })
        seed = report.facts.seed
        loadNs = measures.record.load.lengthNs
        (faultNs, resizeNs) = (measures.faultNs, measures.resizeNs)
        finalReads = measures.record.finalReadCount
        throughputPerSecond = measures.throughput.meanPerSecond
        latencies = Dictionary(
            uniqueKeysWithValues: LatencyScope.allCases.map { ($0.rawValue, Latency(measures.latencies[$0])) }
        )
        faults = Self.faults(measures)
        resizes = Self.resizes(measures.resizes)
        var counters: [String: Int64] = [:]
        var missing: [String: String] = [:]
        for counter in RunCounter.allCases {
            switch measures.counter(counter) {
            case .value(let total): counters[counter.rawValue] = total
            case .missing(let reason): missing[counter.rawValue] = reason
            }
        }
        self.counters = counters
        suiteCostNsPerOperation = measures.suiteCost.value?.perOperationNs
        missing["suite's own cost"] = measures.suiteCost.reason
        for recovery in measures.recoveries {
            missing["fault \(recovery.fault.id): recovery"] = recovery.recoveryNs.reason
            missing["fault \(recovery.fault.id): full recovery"] = recovery.fullRecoveryNs.reason
        }
        self.missing = missing
    }

    private static func faults(_ measures: RunMeasures) -> Faults {
        let recoveries = measures.recoveries
        let byKind = Dictionary(grouping: recoveries, by: \.fault.kind)
        return Faults(
            applied: measures.record.faults.count,
            notVerified: measures.record.faults.count { !$0.isVerified },
            byKind: byKind.mapValues(\.count),
            detection: Quantiles(recoveries.compactMap(\.detectionNs.value)),
            recovery: Quantiles(recoveries.compactMap(\.recoveryNs.value)),
            recoveryByKind: byKind.compactMapValues { Quantiles($0.compactMap(\.recoveryNs.value)) },
            fullRecovery: Quantiles(recoveries.compactMap(\.fullRecoveryNs.value)),
            unavailabilityBySlot: Quantiles(recoveries.flatMap { $0.unavailabilityNs.value ?? [] }),
            silentSlots: recoveries.reduce(0) { $0 + $1.silentSlotCount }
        )
    }

    private static func resizes(_ resizes: [ResizeMeasures]) -> Resizes {
        let bytes = resizes.compactMap(\.movedBytes.value)
        return Resizes(
            rounds: resizes.count,
            committed: resizes.count { $0.round.committedNs != nil },
            length: Quantiles(resizes.compactMap(\.lengthNs.value)),
            untilCommit: Quantiles(resizes.compactMap(\.untilCommitNs.value)),
            movedSlots: resizes.compactMap(\.movedSlots.value).reduce(0, +),
            movedBytes: bytes.isEmpty ? nil : bytes.reduce(0, +),
            movedKeyPause: Quantiles(resizes.flatMap { $0.movedPausesNs.value ?? [] }),
            unmovedKeyPause: Quantiles(resizes.flatMap { $0.unmovedPausesNs.value ?? [] })
        )
    }

    /// The text of the file.
    func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // It is made of finite numbers and strings, none of which can fail to encode.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
    }
}
