// What becomes of a socket's connections: libzmq hides them, but tells of them on request. RPC learns from it at once
// that a peer is gone, and a person why nothing arrives.

import CShim
import RingmasterProtocol

/// Something that happened to a connection of a socket. Endpoints are libzmq's text, as `tcp://127.0.0.1:5555`: those
/// of the socket itself where it was bound, those of the peer where it connects.
public enum ConnectionEvent: Hashable, Sendable {
    /// The socket listens.
    case listening(String)
    /// It could not listen; the second value is the system's reason.
    case bindFailed(String, reason: String)
    /// A peer's connection was accepted. Nothing is known of the peer yet.
    case accepted(String)
    /// A connection to the peer stands. Nothing is known of the peer yet.
    case connected(String)
    /// The handshake is complete: messages flow.
    case ready(String)
    /// The peer was turned away, or turned this side away.
    case handshakeFailed(String, HandshakeFailure)
    /// The connection broke, or the peer closed it.
    case disconnected(String)
    /// The connection is tried again after this time.
    case retrying(String, after: Duration)

    /// Why a handshake came to nothing.
    public enum HandshakeFailure: Hashable, Sendable {
        /// The connection ended in the midst of it; with CURVE, also how a client sees that it was refused without a
        /// word.
        case broken(reason: String)
        /// The peer speaks otherwise: another security mechanism, the wrong keys, not ZMTP. One of libzmq's
        /// ZMQ_PROTOCOL_ERROR_... codes.
        case `protocol`(code: UInt32)
        /// The server's authenticator refused the client; an HTTP-like status (300, 400, 500). ZAP, RFC 27.
        case authentication(status: UInt32)
    }

    /// The event that libzmq reports; nil for one that says nothing new.
    init?(_ event: UInt16, value: UInt32, endpoint: String) {
        switch Int32(event) {
        case ZMQ_EVENT_LISTENING: self = .listening(endpoint)
        case ZMQ_EVENT_BIND_FAILED: self = .bindFailed(endpoint, reason: Self.reason(value))
        case ZMQ_EVENT_ACCEPTED: self = .accepted(endpoint)
        case ZMQ_EVENT_CONNECTED: self = .connected(endpoint)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .ready(endpoint)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            self = .handshakeFailed(endpoint, .broken(reason: Self.reason(value)))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(endpoint, .protocol(code: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .handshakeFailed(endpoint, .authentication(status: value))
        case ZMQ_EVENT_DISCONNECTED: self = .disconnected(endpoint)
        case ZMQ_EVENT_CONNECT_RETRIED: self = .retrying(endpoint, after: .milliseconds(value))
        default: return nil
        }
    }

    private static func reason(_ number: UInt32) -> String {
        String(cString: rm_error_text(-Int32(truncatingIfNeeded: number)))
    }

    /// The bits of the events that are reported.
    static let reported =
        ZMQ_EVENT_LISTENING | ZMQ_EVENT_BIND_FAILED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED
        | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
}

/// Receives the events of one socket on that socket's loop. Owned and closed by the socket: see `LoopSocket.monitor`.
///
/// libzmq queues about two thousand events; beyond, its I/O thread waits for the loop to take some.
final class ConnectionMonitor: SocketHandler {
    private let monitored: OpaquePointer
    private let events: LoopSocket
    private let report: (ConnectionEvent) -> Void
    private var isClosed = false

    fileprivate init(
        monitored: OpaquePointer,
        events: LoopSocket,
        report: @escaping (ConnectionEvent) -> Void
    ) {
        self.monitored = monitored
        self.events = events
        self.report = report
        events.handler = self
    }

    convenience init(of socket: LoopSocket, report: @escaping (ConnectionEvent) -> Void) throws(TransportError) {
        guard let context = socket.context else { preconditionFailure("a context's own sockets are not monitored") }
        var pair: OpaquePointer?
        let status = rm_monitor_open(context.raw, socket.raw, ConnectionEvent.reported, &pair)
        guard status == 0, let pair else { throw TransportError(code: status, doing: "monitoring a socket") }
        let events: LoopSocket
        do {
            events = try LoopSocket(adopting: pair, context: context, loop: socket.loop)
        } catch {
            rm_monitor_end(socket.raw)
            rm_socket_close(pair)
            throw error
        }
        self.init(monitored: socket.raw, events: events, report: report)
    }

    func socketMayBeReady(_ socket: LoopSocket) {
        takeEvents()
    }

    /// Reports what there is, and gives the code of the last failure to listen among it: reporting that one costs
    /// `zmq_bind` its errno. 0 where there was none.
    @discardableResult
    func takeEvents() -> Int32 {
        var bindFailure: Int32 = 0
        var event = rm_monitor_event()
        while !isClosed, rm_monitor_receive(events.raw, &event) == 0 {
            let endpoint = withUnsafeBytes(of: event.endpoint) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if Int32(event.event) == ZMQ_EVENT_BIND_FAILED { bindFailure = -Int32(truncatingIfNeeded: event.value) }
            if let event = ConnectionEvent(event.event, value: event.value, endpoint: endpoint) { report(event) }
        }
        return bindFailure
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        rm_monitor_end(monitored)
        events.close()
    }
}
