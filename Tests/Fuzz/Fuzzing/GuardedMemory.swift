// Memory whose end is the end of what may be touched: reading a byte too many stops the process.

import Glibc

/// A few pages, and one behind them that nobody may touch. Inputs are put against it.
final class GuardedMemory {
    let capacity: Int
    private let start: UnsafeMutableRawPointer
    private let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    init(capacity: Int) {
        let pages = (capacity + pageBytes - 1) / pageBytes
        self.capacity = pages * pageBytes
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let mapped = mmap(nil, self.capacity + pageBytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let mapped, mapped != MAP_FAILED, mprotect(mapped + self.capacity, pageBytes, PROT_NONE) == 0 else {
            fatalError("cannot map \(self.capacity) bytes")
        }
        start = mapped
    }

    deinit {
        munmap(start, capacity + pageBytes)
    }

    /// Copies `bytes` to where they end with the last byte that may be read. Valid until the next call.
    func place(_ bytes: some Collection<UInt8>) -> UnsafeRawBufferPointer {
        precondition(bytes.count <= capacity, "an input of \(bytes.count) bytes is above \(capacity)")
        let room = UnsafeMutableRawBufferPointer(start: start + capacity - bytes.count, count: bytes.count)
        room.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(room)
    }
}
