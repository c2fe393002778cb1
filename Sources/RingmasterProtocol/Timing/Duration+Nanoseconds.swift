// Durations as whole nanoseconds, the unit in which this folder calculates.

extension Duration {
    /// The duration in nanoseconds, rounded towards zero; held at the ends of `Int64` (292 years) beyond them. O(1).
    package var nanosecondsClamped: Int64 {
        Int64(clamping: attoseconds / 1_000_000_000)
    }
}
