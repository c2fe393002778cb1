// The keys of one slot. KeyShards.swift has one of these for each slot, so that a copy of the state costs no more than
// the slots that are written to while the copy lives.

/// A key with its state. Key and state share one array: a lookup touches one piece of memory for both.
struct KeyEntry: Sendable {
    let hash: UInt64
    private(set) var version: UInt64
    /// What the entry adds to the hash of the state.
    private(set) var digest: UInt64
    private var bytes: [UInt8]
    private let keyCount: UInt32
    private(set) var hasState: Bool

    init(hash: UInt64, key: UnsafeRawBufferPointer, version: UInt64, state: UnsafeRawBufferPointer?) {
        self.hash = hash
        self.version = version
        keyCount = UInt32(key.count)
        hasState = state != nil
        bytes = KeyEntry.joined(key, state)
        digest = StateHash.key(hash, version: version, state: state)
    }

    @inline(__always)
    func hasKey(_ key: UnsafeRawBufferPointer) -> Bool {
        guard Int(keyCount) == key.count else { return false }
        return bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0.prefix(key.count)).hasSameBytes(as: key) }
    }

    /// Hands over key and state in place.
    @inline(__always)
    func withBytes<Value>(_ body: (_ key: UnsafeRawBufferPointer, _ state: UnsafeRawBufferPointer?) -> Value) -> Value {
        bytes.withUnsafeBytes { bytes in
            let key = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(keyCount)))
            return body(key, hasState ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(Int(keyCount))) : nil)
        }
    }

    /// Makes the next version. O(bytes of the state); no memory is taken when the state keeps its size and no copy of
    /// the entry lives.
    @inline(__always)
    mutating func advance(to state: NewState) {
        version += 1
        switch state {
        case .unchanged:
            digest = withBytes { StateHash.key(hash, version: version, state: $1) }
        case .removed:
            if hasState {
                bytes = withBytes { key, _ in KeyEntry.joined(key, nil) }
                hasState = false
            }
            digest = StateHash.key(hash, version: version, state: nil)
        case .bytes(let state):
            if bytes.count == Int(keyCount) + state.count {
                bytes.withUnsafeMutableBytes {
                    UnsafeMutableRawBufferPointer(rebasing: $0[Int(keyCount)...]).copyMemory(from: state)
                }
            } else {
                bytes = withBytes { key, _ in KeyEntry.joined(key, state) }
            }
            hasState = true
            digest = StateHash.key(hash, version: version, state: state)
        }
    }

    private static func joined(_ key: UnsafeRawBufferPointer, _ state: UnsafeRawBufferPointer?) -> [UInt8] {
        let count = key.count + (state?.count ?? 0)
        return Array(unsafeUninitializedCapacity: count) { buffer, initializedCount in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes.copyMemory(from: key)
            if let state { UnsafeMutableRawBufferPointer(rebasing: bytes[key.count...]).copyMemory(from: state) }
            initializedCount = count
        }
    }
}

/// The keys of a slot, in the order in which they were first written. A key never leaves, as its version must live on;
/// so an index stays good for ever, and the hash table needs no removal.
struct KeyShard: Sendable {
    private(set) var entries: [KeyEntry] = []
    /// Open addressing with linear probing, a power of two long, at most three quarters full: 0 for nothing, else the
    /// upper half of the hash's lower bits (a tag) over the index of an entry plus 1.
    private var table: [UInt64] = []

    /// Where a key stands. Expected O(bytes of the key).
    @inline(__always)
    func index(of key: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        guard !table.isEmpty else { return nil }
        let mask = table.count - 1
        var place = KeyShard.home(hash) & mask
        while true {
            let cell = table[place]
            if cell == 0 { return nil }
            if cell >> 32 == KeyShard.tag(hash) {
                let index = Int(cell & 0xffff_ffff) - 1
                if entries[index].hash == hash, entries[index].hasKey(key) { return index }
            }
            place = (place + 1) & mask
        }
    }

    /// Adds a key that is not there. Amortised O(1).
    mutating func append(_ entry: KeyEntry) {
        precondition(entries.count < Int(UInt32.max) - 1, "a slot holds fewer than 2^32 keys")
        entries.append(entry)
        if 4 * entries.count > 3 * table.count {
            grow()
        } else {
            file(entries.count - 1)
        }
    }

    @inline(__always)
    mutating func advance(_ index: Int, to state: NewState) {
        entries[index].advance(to: state)
    }

    private mutating func grow() {
        table = Array(repeating: 0, count: max(4, 2 * table.count))
        for index in entries.indices { file(index) }
    }

    private mutating func file(_ index: Int) {
        let mask = table.count - 1
        let hash = entries[index].hash
        var place = KeyShard.home(hash) & mask
        while table[place] != 0 { place = (place + 1) & mask }
        table[place] = KeyShard.tag(hash) << 32 | UInt64(index + 1)
    }

    // The slot is the top 20 bits at most, the same for every key here: home and tag are of the 44 below.
    private static func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash & 0x7fff_ffff) }
    private static func tag(_ hash: UInt64) -> UInt64 { (hash >> 12) & 0xffff_ffff }
}

extension UnsafeRawBufferPointer {
    /// Whether as many bytes, of the same number, are equal. O(bytes).
    @inline(__always)
    fileprivate func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + 8 <= count {
            let one = loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard one == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
            offset += 8
        }
        while offset < count {
            guard self[offset] == other[offset] else { return false }
            offset += 1
        }
        return true
    }
}
