// The first bytes of a value: its type, and its number or length. Everything that reads MessagePack reads heads, so
// the checks against the end of the bytes are here and nowhere else.

/// The head of a value. Where it carries a length, the bytes behind it are known to be there; where it carries a
/// count of elements, at least a byte for each is.
enum MessagePackHead {
    case null
    case bool(Bool)
    case unsigned(UInt64)
    /// Below zero.
    case negative(Int64)
    case float(Float)
    case double(Double)
    case string(length: Int)
    case binary(length: Int)
    case array(count: Int)
    /// The count is that of the pairs.
    case map(count: Int)
    case ext(type: Int8, length: Int)

    var type: MessagePackType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .unsigned, .negative: .integer
        case .float, .double: .float
        case .string: .string
        case .binary: .binary
        case .array: .array
        case .map: .map
        case .ext: .ext
        }
    }
}

extension MessagePackReader {
    /// Reads the head at `offset` without moving; `end` is where it ends. O(1).
    @inline(__always)
    func head(end: inout Int) throws(MessagePackError) -> MessagePackHead {
        guard offset < bytes.count else { throw .truncated(offset: offset) }
        let marker = bytes[offset]
        end = offset + 1
        switch marker {
        case 0x00...0x7f: return .unsigned(UInt64(marker))
        case 0x80...0x8f: return .map(count: try checked(pairs: UInt32(marker & 0x0f), end))
        case 0x90...0x9f: return .array(count: try checked(elements: UInt32(marker & 0x0f), end))
        case 0xa0...0xbf: return .string(length: try checked(length: UInt32(marker & 0x1f), end))
        case 0xe0...0xff: return .negative(Int64(Int8(bitPattern: marker)))
        default: return try longHead(marker, end: &end)
        }
    }

    private func longHead(_ marker: UInt8, end: inout Int) throws(MessagePackError) -> MessagePackHead {
        switch marker {
        case 0xc0: return .null
        case 0xc2: return .bool(false)
        case 0xc3: return .bool(true)
        case 0xc4: return .binary(length: try checked(length: UInt32(try take(UInt8.self, &end)), end))
        case 0xc5: return .binary(length: try checked(length: UInt32(try take(UInt16.self, &end)), end))
        case 0xc6: return .binary(length: try checked(length: try take(UInt32.self, &end), end))
        case 0xc7: return try extensionHead(length: UInt32(try take(UInt8.self, &end)), end: &end)
        case 0xc8: return try extensionHead(length: UInt32(try take(UInt16.self, &end)), end: &end)
        case 0xc9: return try extensionHead(length: try take(UInt32.self, &end), end: &end)
        case 0xca: return .float(Float(bitPattern: try take(UInt32.self, &end)))
        case 0xcb: return .double(Double(bitPattern: try take(UInt64.self, &end)))
        case 0xcc: return .unsigned(UInt64(try take(UInt8.self, &end)))
        case 0xcd: return .unsigned(UInt64(try take(UInt16.self, &end)))
        case 0xce: return .unsigned(UInt64(try take(UInt32.self, &end)))
        case 0xcf: return .unsigned(try take(UInt64.self, &end))
        case 0xd0: return signed(Int64(Int8(bitPattern: try take(UInt8.self, &end))))
        case 0xd1: return signed(Int64(Int16(bitPattern: try take(UInt16.self, &end))))
        case 0xd2: return signed(Int64(Int32(bitPattern: try take(UInt32.self, &end))))
        case 0xd3: return signed(Int64(bitPattern: try take(UInt64.self, &end)))
        case 0xd4...0xd8: return try extensionHead(length: 1 << UInt32(marker - 0xd4), end: &end)
        case 0xd9: return .string(length: try checked(length: UInt32(try take(UInt8.self, &end)), end))
        case 0xda: return .string(length: try checked(length: UInt32(try take(UInt16.self, &end)), end))
        case 0xdb: return .string(length: try checked(length: try take(UInt32.self, &end), end))
        case 0xdc: return .array(count: try checked(elements: UInt32(try take(UInt16.self, &end)), end))
        case 0xdd: return .array(count: try checked(elements: try take(UInt32.self, &end), end))
        case 0xde: return .map(count: try checked(pairs: UInt32(try take(UInt16.self, &end)), end))
        case 0xdf: return .map(count: try checked(pairs: try take(UInt32.self, &end), end))
        default: throw .malformed(offset: offset)
        }
    }

    /// A number of a signed form may be positive: the shortest form is for writers to choose.
    private func signed(_ value: Int64) -> MessagePackHead {
        value < 0 ? .negative(value) : .unsigned(UInt64(value))
    }

    private func extensionHead(length: UInt32, end: inout Int) throws(MessagePackError) -> MessagePackHead {
        let type = Int8(bitPattern: try take(UInt8.self, &end))
        return .ext(type: type, length: try checked(length: length, end))
    }

    @inline(__always)
    private func take<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type,
        _ end: inout Int
    ) throws(MessagePackError) -> Number {
        guard bytes.count - end >= MemoryLayout<Number>.size else { throw .truncated(offset: offset) }
        let number = Number(bigEndian: bytes.loadUnaligned(fromByteOffset: end, as: Number.self))
        end += MemoryLayout<Number>.size
        return number
    }

    @inline(__always)
    private func checked(length: UInt32, _ end: Int) throws(MessagePackError) -> Int {
        guard Int(length) <= bytes.count - end else { throw .truncated(offset: offset) }
        return Int(length)
    }

    @inline(__always)
    private func checked(elements: UInt32, _ end: Int) throws(MessagePackError) -> Int {
        guard Int(elements) <= bytes.count - end else {
            throw .tooLarge(count: Int(elements), remaining: bytes.count - end, offset: offset)
        }
        return Int(elements)
    }

    @inline(__always)
    private func checked(pairs: UInt32, _ end: Int) throws(MessagePackError) -> Int {
        guard 2 * Int(pairs) <= bytes.count - end else {
            throw .tooLarge(count: Int(pairs), remaining: bytes.count - end, offset: offset)
        }
        return Int(pairs)
    }
}
