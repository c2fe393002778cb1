// MessagePack, value by value, out of bytes that belong to somebody else. Messages are read with it by hand; the
// decoder reads everybody's Codable values through it. MessagePackHead.swift has the checks.

/// Reads MessagePack in place: nothing is copied but what a read returns as a value of its own.
///
/// A read either returns a value and moves behind it, or throws and stays. Forms longer than need be are accepted. The
/// bytes, and every buffer that a read returns, are valid only as long as whoever owns the bytes keeps them.
public struct MessagePackReader {
    /// All the bytes, from the first that the reader was given.
    let bytes: UnsafeRawBufferPointer
    /// Where the next value begins, in bytes from the start.
    public private(set) var offset: Int

    /// Reads from the start of `bytes`, which must outlive the reader.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        offset = 0
    }

    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        precondition(offset >= 0 && offset <= bytes.count, "a reader begins within its bytes")
        self.bytes = bytes
        self.offset = offset
    }

    /// How many bytes there are from `offset` on.
    public var remaining: Int { bytes.count - offset }

    /// Whether everything has been read.
    public var isAtEnd: Bool { offset == bytes.count }

    /// The type of the next value. O(1).
    /// - Throws: `MessagePackError.truncated`, `.malformed` or `.tooLarge`.
    public func nextType() throws(MessagePackError) -> MessagePackType {
        var end = 0
        return try head(end: &end).type
    }

    /// Checks that nothing is left.
    /// - Throws: `MessagePackError.trailingBytes`.
    public func finish() throws(MessagePackError) {
        guard isAtEnd else { throw .trailingBytes(count: remaining, offset: offset) }
    }

    /// Reads nil if the next value is that. Returns whether it was.
    public mutating func readNilIfNext() -> Bool {
        guard offset < bytes.count, bytes[offset] == 0xc0 else { return false }
        offset += 1
        return true
    }

    /// Reads a bool.
    public mutating func readBool() throws(MessagePackError) -> Bool {
        var end = 0
        let head = try head(end: &end)
        guard case .bool(let value) = head else { throw mismatch(.bool, head) }
        offset = end
        return value
    }

    /// Reads an integer of any width.
    /// - Throws: `MessagePackError.outOfRange` when `Number` does not hold it, `.typeMismatch` for a float.
    public mutating func readInteger<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(MessagePackError) -> Number {
        var end = 0
        let head = try head(end: &end)
        let number: Number?
        switch head {
        case .unsigned(let value): number = Number(exactly: value)
        case .negative(let value): number = Number(exactly: value)
        default: throw mismatch(.integer, head)
        }
        guard let number else { throw .outOfRange(offset: offset) }
        offset = end
        return number
    }

    /// Reads an integer that is not negative.
    /// - Throws: `MessagePackError.outOfRange` for a negative one, `.typeMismatch` for a float.
    public mutating func readUnsigned() throws(MessagePackError) -> UInt64 {
        if offset < bytes.count, bytes[offset] < 0x80 {
            defer { offset += 1 }
            return UInt64(bytes[offset])
        }
        return try readInteger()
    }

    /// Reads a number that a `Double` holds exactly: a float of either width, or an integer (some languages write 3.0
    /// as 3).
    /// - Throws: `MessagePackError.outOfRange` for an integer that it does not hold exactly.
    public mutating func readDouble() throws(MessagePackError) -> Double {
        try readFloatingPoint {
            Double($0)
        } fromDouble: {
            $0
        }
    }

    /// Reads a number that a `Float` holds exactly: a float of either width, or an integer. Not a number is held too.
    /// - Throws: `MessagePackError.outOfRange` for one that it does not hold exactly.
    public mutating func readFloat() throws(MessagePackError) -> Float {
        try readFloatingPoint {
            $0
        } fromDouble: {
            $0.isNaN ? Float($0) : Float(exactly: $0)
        }
    }

    /// Reads a str.
    /// - Throws: `MessagePackError.invalidText` when it is not UTF-8.
    public mutating func readString() throws(MessagePackError) -> String {
        let start = offset
        let text = try readStringBytes()
        guard let string = String(validating: text, as: UTF8.self) else {
            offset = start
            throw .invalidText(offset: start)
        }
        return string
    }

    /// Reads a str as its bytes, which are not checked to be UTF-8.
    public mutating func readStringBytes() throws(MessagePackError) -> UnsafeRawBufferPointer {
        var end = 0
        let head = try head(end: &end)
        guard case .string(let length) = head else { throw mismatch(.string, head) }
        offset = end + length
        return UnsafeRawBufferPointer(rebasing: bytes[end..<offset])
    }

    /// Reads a bin.
    public mutating func readBinary() throws(MessagePackError) -> UnsafeRawBufferPointer {
        var end = 0
        let head = try head(end: &end)
        guard case .binary(let length) = head else { throw mismatch(.binary, head) }
        offset = end + length
        return UnsafeRawBufferPointer(rebasing: bytes[end..<offset])
    }

    /// Reads the header of an array and returns how many elements follow: never more than there are bytes behind it.
    /// - Throws: `MessagePackError.tooLarge` for a count beyond that.
    public mutating func readArrayHeader() throws(MessagePackError) -> Int {
        var end = 0
        let head = try head(end: &end)
        guard case .array(let count) = head else { throw mismatch(.array, head) }
        offset = end
        return count
    }

    /// Reads the header of a map and returns how many pairs follow: never more than half the bytes behind it.
    /// - Throws: `MessagePackError.tooLarge` for a count beyond that.
    public mutating func readMapHeader() throws(MessagePackError) -> Int {
        var end = 0
        let head = try head(end: &end)
        guard case .map(let count) = head else { throw mismatch(.map, head) }
        offset = end
        return count
    }

    /// Reads a value of an application's own type.
    public mutating func readExtension() throws(MessagePackError) -> (type: Int8, data: UnsafeRawBufferPointer) {
        var end = 0
        let head = try head(end: &end)
        guard case .ext(let type, let length) = head else { throw mismatch(.ext, head) }
        offset = end + length
        return (type, UnsafeRawBufferPointer(rebasing: bytes[end..<offset]))
    }

    /// Passes over one value with all that is in it. O(bytes of the value), no allocation; the stack it takes is bounded
    /// by `MessagePackLimits.depthMax`.
    /// - Parameter checkingText: Whether every str in it must be UTF-8, or may be any bytes.
    /// - Throws: what is wrong with the value, wherever in it.
    public mutating func skipValue(checkingText: Bool = false) throws(MessagePackError) {
        let start = offset
        do {
            try skip(depth: 0, checkingText: checkingText)
        } catch {
            offset = start
            throw error
        }
    }

    private mutating func skip(depth: Int, checkingText: Bool) throws(MessagePackError) {
        var end = 0
        var inside = 0
        switch try head(end: &end) {
        case .string(let length):
            if checkingText, !isUTF8(end..<end + length) { throw .invalidText(offset: offset) }
            end += length
        case .binary(let length), .ext(_, let length): end += length
        case .array(let count): inside = count
        case .map(let count): inside = 2 * count
        case .null, .bool, .unsigned, .negative, .float, .double:
            offset = end
            return
        }
        if inside > 0 && depth == MessagePackLimits.depthMax { throw .tooDeep(offset: offset) }
        offset = end
        for _ in 0..<inside {
            try skip(depth: depth + 1, checkingText: checkingText)
        }
    }

    private func isUTF8(_ range: Range<Int>) -> Bool {
        guard let start = bytes.baseAddress, !range.isEmpty else { return true }
        let text = UnsafeBufferPointer(
            start: (start + range.lowerBound).assumingMemoryBound(to: UInt8.self),
            count: range.count
        )
        return (try? UTF8Span(validating: text.span)) != nil
    }

    private mutating func readFloatingPoint<Number: BinaryFloatingPoint>(
        _ fromFloat: (Float) -> Number,
        fromDouble: (Double) -> Number?
    ) throws(MessagePackError) -> Number {
        var end = 0
        let head = try head(end: &end)
        let number: Number?
        switch head {
        case .float(let value): number = fromFloat(value)
        case .double(let value): number = fromDouble(value)
        case .unsigned(let value): number = Number(exactly: value)
        case .negative(let value): number = Number(exactly: value)
        default: throw mismatch(.float, head)
        }
        guard let number else { throw .outOfRange(offset: offset) }
        offset = end
        return number
    }

    private func mismatch(_ expected: MessagePackType, _ head: MessagePackHead) -> MessagePackError {
        .typeMismatch(expected: expected, found: head.type, offset: offset)
    }
}
