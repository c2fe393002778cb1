// The five figures that a latency distribution is told by in a row.

import Measurement

/// Percentiles of a latency in µs, to 0.1 %, which is the histogram's precision too; kept to six digits.
public struct LatencyFigures: Sendable, Hashable {
    public let p50Us: Double
    public let p90Us: Double
    public let p99Us: Double
    public let p999Us: Double
    public let maxUs: Double

    /// The figures of what was recorded; nil for nothing. O(buckets).
    public init?(_ histogram: LatencyHistogram) {
        guard !histogram.isEmpty else { return nil }
        let us = { (percentile: Double) in Double(histogram.valueNs(atPercentile: percentile)) / 1000 }
        self.init(p50Us: us(50), p90Us: us(90), p99Us: us(99), p999Us: us(99.9), maxUs: Double(histogram.maxNs) / 1000)
    }

    /// Figures that were taken elsewhere, in µs.
    public init(p50Us: Double, p90Us: Double, p99Us: Double, p999Us: Double, maxUs: Double) {
        self.p50Us = kept(p50Us)
        self.p90Us = kept(p90Us)
        self.p99Us = kept(p99Us)
        self.p999Us = kept(p999Us)
        self.maxUs = kept(maxUs)
    }

    static let columns = ["p50_us", "p90_us", "p99_us", "p999_us", "max_us"]

    var fields: [String] { [p50Us, p90Us, p99Us, p999Us, maxUs].map(NumberText.trimmed) }

    init(_ row: CSVRow) throws(CSVError) {
        self.init(
            p50Us: try row.number("p50_us"),
            p90Us: try row.number("p90_us"),
            p99Us: try row.number("p99_us"),
            p999Us: try row.number("p999_us"),
            maxUs: try row.number("max_us")
        )
    }
}

/// Numbers are kept to six significant digits: what a file holds, so that a run that was read back is equal to the one
/// that was written.
func kept(_ value: Double) -> Double {
    NumberText.rounded(value, significant: 6)
}

/// The field of a number that may be absent.
func field(_ value: Double?) -> String {
    value.map(NumberText.trimmed) ?? ""
}
