// What is kept of a latency measurement: the .hgrm text, and the points that it says. A curve made from a histogram
// goes through its text too, so that one read back from a file is equal to the one that was written.

/// The percentile distribution of a latency, as an .hgrm file holds it.
public struct PercentileCurve: Sendable, Equatable {
    /// One line of the file.
    public struct Point: Sendable, Equatable {
        /// The share of values that do not exceed `valueUs`: 0...1.
        public let quantile: Double
        /// The latency in µs.
        public let valueUs: Double
        /// How many values do not exceed `valueUs`.
        public let totalCount: Int

        /// 1 / (1 - quantile), the x axis of a percentile plot; infinite at the maximum.
        public var inverseTail: Double { 1 / (1 - quantile) }
    }

    /// The text of the file.
    public let hgrm: String
    /// Its points by ascending quantile; the last is the maximum.
    public let points: [Point]

    /// The curve of what was recorded. O(buckets).
    public init(_ histogram: LatencyHistogram) {
        do {
            try self.init(hgrm: histogram.hgrm)
        } catch {
            preconditionFailure("a histogram writes what cannot be read: \(error)")
        }
    }

    /// Reads the text of an .hgrm file with values in µs.
    ///
    /// - Throws: `HgrmError` with the first line that is not one of the format.
    public init(hgrm: String) throws(HgrmError) {
        var points: [Point] = []
        for (index, line) in hgrm.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard let first = fields.first, !first.hasPrefix("#"), first != "Value" else { continue }
            guard (3...4).contains(fields.count),
                let value = Double(first), value.isFinite, value >= 0,
                let quantile = Double(fields[1]), (0...1).contains(quantile),
                let count = Int(fields[2]), count >= 0
            else { throw HgrmError(line: index + 1, text: String(line)) }
            if let last = points.last, last.quantile > quantile || last.valueUs > value || last.totalCount > count {
                throw HgrmError(line: index + 1, text: String(line))
            }
            points.append(Point(quantile: quantile, valueUs: value, totalCount: count))
        }
        self.hgrm = hgrm
        self.points = points
    }

    /// How many values were recorded.
    public var count: Int { points.last?.totalCount ?? 0 }

    /// The latency in µs at the first point at or above `quantile` (0...1); nil when the curve is empty. O(points).
    public func valueUs(atQuantile quantile: Double) -> Double? {
        points.first { $0.quantile >= quantile }?.valueUs ?? points.last?.valueUs
    }
}

/// A line that does not belong in an .hgrm file: it lacks value, percentile and count, or one of them falls.
public struct HgrmError: Error, Equatable, CustomStringConvertible {
    /// Counted from 1.
    public let line: Int
    public let text: String

    public var description: String {
        "line \(line) of the .hgrm file is not \"value percentile count [1/(1-percentile)]\", ascending: \"\(text)\""
    }
}
