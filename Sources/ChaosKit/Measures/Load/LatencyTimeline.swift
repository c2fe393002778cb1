// Latencies over the time of a run, as its plots show them.

import Foundation

/// The quantiles of the latencies of operations that were meant to be asked in a stretch of time.
public struct LatencyTimelineBin: Sendable, Equatable {
    public let span: TimeSpan
    public let quantiles: QuantileLine
}

extension OperationLog {
    /// Quantiles by the time at which the acknowledged operations were meant to be asked, which shows an outage at its
    /// beginning. Bins without one are left out. O(operations log operations).
    /// - Parameter binsMax: Bins are as many times 100 ms long as it takes to have so many at most.
    public func latencyTimeline(over span: TimeSpan, binsMax: Int) -> [LatencyTimelineBin] {
        let unit = Throughput.binNs
        let width = unit * max(1, (span.lengthNs + unit * Int64(binsMax) - 1) / (unit * Int64(binsMax)))
        var bins: [LatencyTimelineBin] = []
        var beginNs = span.beginNs / width * width
        while beginNs <= span.endNs {
            let bin = TimeSpan(beginNs, beginNs + width)
            let latencies = all[place(ofStart: bin.beginNs)..<place(ofStart: bin.endNs)]
                .lazy.filter { $0.outcome == .ok }.map(\.latencyNs).sorted()
            if let quantiles = QuantileLine(latencies) {
                bins.append(LatencyTimelineBin(span: bin, quantiles: quantiles))
            }
            beginNs += width
        }
        return bins
    }

    /// One operation for each cell of a grid of time and latency that has any, so that a plot of millions of operations shows
    /// what a plot of all would. Latencies are told apart by the logarithm. O(operations).
    /// - Parameters:
    ///   - columns: Cells over `span`.
    ///   - rowsPerDecade: Cells over a tenfold latency.
    public func representatives(
        over span: TimeSpan,
        columns: Int,
        rowsPerDecade: Int,
        where isShown: (MeasuredOperation) -> Bool
    ) -> [MeasuredOperation] {
        var seen: Set<Int64> = []
        let width = max(1, span.lengthNs / Int64(columns))
        return all.filter { operation in
            guard operation.outcome != .open, isShown(operation) else { return false }
            let row = Int64(log10(Double(max(1, operation.latencyNs))) * Double(rowsPerDecade))
            return seen.insert((operation.startNs - span.beginNs) / width * 1000 + row).inserted
        }
    }
}
