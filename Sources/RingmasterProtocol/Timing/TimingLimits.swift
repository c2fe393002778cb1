// Every bound of the failure detector in one place. They keep its sums exact (IntervalWindow.swift says how) and its
// answers within what a `Duration` holds. The retry policy needs none: it holds for any time and any attempt.

/// How far a failure detector may be set.
public enum TimingLimits {
    /// Most intervals that a detector remembers.
    public static let windowSizeMax = 10_000

    /// Longest interval, pause or deviation that a detector reckons with. A heartbeat after a longer silence counts as
    /// one after this.
    public static let intervalMax = Duration.seconds(86_400)

    /// Highest threshold: one wrong suspicion in 10^100.
    public static let thresholdMax = 100.0
}
