// What a run bounds, each with its reason.

/// The limits of runs and their schedules.
public enum RunLimits {
    /// Each is a process, with a port.
    public static let workersMax = 32
    public static let clientsMax = 64
    /// Each is read at the end.
    public static let keysMax = 1_000_000
    /// More than one machine's clients can ask for.
    public static let jobsPerSecondMax = 1e6
    /// A schedule is made whole before the run, and the history is judged in memory. Longer: `chaos soak`.
    public static let durationNsMax: Int64 = 24 * 3600 * 1_000_000_000
    /// A process takes tens of milliseconds to start, so more would only meet processes that are dead already.
    public static let faultsPerSecondMax = 50.0
    /// Values appended to one key, on average, before its successor is used: a job carries the whole list of its key.
    public static let valuesPerKey = 256
    /// How far resizes go above and below the workers of the beginning.
    public static let resizeSpread = 2
    /// How long after a resize is ordered faults of `--during resize` begin.
    public static let resizeWindowNs: Int64 = 200_000_000
    /// Pauses are from a hiccup to far beyond the lease.
    public static let pauseNs: ClosedRange<Int64> = 10_000_000...30_000_000_000
    /// From less than an election takes to more than a lease.
    static let delayNs: ClosedRange<Int64> = 1_000_000...300_000_000
    /// From far below what the load needs to about that.
    static let bytesPerSecond: ClosedRange<Int64> = 50_000...5_000_000
    static let overtakenNs: ClosedRange<Int64> = 1_000_000...50_000_000
    static let lateNs: ClosedRange<Int64> = 20_000_000...2_000_000_000
    /// From a hiccup to more than it takes to miss a peer by its silence.
    static let networkFaultNs: ClosedRange<Int64> = 300_000_000...8_000_000_000
    /// How often a process that ends by itself in one way is started again: each time is one more finding of the same.
    static let crashRestartsMax = 3
    /// Kills of one crash loop.
    public static let crashLoopKills = 4
}
