// The time that a leader writes into the log, by which sessions expire.

/// A clock of the cluster's own: each leader goes on from what the log has, by its monotonic clock. A wall clock that somebody sets, by
/// hand or to correct it, makes no session look idle that is not.
struct LogClock {
    private var baseMs: UInt64 = 0
    private var since = MonotonicTime(nanoseconds: 0)

    /// Goes on from the log's time. What passed since its last entry, while nobody led, does not count.
    mutating func begin(at timeMs: UInt64, now: MonotonicTime) {
        (baseMs, since) = (timeMs, now)
    }

    /// The time of an entry that is written now, in milliseconds.
    func timeMs(at now: MonotonicTime) -> UInt64 {
        baseMs + UInt64(max(0, now.nanoseconds - since.nanoseconds) / 1_000_000)
    }
}
