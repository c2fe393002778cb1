// Protocol buffers as far as a few small messages need them (https://protobuf.dev/programming-guides/encoding): numbers and bytes.

/// A message that is being made, field by field. Default values are left out, as the format has it.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, number: UInt64) {
        guard number != 0 else { return }
        add(varint: field << 3)
        add(varint: number)
    }

    mutating func add(_ field: UInt64, bytes value: some Collection<UInt8>) {
        add(varint: field << 3 | 2)
        add(varint: UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A message within this one; it is there even if it is empty.
    mutating func add(_ field: UInt64, _ fill: (inout ProtobufMessage) -> Void) {
        var inner = ProtobufMessage()
        fill(&inner)
        add(field, bytes: inner.bytes)
    }

    private mutating func add(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// The fields of a message, in their order; it ends early where the bytes are no such message.
struct ProtobufFields: Sequence, IteratorProtocol {
    enum Value {
        case number(UInt64)
        /// Bytes, text, or a message; as long as what they were read from.
        case bytes(UnsafeRawBufferPointer)
    }

    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    mutating func next() -> (field: UInt64, value: Value)? {
        guard let tag = takeVarint() else { return nil }
        switch tag & 7 {
        case 0: return takeVarint().map { (tag >> 3, .number($0)) }
        case 1: return takeBytes(8).map { (tag >> 3, .bytes($0)) }
        case 2:
            guard let count = takeVarint() else { return nil }
            return takeBytes(count).map { (tag >> 3, .bytes($0)) }
        case 5: return takeBytes(4).map { (tag >> 3, .bytes($0)) }
        default: return nil
        }
    }

    /// The first field of this number that holds a message or bytes.
    func bytes(_ field: UInt64) -> UnsafeRawBufferPointer? {
        for case (field, .bytes(let bytes)) in self { return bytes }
        return nil
    }

    /// The first number in a field; 0, the default, where there is none.
    func number(_ field: UInt64) -> UInt64 {
        for case (field, .number(let number)) in self { return number }
        return 0
    }

    private mutating func takeVarint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    private mutating func takeBytes(_ count: UInt64) -> UnsafeRawBufferPointer? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count)))
    }
}
