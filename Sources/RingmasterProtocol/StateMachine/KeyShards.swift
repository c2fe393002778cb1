// The states of all keys, a shard a slot. The state machine judges and changes them here.

/// Every key that was ever written. Copying is O(1); the first change to a shard while a copy lives copies that shard,
/// and the first change of all an array of one reference a slot.
struct KeyShards: Sendable {
    let size: RingSize
    private(set) var shards: [KeyShard]
    /// How many keys there are, removed ones too.
    private(set) var count = 0
    /// The sum of the digests of all entries.
    private(set) var hash: UInt64 = 0

    init(size: RingSize) {
        self.size = size
        shards = Array(repeating: KeyShard(), count: size.slotCount)
    }

    /// The entry of a key: nil for one that was never written. Expected O(bytes of the key).
    func entry(of key: UnsafeRawBufferPointer) -> KeyEntry? {
        let hash = KeyHash(of: key)
        let shard = shards[size.slot(of: hash).index]
        return shard.index(of: key, hash: hash.rawValue).map { shard.entries[$0] }
    }

    /// Adds a key that is not there.
    mutating func append(_ entry: KeyEntry, to slot: Slot) {
        count += 1
        hash &+= entry.digest
        shards[slot.index].append(entry)
    }

    /// Makes the next version of the key at an index of its shard, or the first of one without; returns the version.
    @inline(__always)
    mutating func advance(
        _ key: UnsafeRawBufferPointer,
        hash keyHash: KeyHash,
        at index: Int?,
        to state: NewState
    ) -> UInt64 {
        let slot = size.slot(of: keyHash)
        guard let index else {
            var bytes: UnsafeRawBufferPointer?
            if case .bytes(let state) = state { bytes = state }
            append(KeyEntry(hash: keyHash.rawValue, key: key, version: 1, state: bytes), to: slot)
            return 1
        }
        hash &-= shards[slot.index].entries[index].digest
        shards[slot.index].advance(index, to: state)
        hash &+= shards[slot.index].entries[index].digest
        return shards[slot.index].entries[index].version
    }
}
