// The latencies of the last reads, for percentiles on a screen.

/// The last so many durations.
struct LatencyWindow: Sendable {
    private let countMax: Int
    private var durations: [Duration] = []
    private var next = 0

    init(countMax: Int) {
        precondition(countMax > 0, "a window has room")
        self.countMax = countMax
    }

    mutating func add(_ duration: Duration) {
        if durations.count < countMax {
            durations.append(duration)
        } else {
            durations[next] = duration
        }
        next = (next + 1) % countMax
    }

    /// The least duration that `share` of them (0...1) do not exceed; nil where there is none yet. O(n log n).
    func percentile(_ share: Double) -> Duration? {
        guard !durations.isEmpty else { return nil }
        let rank = Int((share * Double(durations.count)).rounded(.up)) - 1
        return durations.sorted()[min(max(0, rank), durations.count - 1)]
    }
}
