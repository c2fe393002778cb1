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
            residentBytes: ResidentMemory.bytes
        )
    }
}
