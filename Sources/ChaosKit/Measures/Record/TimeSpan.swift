// Stretches of a run's time, and many of them together.

/// From one time up to another, in nanoseconds from the start of the run.
public struct TimeSpan: Sendable, Equatable {
    public var beginNs: Int64
    public var endNs: Int64

    public init(_ beginNs: Int64, _ endNs: Int64) {
        self.beginNs = beginNs
        self.endNs = max(beginNs, endNs)
    }

    public var lengthNs: Int64 { endNs - beginNs }
}

/// The times at which at least one of some spans was on.
struct TimeCover: Sendable {
    /// Apart from each other, ascending.
    let spans: [TimeSpan]

    /// O(spans log spans).
    init(_ spans: some Sequence<TimeSpan>) {
        var apart: [TimeSpan] = []
        for span in spans.sorted(by: { $0.beginNs < $1.beginNs }) {
            if let last = apart.last, span.beginNs <= last.endNs {
                apart[apart.count - 1].endNs = max(last.endNs, span.endNs)
            } else {
                apart.append(span)
            }
        }
        self.spans = apart
    }

    /// Whether some of `span`, both its ends among it, is covered; the ends of what covers count too. O(log spans).
    func meets(_ span: TimeSpan) -> Bool {
        let place = spans.partitionPoint { $0.endNs >= span.beginNs }
        return place < spans.count && spans[place].beginNs <= span.endNs
    }

    /// How much of a span is covered. O(spans).
    func coveredNs(of span: TimeSpan) -> Int64 {
        spans.reduce(0) { sum, one in
            sum + max(0, min(one.endNs, span.endNs) - max(one.beginNs, span.beginNs))
        }
    }
}
