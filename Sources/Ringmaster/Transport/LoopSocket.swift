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
    weak var handler: (any SocketHandler)?

    // The loop's own notes.
    var token = -1
    var descriptor: Int32 = -1
    var isTouched = false
    var isMarked = false
    /// Set while a send waits for room: the handler is then called for that as well.
    var wantsWritable = false

    private let context: MessagingContext
    private var isClosed = false

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
        do {
            try settings.apply(to: self)
            try security.apply(to: self)
            try loop.add(self)
        } catch {
            close()
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
        try endpoint.checkIPCPathIsFree()
        let status = rm_socket_bind(raw, endpoint.text)
        guard status == 0 else { throw TransportError(code: status, endpoint: endpoint) }
        loop.touch(self)
        var text = [CChar](repeating: 0, count: 512)
        try check(rm_socket_last_endpoint(raw, &text, text.count), "asking for the bound endpoint")
        let length = text.firstIndex(of: 0) ?? text.count
        return try Endpoint(String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Begins to connect to `endpoint`; libzmq goes on trying until the socket is closed.
    func connect(_ endpoint: Endpoint) throws(TransportError) {
        let status = rm_socket_connect(raw, endpoint.text)
        guard status == 0 else { throw TransportError(code: status, endpoint: endpoint) }
        loop.touch(self)
    }

    /// Stops watching and closes. What is unsent is kept by the context for the linger time.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.remove(self)
        rm_socket_close(raw)
    }

    private func check(_ status: Int32, _ doing: String) throws(TransportError) {
        guard status == 0 else { throw TransportError(code: status, doing: doing) }
    }
}
