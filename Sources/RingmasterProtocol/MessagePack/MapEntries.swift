// Where the value of a key lies in an encoded map. Types ask for their keys mostly in the order in which they were
// encoded, so the search goes on from the last hit; a map that is asked in another order again and again gets a table.

/// The entries of one map of a source.
final class MapEntries {
    /// One entry: where it stands, and where its key begins, in bytes.
    private struct Entry {
        var index = 0
        var keyOffset: Int
    }

    let count: Int
    private let source: DecodingSource
    private let firstKeyOffset: Int
    /// The last one found.
    private var current: Entry
    /// Entries that may still be passed over before a table is made. It keeps the whole of all searches linear.
    private var patience: Int
    private var table: KeyTable?

    /// Small maps are always searched: that is as fast as a table.
    private static let searchedCountMax = 16
    private static let searchesMax = 8

    /// - Parameter reader: Behind the header of the map.
    init(_ source: DecodingSource, count: Int, at reader: MessagePackReader) {
        self.source = source
        self.count = count
        firstKeyOffset = reader.offset
        current = Entry(keyOffset: reader.offset)
        patience = count <= Self.searchedCountMax ? Int.max : Self.searchesMax * count
    }

    /// Where the value of a key begins; nil if the key is not there. O(1) for the key after the last one found and,
    /// over many keys, on average; else O(bytes of the map).
    func valueOffset<Key: CodingKey>(of key: Key) throws(MessagePackError) -> Int? {
        guard count > 0 else { return nil }
        let number = key.intValue
        let text = key.stringValue
        return try text.utf8.span.bytes.withUnsafeBytes { text throws(MessagePackError) in
            if patience > 0 { return try search(text, number) }
            return try lookUp(text, number)
        }
    }

    /// Calls `visit` with each key that is a str or an integer, in order. Others are no keys of a Codable type.
    func forEachKey(_ visit: (_ text: String?, _ number: Int?) -> Void) throws(MessagePackError) {
        var reader = source.reader(at: firstKeyOffset)
        for _ in 0..<count {
            switch try reader.nextType() {
            case .string: visit(try reader.readString(), nil)
            case .integer:
                let start = reader
                if let number = try? reader.readInteger(Int.self) {
                    visit(nil, number)
                } else {
                    reader = start
                    try reader.skipValue()
                }
            default: try reader.skipValue()
            }
            try reader.skipValue()
        }
    }

    private func search(_ text: UnsafeRawBufferPointer, _ number: Int?) throws(MessagePackError) -> Int? {
        var entry = current
        for passed in 0..<count {
            var reader = source.reader(at: entry.keyOffset)
            if try reader.readKey(isEqualTo: text, number) {
                patience -= max(passed - 1, 0)
                current = entry
                return reader.offset
            }
            try reader.skipValue()
            entry = Entry(index: entry.index + 1, keyOffset: reader.offset)
            if entry.index == count { entry = Entry(keyOffset: firstKeyOffset) }
        }
        patience -= count
        return nil
    }

    private func lookUp(_ text: UnsafeRawBufferPointer, _ number: Int?) throws(MessagePackError) -> Int? {
        if let table { return try table.valueOffset(of: text, number, in: source) }
        let table = try KeyTable(source, count: count, firstKeyOffset: firstKeyOffset)
        self.table = table
        return try table.valueOffset(of: text, number, in: source)
    }
}

/// The keys of a map by their hash: a table of offsets with open addressing. Twelve bytes an entry at the most.
private struct KeyTable {
    /// Offsets of keys from the start of the source; a free place has `free`.
    private var keyOffsets: [UInt32]
    private static let free = UInt32.max

    init(_ source: DecodingSource, count: Int, firstKeyOffset: Int) throws(MessagePackError) {
        // At least a third of the places stay free, so that runs stay short.
        var capacity = 2
        while 2 * capacity < 3 * count { capacity *= 2 }
        keyOffsets = Array(repeating: Self.free, count: capacity)
        var reader = source.reader(at: firstKeyOffset)
        for _ in 0..<count {
            let keyOffset = reader.offset
            if let hash = try reader.readKeyHash() {
                try insert(source.bytes[keyOffset..<reader.offset], hash: hash, source)
            }
            try reader.skipValue()
        }
    }

    /// A key that is there already stays out: a million copies of one key must not make a run of a million places.
    private mutating func insert(
        _ key: Slice<UnsafeRawBufferPointer>,
        hash: Int,
        _ source: DecodingSource
    ) throws(MessagePackError) {
        var place = hash & (keyOffsets.count - 1)
        while keyOffsets[place] != Self.free {
            let other = Int(keyOffsets[place])
            var reader = source.reader(at: other)
            try reader.skipValue()
            if source.bytes[other..<reader.offset].elementsEqual(key) { return }
            place = (place + 1) & (keyOffsets.count - 1)
        }
        keyOffsets[place] = UInt32(key.startIndex)
    }

    func valueOffset(
        of text: UnsafeRawBufferPointer,
        _ number: Int?,
        in source: DecodingSource
    ) throws(MessagePackError) -> Int? {
        if let offset = try valueOffset(hash: keyHash(text), text, nil, in: source) { return offset }
        guard let number else { return nil }
        return try valueOffset(hash: keyHash(number), text, number, in: source)
    }

    private func valueOffset(
        hash: Int,
        _ text: UnsafeRawBufferPointer,
        _ number: Int?,
        in source: DecodingSource
    ) throws(MessagePackError) -> Int? {
        var place = hash & (keyOffsets.count - 1)
        while keyOffsets[place] != Self.free {
            var reader = source.reader(at: Int(keyOffsets[place]))
            if try reader.readKey(isEqualTo: text, number) { return reader.offset }
            place = (place + 1) & (keyOffsets.count - 1)
        }
        return nil
    }
}

// The standard library seeds its hash for each process, so nobody outside can choose keys that collide.
private func keyHash(_ text: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: text)
    return hasher.finalize()
}

private func keyHash(_ number: Int) -> Int {
    var hasher = Hasher()
    hasher.combine(number)
    return hasher.finalize()
}

extension MessagePackReader {
    /// Reads a key of a map, whatever it is, and says whether it is the one wanted.
    fileprivate mutating func readKey(
        isEqualTo text: UnsafeRawBufferPointer,
        _ number: Int?
    ) throws(MessagePackError) -> Bool {
        switch try nextType() {
        case .string:
            let key = try readStringBytes()
            return key.count == text.count && key.elementsEqual(text)
        case .integer:
            let start = self
            if let number, let key = try? readInteger(Int.self) { return key == number }
            self = start
            try skipValue()
            return false
        default:
            try skipValue()
            return false
        }
    }

    /// Reads a key of a map and returns its hash: nil for one that is neither a str nor an `Int`.
    fileprivate mutating func readKeyHash() throws(MessagePackError) -> Int? {
        switch try nextType() {
        case .string: return keyHash(try readStringBytes())
        case .integer:
            let start = self
            if let number = try? readInteger(Int.self) { return keyHash(number) }
            self = start
            try skipValue()
            return nil
        default:
            try skipValue()
            return nil
        }
    }
}
