// What a type's `init(from:)` sees: a decoder and the three kinds of container.

/// The decoder of one value. It is small enough to travel as `any Decoder` without an allocation.
struct ValueDecoder: Decoder {
    let source: DecodingSource
    let tail: PathTail?
    let offset: Int

    var codingPath: [any CodingKey] { source.path(tail) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        var reader = source.reader(at: offset)
        do throws(MessagePackError) {
            let count = try reader.readMapHeader()
            let entries = MapEntries(source, count: count, at: reader)
            return KeyedDecodingContainer(MapDecoder(source: source, tail: tail, entries: entries, offset: offset))
        } catch {
            throw DecodingError(error, wanting: [String: Any].self, codingPath: codingPath)
        }
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        var reader = source.reader(at: offset)
        do throws(MessagePackError) {
            let count = try reader.readArrayHeader()
            return ArrayDecoder(source: source, tail: tail, elementCount: count, offset: reader.offset)
        } catch {
            throw DecodingError(error, wanting: [Any].self, codingPath: codingPath)
        }
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        ScalarDecoder(source: source, tail: tail, offset: offset)
    }
}

/// A keyed container: a map.
struct MapDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: DecodingSource
    let tail: PathTail?
    let entries: MapEntries
    /// Where the map begins.
    let offset: Int

    var codingPath: [any CodingKey] { source.path(tail) }

    var allKeys: [Key] {
        var keys: [Key] = []
        // The bytes have been checked, so nothing is thrown here.
        try? entries.forEachKey { text, number in
            if let key = text.flatMap(Key.init(stringValue:)) ?? number.flatMap(Key.init(intValue:)) {
                keys.append(key)
            }
        }
        return keys
    }

    func contains(_ key: Key) -> Bool {
        (try? entries.valueOffset(of: key)) != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        var reader = try reader(at: key)
        return reader.readNilIfNext()
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try value(key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try value(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try value(key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try value(key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try value(key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try value(key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try value(key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try value(key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try value(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try value(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try value(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try value(key) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try value(key) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try nestedDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try nestedDecoder(forKey: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try nestedDecoder(forKey: SuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try nestedDecoder(forKey: key) }

    @inline(__always)
    private func value<Value: Decodable>(_ key: Key) throws -> Value {
        var reader = try reader(at: key)
        return try source.decode(Value.self, from: &reader, tail, key)
    }

    private func nestedDecoder(forKey key: some CodingKey) throws -> ValueDecoder {
        ValueDecoder(source: source, tail: PathTail(tail, key), offset: try reader(at: key).offset)
    }

    private func reader<SomeKey: CodingKey>(at key: SomeKey) throws -> MessagePackReader {
        guard let offset = try entries.valueOffset(of: key) else {
            let description = "the map at byte \(offset) has no key '\(key.stringValue)'"
            let context = DecodingError.Context(codingPath: codingPath, debugDescription: description)
            throw DecodingError.keyNotFound(key, context)
        }
        return source.reader(at: offset)
    }
}

/// An unkeyed container: an array.
struct ArrayDecoder: UnkeyedDecodingContainer {
    let source: DecodingSource
    let tail: PathTail?
    let elementCount: Int
    /// Where the next element begins.
    var offset: Int
    var currentIndex = 0

    var codingPath: [any CodingKey] { source.path(tail) }
    var count: Int? { elementCount }
    var isAtEnd: Bool { currentIndex == elementCount }

    mutating func decodeNil() throws -> Bool {
        var reader = try nextReader(Any?.self)
        guard reader.readNilIfNext() else { return false }
        advance(to: reader)
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try value() }
    mutating func decode(_ type: String.Type) throws -> String { try value() }
    mutating func decode(_ type: Double.Type) throws -> Double { try value() }
    mutating func decode(_ type: Float.Type) throws -> Float { try value() }
    mutating func decode(_ type: Int.Type) throws -> Int { try value() }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try value() }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try value() }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try value() }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try value() }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try value() }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try value() }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try value() }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try value() }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try value() }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value() }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        let (decoder, behind) = try nestedDecoder([String: Any].self)
        let container = try decoder.container(keyedBy: type)
        advance(to: behind)
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let (decoder, behind) = try nestedDecoder([Any].self)
        let container = try decoder.unkeyedContainer()
        advance(to: behind)
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let (decoder, behind) = try nestedDecoder((any Decoder).self)
        advance(to: behind)
        return decoder
    }

    @inline(__always)
    private mutating func value<Value: Decodable>() throws -> Value {
        var reader = try nextReader(Value.self)
        let value = try source.decode(Value.self, from: &reader, tail, PositionKey(currentIndex))
        if reader.offset == offset { try reader.skipValue() }
        advance(to: reader)
        return value
    }

    private func nestedDecoder(_ type: Any.Type) throws -> (decoder: ValueDecoder, behind: MessagePackReader) {
        var reader = try nextReader(type)
        try reader.skipValue()
        let tail = PathTail(tail, PositionKey(currentIndex))
        return (ValueDecoder(source: source, tail: tail, offset: offset), reader)
    }

    /// Only an element that was decoded is passed: after a failure it may be tried as another type.
    private mutating func advance(to reader: MessagePackReader) {
        offset = reader.offset
        currentIndex += 1
    }

    private func nextReader(_ type: Any.Type) throws -> MessagePackReader {
        guard !isAtEnd else {
            let path = source.path(tail, PositionKey(currentIndex))
            let description = "the array has only \(elementCount) elements"
            throw DecodingError.valueNotFound(type, .init(codingPath: path, debugDescription: description))
        }
        return source.reader(at: offset)
    }
}

/// A single-value container: the value itself.
struct ScalarDecoder: SingleValueDecodingContainer {
    let source: DecodingSource
    let tail: PathTail?
    let offset: Int

    var codingPath: [any CodingKey] { source.path(tail) }

    func decodeNil() -> Bool {
        var reader = source.reader(at: offset)
        return reader.readNilIfNext()
    }

    func decode(_ type: Bool.Type) throws -> Bool { try value() }
    func decode(_ type: String.Type) throws -> String { try value() }
    func decode(_ type: Double.Type) throws -> Double { try value() }
    func decode(_ type: Float.Type) throws -> Float { try value() }
    func decode(_ type: Int.Type) throws -> Int { try value() }
    func decode(_ type: Int8.Type) throws -> Int8 { try value() }
    func decode(_ type: Int16.Type) throws -> Int16 { try value() }
    func decode(_ type: Int32.Type) throws -> Int32 { try value() }
    func decode(_ type: Int64.Type) throws -> Int64 { try value() }
    func decode(_ type: UInt.Type) throws -> UInt { try value() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try value() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try value() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try value() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try value() }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value() }

    @inline(__always)
    private func value<Value: Decodable>() throws -> Value {
        var reader = source.reader(at: offset)
        return try source.decode(Value.self, from: &reader, tail, nil)
    }
}
