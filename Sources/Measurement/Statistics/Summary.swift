// The few statistics that repeated measurements are told by. Medians with minimum and maximum rather than means with
// deviations: a benchmark's noise is one-sided and far from normal.

/// The middle and the ends of repeated measurements.
public struct Summary: Sendable, Hashable {
    public let count: Int
    public let min: Double
    public let median: Double
    public let max: Double

    /// Summarises finite values; nil for none. O(n log n).
    public init?(of values: some Sequence<Double>) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        precondition(first.isFinite && last.isFinite, "a measurement is a finite number")
        count = sorted.count
        min = first
        median = Self.quantile(0.5, ofSorted: sorted)
        max = last
    }

    /// Max minus min as a share of the median; 0 when the median is 0.
    public var relativeSpread: Double { median == 0 ? 0 : (max - min) / abs(median) }

    /// The quantile `q` (0...1) of ascending values, interpolated linearly between neighbours. O(1).
    ///
    /// Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), definition 7.
    public static func quantile(_ q: Double, ofSorted values: [Double]) -> Double {
        precondition(!values.isEmpty && (0...1).contains(q), "a quantile in 0...1 of at least one value")
        let position = q * Double(values.count - 1)
        let below = Int(position)
        guard below + 1 < values.count else { return values[below] }
        return values[below] + (values[below + 1] - values[below]) * (position - Double(below))
    }
}

/// Which way a measure gets better.
public enum Direction: String, Sendable, Hashable, Codable {
    /// Rates, shares.
    case higher
    /// Latencies, costs, sizes.
    case lower

    /// How much better `measured` is than `baseline`: above 1 is better, whichever the direction.
    ///
    /// Both are positive; a ratio to or of 0 is nil, as nothing can be said.
    public func advantage(of measured: Double, over baseline: Double) -> Double? {
        guard measured > 0, baseline > 0 else { return nil }
        return self == .higher ? measured / baseline : baseline / measured
    }

    /// Whether `value` is at least as good as `bound`.
    public func meets(_ value: Double, _ bound: Double) -> Bool {
        self == .higher ? value >= bound : value <= bound
    }
}

/// How a measurement compares with its baseline when both were run in turn, A B A B: the ratio of each pair, so that
/// a machine that slows down for a while slows both sides of it.
public struct PairedRatio: Sendable, Hashable {
    /// The ratios of the pairs; above 1 is better than the baseline.
    public let ratios: Summary

    /// Pairs the i-th measurement with the i-th baseline; what has no partner, or is not positive, is left out. Nil
    /// where no pair is left. O(n log n).
    public init?(measured: [Double], baseline: [Double], better: Direction) {
        let pairs = zip(measured, baseline).compactMap { better.advantage(of: $0, over: $1) }
        guard let ratios = Summary(of: pairs) else { return nil }
        self.ratios = ratios
    }
}
