// What a run shows while it lasts: throughput and latency of the last moments.

/// Counts completions as they are collected.
struct LiveFigures: Sendable {
    var nowNs: Int64 = 0
    var epoch: UInt64 = 0
    /// Of the whole run.
    private(set) var ok = 0
    private(set) var unknown = 0
    /// Since the last `take`.
    private var latencies: [Int64] = []

    mutating func count(_ record: OperationNote) {
        switch record.type {
        case .invoke: break
        case .ok:
            ok += 1
            latencies.append(record.timeNs - record.intendedNs)
        case .fail, .info: unknown += 1
        }
    }

    /// Completions since the last call, and the 99th percentile of their latency. O(n log n).
    mutating func take() -> (count: Int, p99Ns: Int64?) {
        defer { latencies.removeAll(keepingCapacity: true) }
        guard !latencies.isEmpty else { return (0, nil) }
        latencies.sort()
        return (latencies.count, latencies[(latencies.count * 99 - 1) / 100])
    }
}
