// How a socket proves who it is, and to whom it speaks at all.

import CShim

/// The security of one socket.
///
/// CURVE encrypts and authenticates tcp and ipc connections. It has no part in inproc, whose peers share a process.
public enum Security: Sendable {
    /// None. Good for loopback, ipc and inproc; anything that leaves the host is refused.
    case none
    /// None, on any network: whoever can reach the socket can read, send and pretend. For networks that are private.
    case insecure
    /// The listening side, known to its clients by `keys.publicKey`. A client that is not allowed gets nothing: its
    /// handshake is never completed.
    case curveServer(keys: CurveKeyPair, allowing: AllowedClients)
    /// The connecting side. It talks to the holder of `server` and nobody else.
    case curveClient(keys: CurveKeyPair, server: CurvePublicKey)

    /// Sets the options of a new socket. Returns the admission to hold while the socket lives, for a server.
    func apply(
        to socket: LoopSocket,
        in context: MessagingContext
    ) throws(TransportError) -> Authenticator.Admission? {
        switch self {
        case .none, .insecure:
            return nil
        case .curveServer(let keys, let clients):
            // First of all: libzmq admits everybody where nobody listens for its questions.
            let admission = try context.authenticator().admit(clients)
            try socket.set(ZMQ_CURVE_SERVER, 1)
            try socket.set(ZMQ_CURVE_SECRETKEY, keys.secret)
            try socket.set(ZMQ_ZAP_DOMAIN, Array(admission.domain.utf8))
            return admission
        case .curveClient(let keys, let server):
            try socket.set(ZMQ_CURVE_SERVERKEY, server.bytes)
            try socket.set(ZMQ_CURVE_PUBLICKEY, keys.publicKey.bytes)
            try socket.set(ZMQ_CURVE_SECRETKEY, keys.secret)
            return nil
        }
    }

    /// Throws where `endpoint` would carry plain text beyond this host without permission.
    func permit(_ endpoint: Endpoint) throws(TransportError) {
        if case .none = self, endpoint.leavesThisHost { throw .insecureEndpoint(endpoint.text) }
    }
}
