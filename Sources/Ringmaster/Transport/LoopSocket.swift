// A ZeroMQ socket that belongs to an event loop.

import CShim
import RingmasterProtocol

/// Told when a socket may have messages, or room for some.
protocol SocketHandler: AnyObject {
    /// Called on the loop's thread. The socket may be ready or not: receive without waiting, and see.
    func socketMayBeReady(_ socket: LoopSocket)
}

/// A socket, confined to the thread of its loop.
final class LoopSocket {
    let raw: OpaquePointer
    let loop: EventLoop
    /// Whoever receives. Without one, messages wait in libzmq up to the high-water mark.
    /// Kept alive until the socket is closed. Not weak: an object that was ever held weakly counts its references slowly.
    var handler: (any SocketHandler)? {
        didSet { if token >= 0 { loop.touch(self) } }
    }

    // The loop's own notes.
    var token = -1
    var descriptor: Int32 = -1
    var isTouched = false
    var isMarked = false
    /// Whether it still had messages when it was last looked at.
    var isBusy = false
    /// Set while a send waits for room: the handler is then called for that as well.
    var wantsWritable = false

    /// Kept alive by the socket; nil for a socket that its context closes.
    let context: MessagingContext?
    private let security: Security
    /// What lets clients in, on a CURVE server.
    private var admission: Authenticator.Admission?
    /// Reports its connections; closed with it.
    private var monitor: ConnectionMonitor?
    private var isClosed = false

    /// How many messages to take at once. A socket that was idle has most likely one, and asking for a second costs a
    /// system call; if there are more, it is busy the next time.
    var expectedMessages: UInt32 { isBusy ? UInt32(Limits.messagesPerBatchMax) : 1 }

    /// Opens a socket of `kind` (an RM_... constant) on the loop's thread.
    init(
        kind: Int,
        settings: SocketSettings,
        security: Security,
        context: MessagingContext,
        loop: EventLoop
    ) throws(TransportError) {
        loop.checkIsolated()
        var socket: OpaquePointer?
        let status = rm_socket_open(context.raw, Int32(kind), &socket)
        guard status == 0, let socket else { throw TransportError(code: status, doing: "opening a socket") }
        raw = socket
        self.loop = loop
        self.context = context
        self.security = security
        do {
            try settings.apply(to: self)
            admission = try security.apply(to: self, in: context)
            try loop.add(self)
        } catch {
            close()
            throw error
        }
    }

    /// Takes over an open socket and watches it. On failure the socket stays the caller's.
    init(adopting raw: OpaquePointer, context: MessagingContext?, loop: EventLoop) throws(TransportError) {
        loop.checkIsolated()
        self.raw = raw
        self.loop = loop
        self.context = context
        security = .none
        do {
            try loop.add(self)
        } catch {
            isClosed = true
            throw error
        }
    }

    deinit {
        precondition(isClosed, "a socket must be closed on its loop before it is let go")
    }

    func set(_ option: Int32, _ value: Int) throws(TransportError) {
        try check(rm_socket_set_int(raw, option, Int32(clamping: value)), "setting socket option \(option)")
    }

    func set(_ option: Int32, _ bytes: [UInt8]) throws(TransportError) {
        try check(rm_socket_set_bytes(raw, option, bytes, bytes.count), "setting socket option \(option)")
    }

    func setMaximumMessageBytes(_ bytes: Int) throws(TransportError) {
        try check(rm_socket_set_int64(raw, ZMQ_MAXMSGSIZE, Int64(bytes)), "setting the message limit")
    }

    /// Listens on `endpoint` and returns it with wildcards resolved.
    func bind(_ endpoint: Endpoint) throws(TransportError) -> Endpoint {
        try security.permit(endpoint)
        try endpoint.checkIPCPathIsFree()
        try set(ZMQ_IPV6, endpoint.usesIPv6 ? 1 : 0)
        var status = rm_socket_bind(raw, endpoint.text)
        if status != 0, let monitor {
            let reported = monitor.takeEvents()
            if reported != 0 { status = reported }
        }
        guard status == 0 else { throw TransportError(code: status, endpoint: endpoint) }
        loop.touch(self)
        var text = [CChar](repeating: 0, count: 512)
        try check(rm_socket_last_endpoint(raw, &text, text.count), "asking for the bound endpoint")
        let length = text.firstIndex(of: 0) ?? text.count
        return try Endpoint(String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Begins to connect to `endpoint`; libzmq goes on trying until the socket is closed.
    func connect(_ endpoint: Endpoint) throws(TransportError) {
        // A connecting socket must never stop reading: a heartbeat that goes unread for that makes libzmq reconnect, and
        // the word to read on, meant for the old connection, then aborts the process (libzmq issue 3937, up to 4.3.5).
        // What may come is bounded by what was asked for.
        try set(ZMQ_RCVHWM, 0)
        try security.permit(endpoint)
        try set(ZMQ_IPV6, endpoint.usesIPv6 ? 1 : 0)
        let status = rm_socket_connect(raw, endpoint.text)
        guard status == 0 else { throw TransportError(code: status, endpoint: endpoint) }
        loop.touch(self)
    }

    /// Reports what becomes of this socket's connections to `report`, on the loop's thread, until the socket is closed.
    /// Call it once, before `bind` and `connect`.
    func monitor(_ report: @escaping (ConnectionEvent) -> Void) throws(TransportError) {
        precondition(monitor == nil, "a socket has one monitor")
        monitor = try ConnectionMonitor(of: self, report: report)
    }

    /// Stops watching and closes. What is unsent is kept by the context for the linger time.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        monitor?.close()
        monitor = nil
        admission = nil
        loop.remove(self)
        // The socket keeps its handler alive, and the handler its socket.
        handler = nil
        rm_socket_close(raw)
    }

    private func check(_ status: Int32, _ doing: String) throws(TransportError) {
        guard status == 0 else { throw TransportError(code: status, doing: doing) }
    }
}
