// What can be wrong with bytes that claim to be MessagePack, the types they can hold, and how deep they may nest.
// MessagePackReader.swift throws these; the decoder wraps them in the standard library's `DecodingError`.

/// How far MessagePack may go.
public enum MessagePackLimits {
    /// Deepest nesting of arrays and maps, written or read: enough for any message, and a bound on the stack.
    public static let depthMax = 32

    /// Most bytes that a decoder takes in at once: its offsets are 32 bits wide.
    public static let decodedBytesMax = Int(UInt32.max)
}

/// The kinds of value that MessagePack knows.
public enum MessagePackType: Hashable, Sendable {
    case null
    case bool
    /// An integer of any width, signed or not.
    case integer
    /// A floating-point number of either width.
    case float
    case string
    case binary
    case array
    case map
    /// An application's own type.
    case ext
}

/// Why bytes were refused. The sender made the mistake, or somebody cut or changed the bytes; all offsets are bytes
/// from the start of what the reader was given.
public enum MessagePackError: Error, Hashable, Sendable {
    /// The bytes end inside a value.
    case truncated(offset: Int)
    /// The byte at the offset (0xc1) begins no value.
    case malformed(offset: Int)
    /// A value is of another type than the reader asked for.
    case typeMismatch(expected: MessagePackType, found: MessagePackType, offset: Int)
    /// A number cannot be held exactly by the type that the reader asked for.
    case outOfRange(offset: Int)
    /// A str is not UTF-8.
    case invalidText(offset: Int)
    /// Arrays and maps nest deeper than `MessagePackLimits.depthMax`.
    case tooDeep(offset: Int)
    /// An array or map announces more elements than the bytes behind it can hold: cut off, or hostile. Nothing was
    /// reserved for it.
    case tooLarge(count: Int, remaining: Int, offset: Int)
    /// Bytes are left behind the one value that was expected.
    case trailingBytes(count: Int, offset: Int)
}

extension MessagePackError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let offset):
            "the value at byte \(offset) is cut off; send it whole"
        case .malformed(let offset):
            "byte \(offset) begins no MessagePack value"
        case .typeMismatch(let expected, let found, let offset):
            "the value at byte \(offset) is of type \(found) where \(expected) is expected"
        case .outOfRange(let offset):
            "the number at byte \(offset) does not fit the type that is expected"
        case .invalidText(let offset):
            "the str at byte \(offset) is not UTF-8; send bytes as bin"
        case .tooDeep(let offset):
            "arrays and maps nest deeper than \(MessagePackLimits.depthMax) at byte \(offset); flatten the value"
        case .tooLarge(let count, let remaining, let offset):
            "the array or map at byte \(offset) announces \(count) elements, but only \(remaining) bytes follow"
        case .trailingBytes(let count, let offset):
            "\(count) bytes follow the value, from byte \(offset) on; send one value"
        }
    }
}
