// What a type's `encode(to:)` sees: an encoder and the three kinds of container. Each is a place in the output and
// nothing else; EncodingOutput.swift does the work.

/// The encoder of one value.
struct ValueEncoder: Encoder {
    let place: EncodingPlace

    var codingPath: [any CodingKey] { place.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        place.output.open(place, asMap: true)
        return KeyedEncodingContainer(MapEncoder(place: place))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        place.output.open(place, asMap: false)
        return ArrayEncoder(place: place)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarEncoder(place: place)
    }
}

/// A keyed container: a map.
struct MapEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: EncodingPlace

    var codingPath: [any CodingKey] { place.codingPath }

    @inline(__always)
    private func append(_ key: Key, _ write: (inout MessagePackWriter) -> Void) {
        place.output.append(to: place, key: key.stringValue, write)
    }

    func encodeNil(forKey key: Key) { append(key) { $0.writeNil() } }
    func encode(_ value: Bool, forKey key: Key) { append(key) { $0.write(value) } }
    func encode(_ value: String, forKey key: Key) { append(key) { $0.write(value) } }
    func encode(_ value: Double, forKey key: Key) { append(key) { $0.write(value) } }
    func encode(_ value: Float, forKey key: Key) { append(key) { $0.write(value) } }
    func encode(_ value: Int, forKey key: Key) { append(key) { $0.write(value) } }
    func encode(_ value: Int8, forKey key: Key) { append(key) { $0.write(Int64(value)) } }
    func encode(_ value: Int16, forKey key: Key) { append(key) { $0.write(Int64(value)) } }
    func encode(_ value: Int32, forKey key: Key) { append(key) { $0.write(Int64(value)) } }
    func encode(_ value: Int64, forKey key: Key) { append(key) { $0.write(value) } }
    func encode(_ value: UInt, forKey key: Key) { append(key) { $0.write(UInt64(value)) } }
    func encode(_ value: UInt8, forKey key: Key) { append(key) { $0.write(UInt64(value)) } }
    func encode(_ value: UInt16, forKey key: Key) { append(key) { $0.write(UInt64(value)) } }
    func encode(_ value: UInt32, forKey key: Key) { append(key) { $0.write(UInt64(value)) } }
    func encode(_ value: UInt64, forKey key: Key) { append(key) { $0.write(value) } }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        if let direct = DirectType(Value.self) {
            append(key) { direct.write(value, to: &$0) }
        } else {
            try place.output.append(value, to: place, key: key)
        }
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        superEncoder(at: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        superEncoder(at: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { superEncoder(at: SuperKey()) }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(at: key) }

    private func superEncoder(at key: any CodingKey) -> ValueEncoder {
        ValueEncoder(place: place.output.appendPlaceholder(to: place, key: key))
    }
}

/// An unkeyed container: an array.
struct ArrayEncoder: UnkeyedEncodingContainer {
    let place: EncodingPlace

    var codingPath: [any CodingKey] { place.codingPath }
    var count: Int { place.output.count(of: place) }

    @inline(__always)
    private func append(_ write: (inout MessagePackWriter) -> Void) {
        place.output.append(to: place, key: nil, write)
    }

    func encodeNil() { append { $0.writeNil() } }
    func encode(_ value: Bool) { append { $0.write(value) } }
    func encode(_ value: String) { append { $0.write(value) } }
    func encode(_ value: Double) { append { $0.write(value) } }
    func encode(_ value: Float) { append { $0.write(value) } }
    func encode(_ value: Int) { append { $0.write(value) } }
    func encode(_ value: Int8) { append { $0.write(Int64(value)) } }
    func encode(_ value: Int16) { append { $0.write(Int64(value)) } }
    func encode(_ value: Int32) { append { $0.write(Int64(value)) } }
    func encode(_ value: Int64) { append { $0.write(value) } }
    func encode(_ value: UInt) { append { $0.write(UInt64(value)) } }
    func encode(_ value: UInt8) { append { $0.write(UInt64(value)) } }
    func encode(_ value: UInt16) { append { $0.write(UInt64(value)) } }
    func encode(_ value: UInt32) { append { $0.write(UInt64(value)) } }
    func encode(_ value: UInt64) { append { $0.write(value) } }

    func encode<Value: Encodable>(_ value: Value) throws {
        if let direct = DirectType(Value.self) {
            append { direct.write(value, to: &$0) }
        } else {
            try place.output.append(value, to: place, key: nil)
        }
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        elementEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { elementEncoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { elementEncoder() }

    private func elementEncoder() -> ValueEncoder {
        ValueEncoder(place: place.output.appendPlaceholder(to: place, key: nil))
    }
}

/// A single-value container: the value itself.
struct ScalarEncoder: SingleValueEncodingContainer {
    let place: EncodingPlace

    var codingPath: [any CodingKey] { place.codingPath }

    @inline(__always)
    private func fill(_ write: (inout MessagePackWriter) -> Void) {
        place.output.fill(place, write)
    }

    func encodeNil() { fill { $0.writeNil() } }
    func encode(_ value: Bool) { fill { $0.write(value) } }
    func encode(_ value: String) { fill { $0.write(value) } }
    func encode(_ value: Double) { fill { $0.write(value) } }
    func encode(_ value: Float) { fill { $0.write(value) } }
    func encode(_ value: Int) { fill { $0.write(value) } }
    func encode(_ value: Int8) { fill { $0.write(Int64(value)) } }
    func encode(_ value: Int16) { fill { $0.write(Int64(value)) } }
    func encode(_ value: Int32) { fill { $0.write(Int64(value)) } }
    func encode(_ value: Int64) { fill { $0.write(value) } }
    func encode(_ value: UInt) { fill { $0.write(UInt64(value)) } }
    func encode(_ value: UInt8) { fill { $0.write(UInt64(value)) } }
    func encode(_ value: UInt16) { fill { $0.write(UInt64(value)) } }
    func encode(_ value: UInt32) { fill { $0.write(UInt64(value)) } }
    func encode(_ value: UInt64) { fill { $0.write(value) } }

    func encode<Value: Encodable>(_ value: Value) throws {
        if let direct = DirectType(Value.self) {
            fill { direct.write(value, to: &$0) }
        } else {
            // The value takes this one's place, so it is encoded with this one's encoder.
            try value.encode(to: ValueEncoder(place: place))
        }
    }
}
