// What the encoder and the decoder share: the types that have a form of their own, and the keys of coding paths.

/// The types that are written and read directly, not through their `Codable` conformance.
///
/// A generic container meets them as type parameters; asking the type once is far cheaper than opening a container for
/// a number. [UInt8] is here because its own conformance would make it an array of numbers instead of a bin.
enum DirectType {
    case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float, double, string, bytes

    @inline(__always)
    init?<Value>(_ type: Value.Type) {
        if type == Int.self {
            self = .int
        } else if type == String.self {
            self = .string
        } else if type == Double.self {
            self = .double
        } else if type == [UInt8].self {
            self = .bytes
        } else if type == Bool.self {
            self = .bool
        } else if type == UInt64.self {
            self = .uint64
        } else if type == Int64.self {
            self = .int64
        } else if type == UInt32.self {
            self = .uint32
        } else if type == Int32.self {
            self = .int32
        } else if type == UInt8.self {
            self = .uint8
        } else if type == UInt16.self {
            self = .uint16
        } else if type == Float.self {
            self = .float
        } else if type == UInt.self {
            self = .uint
        } else if type == Int8.self {
            self = .int8
        } else if type == Int16.self {
            self = .int16
        } else {
            return nil
        }
    }
}

extension DirectType {
    /// Writes a value whose type this is.
    @inline(__always)
    func write<Value>(_ value: Value, to writer: inout MessagePackWriter) {
        switch self {
        case .bool: writer.write(same(value, as: Bool.self))
        case .int: writer.write(same(value, as: Int.self))
        case .int8: writer.write(Int64(same(value, as: Int8.self)))
        case .int16: writer.write(Int64(same(value, as: Int16.self)))
        case .int32: writer.write(Int64(same(value, as: Int32.self)))
        case .int64: writer.write(same(value, as: Int64.self))
        case .uint: writer.write(UInt64(same(value, as: UInt.self)))
        case .uint8: writer.write(UInt64(same(value, as: UInt8.self)))
        case .uint16: writer.write(UInt64(same(value, as: UInt16.self)))
        case .uint32: writer.write(UInt64(same(value, as: UInt32.self)))
        case .uint64: writer.write(same(value, as: UInt64.self))
        case .float: writer.write(same(value, as: Float.self))
        case .double: writer.write(same(value, as: Double.self))
        case .string: writer.write(same(value, as: String.self))
        case .bytes: writer.writeBinary(same(value, as: [UInt8].self))
        }
    }

    /// Reads a value whose type this is.
    @inline(__always)
    func read<Value>(_ type: Value.Type, from reader: inout MessagePackReader) throws(MessagePackError) -> Value {
        switch self {
        case .bool: same(try reader.readBool(), as: type)
        case .int: same(try reader.readInteger(Int.self), as: type)
        case .int8: same(try reader.readInteger(Int8.self), as: type)
        case .int16: same(try reader.readInteger(Int16.self), as: type)
        case .int32: same(try reader.readInteger(Int32.self), as: type)
        case .int64: same(try reader.readInteger(Int64.self), as: type)
        case .uint: same(try reader.readInteger(UInt.self), as: type)
        case .uint8: same(try reader.readInteger(UInt8.self), as: type)
        case .uint16: same(try reader.readInteger(UInt16.self), as: type)
        case .uint32: same(try reader.readInteger(UInt32.self), as: type)
        case .uint64: same(try reader.readInteger(UInt64.self), as: type)
        case .float: same(try reader.readFloat(), as: type)
        case .double: same(try reader.readDouble(), as: type)
        case .string: same(try reader.readString(), as: type)
        case .bytes: same(try reader.readBytes(), as: type)
        }
    }
}

/// A value of a type that is known to be another by name. `as!` would ask the runtime again, at many times the cost.
@inline(__always)
private func same<Value, Other>(_ value: Value, as type: Other.Type) -> Other {
    unsafeBitCast(value, to: type)
}

extension MessagePackReader {
    /// Reads bytes from a bin, or from an array of numbers from 0 to 255 as languages without a type for bytes send.
    mutating func readBytes() throws(MessagePackError) -> [UInt8] {
        guard try nextType() == .array else { return [UInt8](try readBinary()) }
        let start = self
        do throws(MessagePackError) {
            let count = try readArrayHeader()
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            for _ in 0..<count {
                bytes.append(try readInteger())
            }
            return bytes
        } catch {
            self = start
            throw error
        }
    }
}

/// The key of an element of an array, in coding paths.
struct PositionKey: CodingKey {
    let position: Int

    init(_ position: Int) {
        self.position = position
    }

    var intValue: Int? { position }
    var stringValue: String { "Index \(position)" }

    init?(intValue: Int) {
        position = intValue
    }

    init?(stringValue: String) {
        return nil
    }
}

/// The key under which a superclass is coded where no other is given.
struct SuperKey: CodingKey {
    var intValue: Int? { nil }
    var stringValue: String { "super" }

    init() {}

    init?(intValue: Int) {
        return nil
    }

    init?(stringValue: String) {
        guard stringValue == "super" else { return nil }
    }
}
