// Where the reply to a raw call is put, again and again, so that it needs no allocation.

/// Bytes of the last reply. It grows to the largest reply and stays so.
///
/// Not to be used by two calls at once; a call that finds it in use is a mistake of the program.
public final class ReplyBuffer: @unchecked Sendable {
    // @unchecked: while a call is under way the loop's thread alone touches it, else the caller's.
    private var storage: UnsafeMutableRawBufferPointer
    private var isLent = false
    /// How many bytes the last reply had.
    public private(set) var count = 0

    /// - Parameter capacity: Bytes it has room for before it has to grow.
    public init(capacity: Int = 256) {
        precondition(capacity >= 0, "a capacity of \(capacity) is none")
        storage = .allocate(byteCount: max(16, capacity), alignment: 16)
    }

    deinit {
        storage.deallocate()
    }

    /// Calls `body` with the bytes of the last reply.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }

    @inline(__always)
    func lend() {
        precondition(!isLent, "two calls at once use one ReplyBuffer")
        isLent = true
    }

    @inline(__always)
    func giveBack() {
        isLent = false
    }

    @inline(__always)
    func fill(_ bytes: UnsafeRawBufferPointer) {
        if bytes.count > storage.count {
            storage.deallocate()
            storage = .allocate(byteCount: bytes.count, alignment: 16)
        }
        storage.copyMemory(from: bytes)
        count = bytes.count
    }
}
