// The processor time that this process, or the calling thread, has used.

import Glibc

public enum ProcessorTime {
    /// Of all its threads since it began, in user and kernel mode, in nanoseconds. Source: POSIX CLOCK_PROCESS_CPUTIME_ID.
    public static var usedNs: Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// Of the calling thread since it began, in user and kernel mode, in nanoseconds. Source: POSIX CLOCK_THREAD_CPUTIME_ID.
    public static var ofThreadNs: Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
