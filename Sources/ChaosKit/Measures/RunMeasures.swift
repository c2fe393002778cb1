// All measures of a run. docs/MEASURES.md defines each; Report writes them down.

import Measurement

/// What is measured of a run.
public struct RunMeasures: Sendable {
    public let record: RunRecord
    public let throughput: Throughput
    public let latencies: LatencyMeasures
    /// Of the verified faults, by their beginning.
    public let recoveries: [Recovery]
    /// By epoch.
    public let resizes: [ResizeMeasures]
    /// How much of the load's time verified faults were on, and rounds.
    public let faultNs: Int64
    public let resizeNs: Int64
    public let suiteCost: Measured<SuiteCost>

    /// O(operations * log operations), and for each fault and round what was under way in it.
    public init(_ record: RunRecord) {
        self.record = record
        let verified = record.faults.filter(\.isVerified)
        let faults = TimeCover(verified.map(\.span))
        let rounds = TimeCover(record.rounds.map(\.span))
        faultNs = faults.coveredNs(of: record.load)
        resizeNs = rounds.coveredNs(of: record.load)
        throughput = Throughput(record)
        latencies = LatencyMeasures(record.operations, faults: faults, rounds: rounds, lastNs: record.lastNs)
        let workers = record.ownership.everyWorker
        recoveries = verified.map { Recovery($0, record, everyWorker: workers) }
        resizes = record.rounds.map { ResizeMeasures($0, record) }
        suiteCost = SuiteCost.measure(record)
    }

    /// The recoveries that were measured, ascending, in nanoseconds.
    public var recoveriesNs: [Int64] { recoveries.compactMap(\.recoveryNs.value).sorted() }

    /// A counter that processes told, by any of the names it goes by.
    public func counter(_ counter: RunCounter) -> Measured<Int64> {
        for name in counter.names {
            if let total = record.counters[name] { return .value(total) }
        }
        return .missing("no note \"counters\" has it")
    }
}

/// What the processes count, and the history shows no other way.
public enum RunCounter: String, Sendable, CaseIterable {
    case retries, resends, duplicatesSuppressed, fenced

    var names: [String] {
        self == .duplicatesSuppressed
            ? ["duplicates suppressed", "duplicatesSuppressed", "duplicates_suppressed", "duplicates"] : [rawValue]
    }

    /// For people.
    public var title: String {
        switch self {
        case .retries: "attempts that clients made again"
        case .resends: "batches of deltas that workers sent again"
        case .duplicatesSuppressed: "duplicates suppressed by the session table"
        case .fenced: "deltas of stale owners rejected by the fence"
        }
    }
}

/// The quantiles that summaries tell, of ascending values.
public struct QuantileLine: Sendable, Equatable {
    public let count: Int
    public let p50: Int64
    public let p90: Int64
    public let p99: Int64
    public let max: Int64

    /// Nearest-rank quantiles (Hyndman and Fan, definition 1): each is a value that was measured. Nil of none.
    public init?(_ ascending: [Int64]) {
        guard let last = ascending.last else { return nil }
        count = ascending.count
        func rank(_ share: Double) -> Int64 {
            ascending[Swift.max(0, Int((share * Double(ascending.count)).rounded(.up)) - 1)]
        }
        (p50, p90, p99, max) = (rank(0.5), rank(0.9), rank(0.99), last)
    }
}
