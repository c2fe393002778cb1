// The bytes of a decoding in progress and the keys that lead to where it is. All of the decoder's containers share one.

/// Confined to one call of the decoder. The bytes have been checked from end to end when one of these is made.
final class DecodingSource {
    /// None once the call is over: who has kept a container meets a precondition, not somebody else's memory.
    private(set) var bytes: UnsafeRawBufferPointer
    /// The keys of the values whose `init(from:)` is running, outermost first.
    private var path: [any CodingKey] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    func close() {
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    func reader(at offset: Int) -> MessagePackReader {
        precondition(offset <= bytes.count, "a decoder or container was used after its value was decoded")
        return MessagePackReader(bytes, at: offset)
    }

    /// The keys that lead to a container of the innermost running `init(from:)`.
    func path(_ tail: PathTail?, _ key: (any CodingKey)? = nil) -> [any CodingKey] {
        path + (tail?.keys ?? []) + (key.map { [$0] } ?? [])
    }

    /// Decodes the value that the reader is at. The reader moves behind a value of a direct type and else stays.
    @inline(__always)
    func decode<Value: Decodable>(
        _ type: Value.Type,
        from reader: inout MessagePackReader,
        _ tail: PathTail?,
        _ key: (any CodingKey)?
    ) throws -> Value {
        guard let direct = DirectType(type) else { return try decodeNested(type, at: reader.offset, tail, key) }
        do throws(MessagePackError) {
            return try direct.read(type, from: &reader)
        } catch {
            throw DecodingError(error, wanting: type, codingPath: path(tail, key))
        }
    }

    private func decodeNested<Value: Decodable>(
        _ type: Value.Type,
        at offset: Int,
        _ tail: PathTail?,
        _ key: (any CodingKey)?
    ) throws -> Value {
        let depth = path.count
        if let tail { path += tail.keys }
        if let key { path.append(key) }
        defer { path.removeLast(path.count - depth) }
        return try Value(from: ValueDecoder(source: self, tail: nil, offset: offset))
    }
}

/// Keys behind those of the source's path: of containers that were nested by hand, which no running `init(from:)` owns.
final class PathTail {
    private let before: PathTail?
    private let key: any CodingKey

    init(_ before: PathTail?, _ key: any CodingKey) {
        self.before = before
        self.key = key
    }

    var keys: [any CodingKey] { (before?.keys ?? []) + [key] }
}
