// MessagePack to Codable values. DecodingSource.swift holds the bytes while that goes on, DecodingContainers.swift is
// what a type's `init(from:)` sees of them, MapEntries.swift finds keys.

/// Decodes any `Decodable` value from MessagePack.
///
/// - A keyed container is a map. A key is a str, or an integer where the type's coding key has that `intValue`; keys that
///   the type does not ask for are passed over. Of a key that is there twice, one counts.
/// - An unkeyed container is an array. [UInt8] is a bin, or an array of integers from 0 to 255.
/// - Numbers convert only where nothing is lost: an integer to any type that holds it, a float to `Double` or `Float` if
///   that holds it exactly. A float is never an integer.
///
/// All the bytes are checked before anything is decoded: they must be one value, nested no deeper than
/// `MessagePackLimits.depthMax`, with every str in UTF-8. O(bytes * nesting), and no memory but for the decoded value and
/// at most twelve bytes for each entry of a map that is asked for its keys out of order.
public struct MessagePackDecoder: Sendable {
    public init() {}

    /// Decodes the one value that the bytes hold.
    /// - Throws: `DecodingError`, with the `MessagePackError` as its underlying error where the bytes are to blame; and
    ///   whatever else the type's `init(from:)` throws.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value {
        try bytes.withUnsafeBytes { try decode(type, from: $0) }
    }

    /// Decodes the one value that the bytes hold. They are used only during the call.
    /// - Throws: as `decode(_:from:)` of an array.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: RawSpan) throws -> Value {
        try bytes.withUnsafeBytes { try decode(type, from: $0) }
    }

    /// Decodes the one value that the bytes hold. They are used only during the call.
    /// - Throws: as `decode(_:from:)` of an array.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self,
        from bytes: UnsafeRawBufferPointer
    ) throws -> Value {
        var reader = MessagePackReader(bytes)
        do throws(MessagePackError) {
            if let direct = DirectType(type) {
                let value = try direct.read(type, from: &reader)
                try reader.finish()
                return value
            }
            guard bytes.count <= MessagePackLimits.decodedBytesMax else {
                throw .tooLarge(count: bytes.count, remaining: MessagePackLimits.decodedBytesMax, offset: 0)
            }
            try reader.skipValue(checkingText: true)
            try reader.finish()
        } catch {
            throw DecodingError(error, wanting: type, codingPath: [])
        }
        let source = DecodingSource(bytes)
        defer { source.close() }
        return try Value(from: ValueDecoder(source: source, tail: nil, offset: 0))
    }
}

extension DecodingError {
    /// What the standard library calls a fault of the bytes.
    init(_ error: MessagePackError, wanting type: Any.Type, codingPath: [any CodingKey]) {
        let context = Context(codingPath: codingPath, debugDescription: error.description, underlyingError: error)
        switch error {
        case .typeMismatch(_, .null, _): self = .valueNotFound(type, context)
        case .typeMismatch: self = .typeMismatch(type, context)
        default: self = .dataCorrupted(context)
        }
    }
}
