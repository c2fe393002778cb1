// What the measures bound, each with its reason.

/// The limits of the measures.
public enum MeasureLimits {
    /// For how long after a fault began its recovery is looked for. Past that it counts as not seen; more would make every
    /// fault whose victims never come back cost a walk over all of the run.
    public static let recoveryNs: Int64 = 60_000_000_000
    /// The most bins of throughput: 55 hours of them. What comes later, as by a clock's error, stands in the last.
    public static let binsMax: Int64 = 2_000_000
    /// Over how many bins before a fault the throughput before it is taken: one second, long enough that chance moves it
    /// little, short enough that the fault before is seldom in it.
    public static let binsBefore = 10
    /// How many bins from the one that is back must be back too on the whole, so that a burst of what waited is not taken for
    /// recovery.
    public static let binsBack = 5
    /// What share of the throughput before counts as back.
    public static let shareBack = 0.95
}
