// How much was asked and done, in bins of 100 ms.

/// What happened in a bin of time.
public struct ThroughputBin: Sendable, Equatable {
    public let span: TimeSpan
    /// Meant to be asked in it.
    public internal(set) var asked = 0
    /// Completed in it, by their outcomes.
    public internal(set) var ok = 0
    public internal(set) var failed = 0
    public internal(set) var unknown = 0
    /// Verified faults and rounds that were on at any time of it.
    public internal(set) var faults = 0
    public internal(set) var rounds = 0
}

/// The throughput of a run over time.
public struct Throughput: Sendable {
    public static let binNs: Int64 = 100_000_000

    /// One after the other, from the bin of the first operation's start to the bin of the last completion.
    public private(set) var bins: [ThroughputBin] = []
    /// Operations acknowledged a second from the load's begin to its end: those acknowledged in that time.
    public let meanPerSecond: Double

    /// Bins begin at whole multiples of 100 ms from the start of the run. O(operations + windows * bins).
    init(_ record: RunRecord) {
        let seconds = Double(record.load.lengthNs) / 1e9
        let ok = record.operations.okCount(in: record.load)
        meanPerSecond = seconds > 0 ? Double(ok) / seconds : 0
        let operations = record.operations.all
        guard let firstNs = operations.first?.startNs else { return }
        let lastNs = operations.reduce(firstNs) { last, operation in
            max(last, operation.endNs == .max ? operation.startNs : operation.endNs)
        }
        let first = Self.number(firstNs)
        let last = min(Self.number(lastNs), first + MeasureLimits.binsMax - 1)
        bins = (first...last).map {
            ThroughputBin(span: TimeSpan($0 * Self.binNs, ($0 + 1) * Self.binNs))
        }
        for operation in operations {
            bins[Int(min(Self.number(operation.startNs), last) - first)].asked += 1
            if operation.outcome == .open { continue }
            let end = Int(min(Self.number(operation.endNs), last) - first)
            switch operation.outcome {
            case .ok: bins[end].ok += 1
            case .failed: bins[end].failed += 1
            case .unknown, .open: bins[end].unknown += 1
            }
        }
        for fault in record.faults where fault.isVerified {
            for bin in places(of: fault.span, first) { bins[bin].faults += 1 }
        }
        for round in record.rounds {
            for bin in places(of: round.span, first) { bins[bin].rounds += 1 }
        }
    }

    private static func number(_ timeNs: Int64) -> Int64 {
        timeNs >= 0 ? timeNs / binNs : (timeNs - binNs + 1) / binNs
    }

    private func places(of span: TimeSpan, _ first: Int64) -> Range<Int> {
        let low = min(max(Self.number(span.beginNs) - first, 0), Int64(bins.count))
        let high = min(max(Self.number(span.endNs) - first + 1, low), Int64(bins.count))
        return Int(low)..<Int(high)
    }
}
