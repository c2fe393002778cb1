// Codable values to MessagePack. EncodingOutput.swift is where the bytes come together, EncodingContainers.swift what
// a type's `encode(to:)` sees of it.

/// Encodes any `Encodable` value as MessagePack.
///
/// - A keyed container is a map with string keys, in the order in which they are encoded; a nil that the type encodes
///   with `encodeIfPresent` (as synthesised code does) is left out.
/// - An unkeyed container is an array. [UInt8] is a bin.
/// - Integers have the shortest form; `Float` is a float 32 and `Double` a float 64, to the bit.
/// - A value that encodes nothing, and a super encoder that is not used, is an empty map.
///
/// The values go straight into the bytes: no tree is built. O(bytes), but for containers that are written to in turns:
/// each write to one that another has followed moves what follows.
public struct MessagePackEncoder: Sendable {
    public init() {}

    /// The MessagePack of a value.
    /// - Throws: `EncodingError.invalidValue` when arrays and maps nest deeper than `MessagePackLimits.depthMax`, and
    ///   whatever the value's `encode(to:)` throws.
    public func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        var writer = MessagePackWriter(capacity: 64)
        try encode(value, into: &writer)
        return writer.bytes
    }

    /// Appends the MessagePack of a value. On failure nothing is appended.
    /// - Throws: as `encode(_:)`.
    public func encode<Value: Encodable>(_ value: Value, into writer: inout MessagePackWriter) throws {
        try encode(value, into: &writer, inside: 0)
    }

    /// Appends the MessagePack of a value that has `depth` arrays and maps around it: they count towards the limit.
    /// - Throws: as `encode(_:)`.
    package func encode<Value: Encodable>(
        _ value: Value,
        into writer: inout MessagePackWriter,
        inside depth: Int
    ) throws {
        if let direct = DirectType(Value.self) {
            direct.write(value, to: &writer)
            return
        }
        let output = EncodingOutput()
        swap(&output.writer, &writer)
        defer { swap(&output.writer, &writer) }
        try output.encodeRoot(value, inside: depth)
    }
}
