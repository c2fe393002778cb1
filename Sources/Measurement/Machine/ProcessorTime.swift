// The processor time that this process has used.

import Glibc

public enum ProcessorTime {
    /// Of all its threads since it began, in user and kernel mode, in nanoseconds. Source: POSIX CLOCK_PROCESS_CPUTIME_ID.
    public static var usedNs: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
