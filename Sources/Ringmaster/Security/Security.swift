// Placeholder of the security settings applied to each socket.

/// How a socket proves who it is.
public enum Security: Sendable {
    case none

    func apply(to socket: LoopSocket) throws(TransportError) {}
}
