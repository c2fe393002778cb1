// How many descriptors this process may have open: a leader takes five for each worker, and login shells allow 1024.

import Glibc

enum OpenFileLimit {
    /// Raises the soft limit to the hard one. The soft one is low for the sake of programs that use select(2); nothing here does.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
