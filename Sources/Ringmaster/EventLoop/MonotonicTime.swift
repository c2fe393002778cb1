// A point on the monotonic clock in nanoseconds: what the event loop and everything on it count time in.
//
// `ContinuousClock.Instant` holds 128-bit attoseconds; its arithmetic is a measurable share of a request that takes
// 300 ns. Public calls take `Duration`; inside the loop time is this.

import Glibc
import RingmasterProtocol

/// Nanoseconds of CLOCK_MONOTONIC. Differences are meaningful within one host until it restarts.
public struct MonotonicTime: Comparable, Hashable, Sendable {
    public var nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Reads the clock: about 25 ns.
    public static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Later than any time that a clock shows.
    public static var distantFuture: MonotonicTime { MonotonicTime(nanoseconds: .max) }

    @inlinable
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The time `duration` later; saturates at `distantFuture`.
    public func advanced(by duration: Duration) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanosecondsClamped)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// The time `nanoseconds` later; saturates at `distantFuture`.
    @inlinable
    public func adding(nanoseconds: Int64) -> MonotonicTime {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to this one.
    public func since(_ earlier: MonotonicTime) -> Duration {
        .nanoseconds(nanoseconds - earlier.nanoseconds)
    }
}
