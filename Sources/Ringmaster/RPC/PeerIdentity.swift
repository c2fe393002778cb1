// Who a peer of a server is: its ZeroMQ routing id.

/// The routing id of a peer, 1 to 255 bytes. A client of this library draws 16 at random and keeps them over reconnects;
/// others may get one from libzmq that lasts for one connection.
public struct PeerIdentity: Hashable, Sendable, CustomStringConvertible {
    // Up to 16 bytes stand in two words, so that looking one up costs no allocation.
    private let low: UInt64
    private let high: UInt64
    private let count: UInt8
    private let rest: [UInt8]

    init(_ bytes: UnsafeRawBufferPointer) {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes.prefix(16)) }
        (low, high) = words
        count = UInt8(clamping: bytes.count)
        rest = bytes.count > 16 ? Array(bytes.dropFirst(16)) : []
    }

    /// The bytes of the routing id.
    public var bytes: [UInt8] {
        withUnsafeBytes(of: (low, high)) { Array($0.prefix(Int(count))) } + rest
    }

    /// The bytes in hexadecimal.
    public var description: String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
