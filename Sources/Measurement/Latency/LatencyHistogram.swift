// Latencies as they are recorded: one counter a bucket, cheap enough to be fed by every request of a benchmark.
// What is kept of a measurement afterwards is its PercentileCurve.

import Histogram

/// Latencies in nanoseconds, 1 ns to 100 s, to three significant digits (a relative error of at most 0.1 %).
///
/// A value outside the range is counted at the end of the range that is nearer, and in `clampedCount`: it is never
/// lost. Recording is O(1) and allocates nothing; a histogram takes about 230 KB.
///
/// Source: Gil Tene, HdrHistogram, https://hdrhistogram.github.io/HdrHistogram/.
public struct LatencyHistogram: Sendable, Equatable {
    /// The shortest latency that is told apart.
    public static let lowestNs: Int64 = 1
    /// The longest latency that is told apart: 100 s.
    public static let highestNs: Int64 = 100_000_000_000

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: UInt64(Self.lowestNs),
        highestTrackableValue: UInt64(Self.highestNs),
        numberOfSignificantValueDigits: .three
    )
    /// How many values lay outside 1 ns...100 s and stand in the histogram at its nearer end.
    public private(set) var clampedCount = 0

    /// An empty histogram.
    public init() {}

    /// Counts one latency. O(1), no allocation.
    public mutating func record(_ nanoseconds: Int64) {
        var value = nanoseconds
        if value < Self.lowestNs || value > Self.highestNs {
            value = min(max(value, Self.lowestNs), Self.highestNs)
            clampedCount += 1
        }
        histogram.record(UInt64(bitPattern: value))
    }

    /// Counts one latency. O(1), no allocation.
    public mutating func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let clampedSeconds = min(max(seconds, -1), Self.highestNs / 1_000_000_000 + 1)
        record(clampedSeconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    /// Adds the counts of another histogram. O(buckets).
    public mutating func merge(_ other: LatencyHistogram) {
        histogram.add(other.histogram)
        clampedCount += other.clampedCount
    }

    /// Forgets all values and keeps the memory. O(buckets).
    public mutating func removeAll() {
        histogram.reset()
        clampedCount = 0
    }

    /// How many latencies were recorded.
    public var count: Int { Int(histogram.totalCount) }
    /// Whether nothing was recorded.
    public var isEmpty: Bool { count == 0 }
    /// The longest latency in ns, exact; 0 when empty.
    public var maxNs: Int64 { Int64(histogram.maxRecorded) }
    /// The shortest latency in ns, to three digits; 0 when empty.
    public var minNs: Int64 { isEmpty ? 0 : Int64(histogram.min) }
    /// The mean in ns, to three digits; 0 when empty. O(buckets).
    public var meanNs: Double { histogram.mean }

    /// The latency in ns that `percentile` per cent of the values do not exceed; 0 when empty. O(buckets).
    ///
    /// - Parameter percentile: 0...100.
    public func valueNs(atPercentile percentile: Double) -> Int64 {
        precondition((0...100).contains(percentile), "a percentile lies in 0...100")
        return isEmpty ? 0 : Int64(histogram.valueAtPercentile(percentile))
    }

    /// The percentile distribution in HdrHistogram's standard text format, values in µs, five lines a halving of the
    /// distance to 100 %. https://hdrhistogram.github.io/HdrHistogram/plotFiles.html draws it.
    public var hgrm: String {
        var text = ""
        histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1000)
        return text
    }
}

/// Only buckets that hold something are written, so that a child process can send its histogram as a line of JSON:
/// `{"clamped":0,"values":[52000,52032],"counts":[10,3]}`. A value is the low end of its bucket in ns, but for the
/// last, which is the longest latency itself.
extension LatencyHistogram: Codable {
    private enum CodingKeys: String, CodingKey {
        case clamped, values, counts
    }

    public func encode(to encoder: any Encoder) throws {
        var values: [UInt64] = []
        var counts: [UInt64] = []
        for bucket in histogram.recordedValues() {
            values.append(histogram.lowestEquivalentForValue(bucket.value))
            counts.append(bucket.count)
        }
        if !values.isEmpty { values[values.count - 1] = histogram.maxRecorded }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(clampedCount, forKey: .clamped)
        try container.encode(values, forKey: .values)
        try container.encode(counts, forKey: .counts)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let values = try container.decode([UInt64].self, forKey: .values)
        let counts = try container.decode([UInt64].self, forKey: .counts)
        clampedCount = try container.decode(Int.self, forKey: .clamped)
        guard values.count == counts.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts,
                in: container,
                debugDescription: "\(values.count) values have \(counts.count) counts"
            )
        }
        var total: UInt64 = 0
        for (value, count) in zip(values, counts) {
            let (sum, overflow) = total.addingReportingOverflow(count)
            total = sum
            guard !overflow, total <= UInt64(Int.max), value >= UInt64(Self.lowestNs), value <= UInt64(Self.highestNs)
            else {
                throw DecodingError.dataCorruptedError(
                    forKey: .values,
                    in: container,
                    debugDescription: "\(count) times \(value) ns is not in 1 ns...100 s, or too many to count"
                )
            }
            histogram.record(value, count: count)
        }
        guard (0...Int(total)).contains(clampedCount) else {
            throw DecodingError.dataCorruptedError(
                forKey: .clamped,
                in: container,
                debugDescription: "\(clampedCount) of \(total) values cannot have been clamped"
            )
        }
    }
}
