// One delta as it lies in a batch: what a job did to its key, and what to reply. DeltaBatch.swift reads many of them.

/// What a job leaves of its key's state.
public enum NewState {
    /// As it was.
    case unchanged
    /// Nothing. The key's version lives on, so that no older delta can come after.
    case removed
    /// These bytes.
    case bytes(UnsafeRawBufferPointer)
}

/// A delta, read in place: its buffers are valid as long as the bytes that it was read from.
public struct Delta {
    /// Whose job it was.
    public let client: ClientID
    /// Which job of that client. Client and sequence name a job for ever.
    public let sequence: UInt64
    /// Every sequence of the client below it is done with: its reply may be forgotten.
    public let acked: UInt64
    /// The version of the key that the job ran on; 0 for a key that was never written.
    public let base: UInt64
    /// At most `StateLimits.keyBytesMax` bytes.
    public let key: UnsafeRawBufferPointer
    /// What the job left of the key's state.
    public let state: NewState
    /// What the client is told, whenever it asks for this job.
    public let reply: UnsafeRawBufferPointer
}

// [client: uint, sequence: uint, acked: uint, base: uint, key: bin, state: bin | nil | false, reply: bin]
extension MessagePackReader {
    /// Reads a delta in place. O(1).
    @inline(__always)
    mutating func readDelta() throws(CommandError) -> Delta {
        try arrayHeader(of: 7)
        return Delta(
            client: ClientID(try number()),
            sequence: try number(),
            acked: try number(),
            base: try number(),
            key: try key(),
            state: try newState(),
            reply: try binary()
        )
    }

    @inline(__always)
    private mutating func newState() throws(CommandError) -> NewState {
        if readNilIfNext() { return .unchanged }
        switch try commandReading({ () throws(MessagePackError) in try nextType() }) {
        case .binary:
            return .bytes(try binary())
        case .bool:
            let start = offset
            guard try commandReading({ () throws(MessagePackError) in try readBool() }) == false else {
                throw .stateUnclear(offset: start)
            }
            return .removed
        default:
            throw .stateUnclear(offset: offset)
        }
    }
}
