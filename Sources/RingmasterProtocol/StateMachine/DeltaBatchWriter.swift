// Builds a worker's batch of deltas, which the worker sends and the leader puts into an entry as it is. DeltaBatch.swift
// reads it.

/// Builds batches, one after the other. Every write is amortised O(bytes written).
public struct DeltaBatchWriter: Sendable {
    /// How many deltas the batch has.
    public private(set) var count = 0
    private var writer: MessagePackWriter
    /// How many bytes lie before the first delta. The last four of them are the count, filled in at the end.
    private let headerBytes: Int

    /// - Parameter capacity: How many bytes to make room for at once; more may be written.
    public init(worker: WorkerID, incarnation: Incarnation, capacity: Int = 0) {
        writer = MessagePackWriter(capacity: capacity)
        writer.writeArrayHeader(count: CommandKind.deltas.elementCount)
        writer.write(CommandKind.deltas.rawValue)
        writer.write(worker.name)
        writer.write(incarnation.rawValue)
        writer.reserveArrayHeader()
        headerBytes = writer.bytes.count
    }

    /// How many bytes the batch has.
    public var byteCount: Int { writer.bytes.count }

    /// Appends a delta; see `Delta` for what its parts are.
    /// - Precondition: The key has at most `StateLimits.keyBytesMax` bytes, state and reply at most 2^32 - 1.
    public mutating func add(
        client: ClientID,
        sequence: UInt64,
        acked: UInt64,
        base: UInt64,
        key: UnsafeRawBufferPointer,
        state: NewState,
        reply: UnsafeRawBufferPointer
    ) {
        precondition(key.count <= StateLimits.keyBytesMax, "a key has at most \(StateLimits.keyBytesMax) bytes")
        count += 1
        writer.writeArrayHeader(count: 7)
        writer.write(client.rawValue)
        writer.write(sequence)
        writer.write(acked)
        writer.write(base)
        writer.writeBinary(key)
        switch state {
        case .unchanged: writer.writeNil()
        case .removed: writer.write(false)
        case .bytes(let bytes): writer.writeBinary(bytes)
        }
        writer.writeBinary(reply)
    }

    /// Gives the batch, which may be empty, and begins the next of the same worker.
    public mutating func finish() -> [UInt8] {
        writer.fillArrayHeader(endingAt: headerBytes, count: count)
        let batch = writer.bytes
        writer.bytes = Array(batch[..<headerBytes])
        count = 0
        return batch
    }
}

/// Array headers whose count is known only when the elements are written.
extension MessagePackWriter {
    /// Writes the longest form of an array's header, with a count of 0.
    mutating func reserveArrayHeader() {
        bytes.append(contentsOf: [0xdd, 0, 0, 0, 0])
    }

    /// Fills in the count of such a header.
    mutating func fillArrayHeader(endingAt end: Int, count: Int) {
        precondition(bytes[end - 5] == 0xdd && count <= Int(UInt32.max), "no header for \(count) elements was reserved")
        withUnsafeBytes(of: UInt32(count).bigEndian) { number in
            for (position, byte) in number.enumerated() { bytes[end - 4 + position] = byte }
        }
    }
}
