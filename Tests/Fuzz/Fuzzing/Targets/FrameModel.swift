// The grammar of docs/PROTOCOL.md, section 2, by the Swift reader: what the C shim is compared with.

import RingmasterProtocol

/// A frame as it should be read; nil where it should be refused.
struct FrameModel {
    var length: Int64 = 0
    var kind: UInt32 = 0
    var msgid: UInt32 = 0
    var budget: UInt64 = 0
    var attempt: UInt32 = 0
    /// Where the bytes of a raw call or reply lie.
    var payload: Range<Int>?

    init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = MessagePackReader(bytes)
        do throws(MessagePackError) {
            let fields = try reader.readArrayHeader()
            guard let kind = try Self.uint(&reader, bytes), kind <= 2 else { return nil }
            self.kind = UInt32(kind)
            switch kind {
            case 0: guard try readRequest(&reader, bytes, fields) else { return nil }
            case 1: guard try readResponse(&reader, bytes, fields) else { return nil }
            default: guard fields == 3, try readCall(&reader, bytes) else { return nil }
            }
        } catch {
            return nil
        }
        length = Int64(reader.offset)
    }

    private mutating func readRequest(
        _ reader: inout MessagePackReader,
        _ bytes: UnsafeRawBufferPointer,
        _ fields: Int
    ) throws(MessagePackError) -> Bool {
        guard (4...6).contains(fields), try readMsgid(&reader, bytes), try readCall(&reader, bytes) else {
            return false
        }
        if fields >= 5 {
            guard let budget = try Self.uint(&reader, bytes) else { return false }
            self.budget = budget
        }
        if fields == 6 {
            guard let number = try Self.uint(&reader, bytes), let attempt = UInt32(exactly: number) else {
                return false
            }
            self.attempt = attempt
        }
        return true
    }

    private mutating func readResponse(
        _ reader: inout MessagePackReader,
        _ bytes: UnsafeRawBufferPointer,
        _ fields: Int
    ) throws(MessagePackError) -> Bool {
        guard fields == 4, try readMsgid(&reader, bytes) else { return false }
        try reader.skipValue()
        guard try reader.nextType() == .binary else {
            try reader.skipValue()
            return true
        }
        let count = try reader.readBinary().count
        payload = reader.offset - count..<reader.offset
        return true
    }

    private mutating func readMsgid(
        _ reader: inout MessagePackReader,
        _ bytes: UnsafeRawBufferPointer
    ) throws(MessagePackError) -> Bool {
        guard let number = try Self.uint(&reader, bytes), let msgid = UInt32(exactly: number) else { return false }
        self.msgid = msgid
        return true
    }

    /// A method and its params.
    private mutating func readCall(
        _ reader: inout MessagePackReader,
        _ bytes: UnsafeRawBufferPointer
    ) throws(MessagePackError) -> Bool {
        guard (1...255).contains(try reader.readStringBytes().count), try reader.nextType() == .array else {
            return false
        }
        var inside = reader
        try reader.skipValue()
        if try inside.readArrayHeader() == 1, try inside.nextType() == .binary {
            let count = try inside.readBinary().count
            payload = inside.offset - count..<inside.offset
        }
        return true
    }

    /// An integer in an unsigned format; nil for one in another.
    private static func uint(
        _ reader: inout MessagePackReader,
        _ bytes: UnsafeRawBufferPointer
    ) throws(MessagePackError) -> UInt64? {
        guard !reader.isAtEnd else { throw .truncated(offset: reader.offset) }
        let marker = bytes[reader.offset]
        guard marker <= 0x7f || (0xcc...0xcf).contains(marker) else { return nil }
        return try reader.readInteger(UInt64.self)
    }
}
