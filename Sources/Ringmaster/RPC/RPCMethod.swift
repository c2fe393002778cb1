// A method's name, encoded once.

import CShim

/// The name of a remote method: 1 to 255 bytes of UTF-8. Make it once and keep it; a call with it encodes nothing.
///
///     static let echo: RPCMethod = "echo"
public struct RPCMethod: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let name: String
    /// The name as a MessagePack str.
    let encoded: [UInt8]

    /// - Precondition: `name` has 1 to 255 UTF-8 bytes. A name from outside is checked with `init(checking:)`.
    public init(_ name: String) {
        guard let method = RPCMethod(checking: name) else {
            preconditionFailure("a method's name has 1 to \(RM_METHOD_LENGTH_MAX) bytes: '\(name)'")
        }
        self = method
    }

    /// Nil where `name` is empty or longer than 255 bytes.
    public init?(checking name: String) {
        let bytes = Array(name.utf8)
        guard (1...RM_METHOD_LENGTH_MAX).contains(bytes.count) else { return nil }
        self.name = name
        encoded = [UInt8](unsafeUninitializedCapacity: bytes.count + 2) { buffer, count in
            let start = buffer.baseAddress!
            count = rm_frame_put_name(start, bytes, bytes.count) - start
        }
    }

    public init(stringLiteral name: String) {
        self.init(name)
    }

    public var description: String { name }
}
