// On which CPUs threads may run.

import CShimInterposition
import Glibc

/// CPUs, by their numbers.
struct CPUSet: Equatable {
    private var words = [UInt64](repeating: 0, count: Int(RM_CPUS_MAX) / 64)

    init(_ cpus: [Int]) {
        for cpu in cpus { words[cpu / 64] |= 1 << UInt64(cpu % 64) }
    }

    /// Those that a thread may run on, 0 for the one that asks; none where it is gone.
    init(of thread: pid_t) {
        if rm_cpus_of(thread, &words) != 0 { words = words.map { _ in 0 } }
    }

    var cpus: [Int] {
        (0..<words.count * 64).filter { cpu in
            let bit: UInt64 = 1 << UInt64(cpu % 64)
            return words[cpu / 64] & bit != 0
        }
    }

    /// Those that this process may use.
    static var all: CPUSet { CPUSet(of: 0) }

    /// Binds a thread to them, 0 for the one that asks.
    func bind(_ thread: pid_t) -> Bool { rm_cpus_bind(thread, words) == 0 }

    /// Binds every thread of a process; those that begin later inherit it. False: one could not be.
    func bindAll(of pid: pid_t) -> Bool {
        // Again, for one that began meanwhile.
        for _ in 0..<2 {
            for thread in SchedulerTimes.threads(of: pid) where !bind(thread) && errno != ESRCH { return false }
        }
        return true
    }
}
