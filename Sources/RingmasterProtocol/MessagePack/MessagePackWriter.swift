// MessagePack, value by value, into a growing array of bytes. Messages are written with it by hand; the encoder writes
// everybody's Codable values through it. Source: https://github.com/msgpack/msgpack/blob/master/spec.md

/// Writes MessagePack in the shortest form that holds each value.
///
/// The writer does not know what is whole: after `writeArrayHeader(count:)` write that many values, after
/// `writeMapHeader(count:)` that many keys and values in turn. Every write is amortised O(bytes written).
public struct MessagePackWriter: Sendable {
    /// What has been written.
    public internal(set) var bytes: [UInt8]

    /// Begins with no bytes.
    /// - Parameter capacity: How many bytes to make room for at once; more may be written.
    public init(capacity: Int = 0) {
        bytes = []
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    /// Forgets what was written. The memory is kept for the next message where nobody shares it.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Writes nil.
    public mutating func writeNil() {
        bytes.append(0xc0)
    }

    /// Writes a bool.
    public mutating func write(_ value: Bool) {
        bytes.append(value ? 0xc3 : 0xc2)
    }

    /// Writes an integer.
    public mutating func write(_ value: UInt64) {
        switch value {
        case ...0x7f: bytes.append(UInt8(value))
        case ...0xff: append(0xcc, UInt8(value))
        case ...0xffff: append(0xcd, UInt16(value))
        case ...0xffff_ffff: append(0xce, UInt32(value))
        default: append(0xcf, value)
        }
    }

    /// Writes an integer. One that is not negative has the same bytes as if it were unsigned.
    public mutating func write(_ value: Int64) {
        switch value {
        case 0...: write(UInt64(value))
        case (-32)...: bytes.append(UInt8(bitPattern: Int8(value)))
        case Int64(Int8.min)...: append(0xd0, Int8(value))
        case Int64(Int16.min)...: append(0xd1, Int16(value))
        case Int64(Int32.min)...: append(0xd2, Int32(value))
        default: append(0xd3, value)
        }
    }

    /// Writes an integer.
    public mutating func write(_ value: Int) {
        write(Int64(value))
    }

    /// Writes a number of 32 bits, to the bit.
    public mutating func write(_ value: Float) {
        append(0xca, value.bitPattern)
    }

    /// Writes a number of 64 bits, to the bit.
    public mutating func write(_ value: Double) {
        append(0xcb, value.bitPattern)
    }

    /// Writes a str.
    /// - Precondition: It has at most 2^32 - 1 bytes of UTF-8.
    public mutating func write(_ value: String) {
        let utf8 = value.utf8
        writeStringHeader(count: utf8.count)
        bytes.append(contentsOf: utf8)
    }

    /// Writes a str of bytes that are UTF-8.
    /// - Precondition: It has at most 2^32 - 1 bytes.
    public mutating func writeString(_ utf8: UnsafeRawBufferPointer) {
        writeStringHeader(count: utf8.count)
        bytes.append(contentsOf: utf8)
    }

    /// Writes a bin.
    /// - Precondition: It has at most 2^32 - 1 bytes.
    public mutating func writeBinary(_ value: UnsafeRawBufferPointer) {
        writeBinaryHeader(count: value.count)
        bytes.append(contentsOf: value)
    }

    /// Writes a bin.
    /// - Precondition: It has at most 2^32 - 1 bytes.
    public mutating func writeBinary(_ value: [UInt8]) {
        writeBinaryHeader(count: value.count)
        bytes.append(contentsOf: value)
    }

    /// Writes a bin.
    /// - Precondition: It has at most 2^32 - 1 bytes.
    public mutating func writeBinary(_ value: RawSpan) {
        value.withUnsafeBytes { writeBinary($0) }
    }

    /// Writes the header of an array, whose elements follow.
    /// - Parameter count: How many elements: 0...2^32 - 1.
    public mutating func writeArrayHeader(count: Int) {
        switch count {
        case 0...15: bytes.append(0x90 | UInt8(count))
        case 16...0xffff: append(0xdc, UInt16(count))
        default: append(0xdd, checkedLength(count))
        }
    }

    /// Writes the header of a map, whose keys and values follow in turn.
    /// - Parameter count: How many pairs: 0...2^32 - 1.
    public mutating func writeMapHeader(count: Int) {
        switch count {
        case 0...15: bytes.append(0x80 | UInt8(count))
        case 16...0xffff: append(0xde, UInt16(count))
        default: append(0xdf, checkedLength(count))
        }
    }

    /// Writes a value of an application's own type.
    /// - Parameters:
    ///   - type: 0...127 for applications; MessagePack itself has the negative ones.
    ///   - data: At most 2^32 - 1 bytes.
    public mutating func writeExtension(type: Int8, _ data: UnsafeRawBufferPointer) {
        switch data.count {
        case 1: bytes.append(0xd4)
        case 2: bytes.append(0xd5)
        case 4: bytes.append(0xd6)
        case 8: bytes.append(0xd7)
        case 16: bytes.append(0xd8)
        case ...0xff: append(0xc7, UInt8(data.count))
        case ...0xffff: append(0xc8, UInt16(data.count))
        default: append(0xc9, checkedLength(data.count))
        }
        bytes.append(UInt8(bitPattern: type))
        bytes.append(contentsOf: data)
    }

    private mutating func writeStringHeader(count: Int) {
        switch count {
        case ...31: bytes.append(0xa0 | UInt8(count))
        case ...0xff: append(0xd9, UInt8(count))
        case ...0xffff: append(0xda, UInt16(count))
        default: append(0xdb, checkedLength(count))
        }
    }

    private mutating func writeBinaryHeader(count: Int) {
        switch count {
        case ...0xff: append(0xc4, UInt8(count))
        case ...0xffff: append(0xc5, UInt16(count))
        default: append(0xc6, checkedLength(count))
        }
    }

    @inline(__always)
    private mutating func append<Number: FixedWidthInteger>(_ marker: UInt8, _ number: Number) {
        bytes.append(marker)
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private func checkedLength(_ count: Int) -> UInt32 {
        precondition(count >= 0 && count <= Int(UInt32.max), "MessagePack holds 0 to 2^32 - 1 of a thing, not \(count)")
        return UInt32(count)
    }
}
