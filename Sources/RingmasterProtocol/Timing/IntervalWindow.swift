// The latest intervals between heartbeats, with their mean and spread. PhiAccrualDetector feeds it.

/// A sliding window of intervals with running sums: O(1) per interval, no allocation after `init`.
///
/// The sums are exact integers, so that taking out an old interval leaves no rounding behind, however long a member
/// lives. `TimingLimits.windowSizeMax` intervals of up to `TimingLimits.intervalMax` have squares whose sum times their
/// count is below 2^120, so 128 bits hold it.
struct IntervalWindow: Sendable {
    private static let intervalMaxNs = TimingLimits.intervalMax.nanosecondsClamped

    private var intervalsNs: [Int64]
    private let capacity: Int
    /// Where the next interval goes once the window is full: where the oldest is.
    private var oldest = 0
    private var sumNs: Int128 = 0
    private var sumOfSquares: Int128 = 0

    /// - Parameter capacity: 1...`TimingLimits.windowSizeMax`.
    init(capacity: Int) {
        self.capacity = capacity
        intervalsNs = []
        intervalsNs.reserveCapacity(capacity)
    }

    /// How many intervals are in the window.
    var count: Int { intervalsNs.count }

    /// Takes in an interval, and drops the oldest if the window is full. An interval outside
    /// 0...`TimingLimits.intervalMax` counts as the nearer end. O(1).
    mutating func append(_ intervalNs: Int64) {
        let intervalNs = min(max(0, intervalNs), IntervalWindow.intervalMaxNs)
        if intervalsNs.count < capacity {
            intervalsNs.append(intervalNs)
        } else {
            let dropped = Int128(intervalsNs[oldest])
            sumNs -= dropped
            sumOfSquares -= dropped * dropped
            intervalsNs[oldest] = intervalNs
            oldest = oldest + 1 == capacity ? 0 : oldest + 1
        }
        sumNs += Int128(intervalNs)
        sumOfSquares += Int128(intervalNs) * Int128(intervalNs)
    }

    /// The mean of the intervals, in nanoseconds: 0 when there are none. O(1).
    var meanNs: Double {
        count == 0 ? 0 : Double(sumNs) / Double(count)
    }

    /// The standard deviation of the intervals (of the window itself, not an estimate for a larger population), in
    /// nanoseconds: 0 when there are none. O(1).
    var standardDeviationNs: Double {
        guard count > 0 else { return 0 }
        let count = Int128(count)
        return Double(count * sumOfSquares - sumNs * sumNs).squareRoot() / Double(count)
    }
}
