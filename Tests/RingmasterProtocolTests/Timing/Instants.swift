// A fixed moment for the tests of this folder to count from; no clock is read.

extension ContinuousClock.Instant {
    /// So many nanoseconds after a fixed moment.
    static func at(_ offset: Duration) -> ContinuousClock.Instant {
        ContinuousClock().systemEpoch.advanced(by: .seconds(1_000_000) + offset)
    }
}
