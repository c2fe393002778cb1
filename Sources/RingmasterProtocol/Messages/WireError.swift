// The error of a response on the wire: `[code, message]`, in the place that is nil where a call went well.

/// An error as a server answers with it.
public struct WireError: Hashable, Sendable {
    /// What kind of error it is. Codes that this version does not know are kept as they came.
    public let code: RPCErrorCode
    /// For a person: at most `MessageLimits.errorMessageBytesMax` bytes of UTF-8.
    public let message: String

    /// Makes an error; the message is cut to its limit, between two characters of Unicode. O(bytes kept).
    public init(code: RPCErrorCode, message: String) {
        self.code = code
        self.message = message.prefix(utf8: MessageLimits.errorMessageBytesMax)
    }

    /// The error as MessagePack.
    public func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: message.utf8.count + 9)
        encode(into: &writer)
        return writer.bytes
    }

    /// Appends the error as MessagePack.
    public func encode(into writer: inout MessagePackWriter) {
        writer.writeArrayHeader(count: 2)
        writer.write(Int64(code.rawValue))
        writer.write(message)
    }

    /// Reads an error that fills the bytes.
    ///
    /// The text is for people, so a fault in it does not cost the reader the code: what is above the limit is cut off,
    /// and what is not UTF-8 (a peer may cut a text anywhere) becomes U+FFFD.
    ///
    /// - Throws: `MessageError.encoding` or `.errorElementCount` when the bytes are anything but an integer of 32 bits
    ///   and a str in an array. The response is then the server's mistake as a whole.
    public init(decoding bytes: [UInt8]) throws(MessageError) {
        try self.init(decoding: bytes.span.bytes)
    }

    /// Reads an error that fills the bytes; see `init(decoding:)` of an array.
    public init(decoding bytes: RawSpan) throws(MessageError) {
        self = try bytes.withUnsafeBytes { bytes throws(MessageError) in try WireError(decoding: bytes) }
    }

    /// Reads an error that fills the bytes; see `init(decoding:)` of an array. The bytes are used only during the call.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(MessageError) {
        var reader = MessagePackReader(bytes)
        let count = try reading { () throws(MessagePackError) in try reader.readArrayHeader() }
        guard count == 2 else { throw .errorElementCount(count) }
        self = try reading { () throws(MessagePackError) in
            let code = try reader.readInteger(Int32.self)
            let text = try reader.readStringBytes()
            try reader.finish()
            // One byte more than may stay, so that the cut falls between two characters.
            let kept = String(decoding: text.prefix(MessageLimits.errorMessageBytesMax + 1), as: UTF8.self)
            return WireError(code: RPCErrorCode(rawValue: code), message: kept)
        }
    }
}

extension String {
    /// The longest beginning of at most so many bytes of UTF-8 that ends between two Unicode scalars. O(`bytesMax`).
    fileprivate func prefix(utf8 bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: bytesMax)
        while utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
