// Time and waiting, as loads and lines need them.

import CWaiting
import Glibc

public enum Clock {
    /// CLOCK_MONOTONIC in ns.
    @inline(__always)
    public static var nowNs: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Has timers of this thread, and of those that it will start, end when they are due.
    public static func sharpenTimers() { compare_sharpen_timers() }

    /// Waits until a descriptor can be read.
    /// - Returns: Whether it can; false when the time is over.
    public static func waitReadable(_ descriptor: Int32, until deadlineNs: Int64) -> Bool {
        while true {
            let left = deadlineNs - nowNs
            if compare_wait_readable(descriptor, left) != 0 { return true }
            if left <= 0 { return false }
        }
    }

    /// Waits until one of a few descriptors can be read, or until the time is over.
    public static func waitReadable(anyOf descriptors: [Int32], until deadlineNs: Int64) {
        while compare_wait_any_readable(descriptors, Int32(descriptors.count), deadlineNs - nowNs) == 0 {
            if nowNs >= deadlineNs { return }
        }
    }
}
