// What a process of the run is made to find of its disk and clocks, whatever life it is in.

import CShimInterposition
import Glibc
import Ringmaster
import RingmasterCommand

/// The orders of one process. They are in a file that both sides map: they change while it runs, and hold for its next life.
///
/// @unchecked Sendable: the mapping is used by C that reads and writes it by atomics alone, from any thread and process.
final class StandingOrders: @unchecked Sendable {
    private let orders: OpaquePointer

    /// - Throws: `FaultFailure` where the file cannot be mapped.
    init(_ path: String?) throws(FaultFailure) {
        guard let path else { throw FaultFailure("the process was not started so that it obeys orders") }
        guard let orders = rm_orders_map(path) else {
            throw FaultFailure("'\(path)' cannot be mapped: \(String(cString: strerror(errno)))")
        }
        self.orders = orders
    }

    deinit { rm_orders_unmap(orders) }

    /// Each synchronous write takes so much more.
    func slowDisk(delayNs: Int64) { rm_orders_set_disk(orders, Int32(RM_DISK_SLOW), delayNs) }
    /// Synchronous writes fail.
    func failDisk() { rm_orders_set_disk(orders, Int32(RM_DISK_FAILING), 0) }
    func healDisk() { rm_orders_set_disk(orders, Int32(RM_DISK_WELL), 0) }
    var diskCounts: rm_disk_counts { rm_orders_disk_counts(orders) }

    /// All clocks run by so many millionths faster from now on.
    func setRate(ppm: Int64) { rm_orders_set_rate(orders, ppm) }
    /// The wall clock is so far ahead of where it was at first.
    func setJump(aheadNs: Int64) { rm_orders_set_jump(orders, aheadNs) }

    /// Has the process write to its disk and read its clocks; nil: it has not answered in time. Blocks for as long.
    private func probe(within limit: Duration) -> rm_probe? {
        var probe = rm_probe()
        return rm_orders_probe(orders, limit.nanosecondsClamped, &probe) == 0 ? probe : nil
    }

    /// As `probe`, on a thread of its own. Asks anew now and then: who was asked may have ended, and another life begun.
    func askForProbe(times: Int = 10) async -> rm_probe? {
        await withCheckedContinuation { continuation in
            startThread {
                var probe: rm_probe?
                for _ in 0..<times where probe == nil { probe = self.probe(within: .seconds(2)) }
                continuation.resume(returning: probe)
            }
        }
    }
}

extension Node {
    /// Has this process obey the orders in that file for the rest of its life; nothing without one.
    static func obey(_ path: String?, directory: String?) throws {
        guard let path else { return }
        guard let orders = rm_orders_map(path), rm_orders_obey(orders, directory) == 0 else {
            throw FaultFailure("'\(path)' cannot be obeyed: \(String(cString: strerror(errno)))")
        }
    }
}

extension MonotonicTime {
    /// The clock as the machine has it, whatever this process is made to find: what the history counts in.
    static var `true`: MonotonicTime { MonotonicTime(nanoseconds: rm_true_monotonic_ns()) }
}
