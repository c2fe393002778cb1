// Reads a chunk of a hand-over, as a worker does that takes over slots. StateMachine+HandOver.swift writes them.

/// A chunk of keys that has been read from end to end and found in order. It borrows its bytes.
public struct SlotChunk {
    /// How many keys it has.
    public let count: Int
    /// Stands before the first key.
    private let keys: MessagePackReader

    /// Reads a chunk that fills the bytes, which must outlive it. O(bytes), nothing is copied.
    /// - Throws: `CommandError`: what is wrong with it.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var reader = MessagePackReader(bytes)
        count = try reader.arrayHeader()
        keys = reader
        for _ in 0..<count { _ = try reader.readKeyState() }
        try reader.end()
    }

    /// Hands over each key with its version and state, nil for a key that was removed. The buffers are valid as long as
    /// the bytes of the chunk. O(bytes).
    public func forEach(
        _ body: (_ key: UnsafeRawBufferPointer, _ version: UInt64, _ state: UnsafeRawBufferPointer?) -> Void
    ) {
        var reader = keys
        for _ in 0..<count {
            do {
                let (key, version, state) = try reader.readKeyState()
                body(key, version, state)
            } catch {
                preconditionFailure("a chunk that was read once can be read again: \(error)")
            }
        }
    }
}

extension MessagePackReader {
    /// Reads [key: bin, version: uint, state: bin | nil] in place. O(1).
    mutating func readKeyState() throws(CommandError) -> (
        key: UnsafeRawBufferPointer, version: UInt64, state: UnsafeRawBufferPointer?
    ) {
        try arrayHeader(of: 3)
        let key = try key()
        let version = try number(max: StateLimits.versionMax)
        return (key, version, readNilIfNext() ? nil : try binary())
    }
}
