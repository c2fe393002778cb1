// How a new owner of slots gets their state: in chunks, each an array of [key: bin, version: uint, state: bin | nil].
// SlotChunk.swift reads them.

/// Where a hand-over goes on. It is good for the same slots, on any coordinator, as long as they do not change.
public struct StateCursor: RawRepresentable, Hashable, Sendable {
    /// The position in the sequence of slots, over 32 bits of the position among the slot's keys.
    public let rawValue: UInt64

    /// The first key of the first slot.
    public static let start = StateCursor(rawValue: 0)

    /// Takes a cursor from a peer. One that was never given out leads to nothing worse than a wrong or empty chunk.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    fileprivate init(slotPosition: Int, keyPosition: Int) {
        rawValue = UInt64(slotPosition) << 32 | UInt64(keyPosition)
    }

    fileprivate var slotPosition: Int { Int(rawValue >> 32) }
    fileprivate var keyPosition: Int { Int(rawValue & 0xffff_ffff) }
}

extension StateMachine {
    /// The next chunk of the keys of some slots, removed keys among them, as their versions matter to the owner.
    ///
    /// O(slots + bytes of the chunk).
    ///
    /// - Parameters:
    ///   - slots: Which slots: the same, in the same order, for each chunk. One beyond the ring has no keys.
    ///   - cursor: Where to go on: `.start`, or the `next` of the chunk before.
    ///   - bytesMax: Most bytes of the chunk. One that holds a single key may be larger: it holds at least one if any is
    ///     left.
    /// - Returns: The chunk, and where the next one begins: nil when this was the last.
    public func encodeSlots(
        _ slots: some Sequence<Slot>,
        from cursor: StateCursor,
        bytesMax: Int
    ) -> (bytes: [UInt8], next: StateCursor?) {
        var writer = MessagePackWriter()
        writer.reserveArrayHeader()
        let headerBytes = writer.bytes.count
        var count = 0
        for (slotPosition, slot) in slots.enumerated().dropFirst(cursor.slotPosition) where keys.size.contains(slot) {
            let entries = keys.shards[slot.index].entries
            let first = slotPosition == cursor.slotPosition ? min(cursor.keyPosition, entries.count) : 0
            for keyPosition in first..<entries.count {
                let before = writer.bytes.count
                guard before < bytesMax || count == 0 else {
                    writer.fillArrayHeader(endingAt: headerBytes, count: count)
                    return (writer.bytes, StateCursor(slotPosition: slotPosition, keyPosition: keyPosition))
                }
                entries[keyPosition].write(into: &writer)
                if writer.bytes.count > bytesMax, count > 0 {
                    writer.bytes.removeLast(writer.bytes.count - before)
                    writer.fillArrayHeader(endingAt: headerBytes, count: count)
                    return (writer.bytes, StateCursor(slotPosition: slotPosition, keyPosition: keyPosition))
                }
                count += 1
            }
        }
        writer.fillArrayHeader(endingAt: headerBytes, count: count)
        return (writer.bytes, nil)
    }
}

extension KeyEntry {
    func write(into writer: inout MessagePackWriter) {
        withBytes { key, state in
            writer.writeArrayHeader(count: 3)
            writer.writeBinary(key)
            writer.write(version)
            if let state { writer.writeBinary(state) } else { writer.writeNil() }
        }
    }
}
