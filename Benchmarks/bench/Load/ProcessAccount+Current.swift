// What this process has used so far, from the kernel and the counter of allocations.

import AllocationCounter
import Foundation
import Measurement

extension ProcessAccount {
    static func current() -> ProcessAccount {
        // Reading allocates; what it allocates is nobody's request.
        rm_allocations_disable()
        defer { rm_allocations_enable() }
        let allocations = rm_allocations_read()
        return ProcessAccount(
            cpuNs: ProcessorTime.usedNs,
            ownAllocations: allocations.own,
            transportAllocations: allocations.transport,
            residentBytes: residentBytes()
        )
    }

    /// The second field of statm, in pages; 0 where there is no such file.
    private static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
