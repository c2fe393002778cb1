// Answers libzmq when it asks whether a client may connect: the ZAP protocol, RFC 27 of rfc.zeromq.org.
//
// libzmq asks over inproc, once a handshake, and lets nobody in before the answer. Each server socket has a domain of its
// own, so that each can have its own list.

import CShim
import Glibc

/// What a context's authenticator has decided, since its first server socket was opened.
public struct AuthenticationStatistics: Hashable, Sendable {
    /// Clients admitted.
    public var accepted = 0
    /// Clients whose key is not on the socket's list.
    public var unknownKey = 0
    /// Clients of a socket that was closed meanwhile.
    public var unknownDomain = 0
    /// Requests for another mechanism than CURVE, or in another form than RFC 27 has.
    public var malformed = 0

    /// Everybody that was turned away here. A client that does not speak CURVE at all, or has the wrong server key, fails
    /// before it is asked about; a socket's monitor tells of it.
    public var refused: Int { unknownKey + unknownDomain + malformed }
}

/// The authenticator of one context: a ROUTER on `inproc://zeromq.zap.01`, on an event loop of its own, which sleeps
/// while nobody connects. Made with the first CURVE server, before it listens; ends with the context.
///
/// Thread safety: any thread.
final class Authenticator: Sendable {
    private struct State {
        var allowed: [String: AllowedClients] = [:]
        var lastDomain = 0
        var statistics = AuthenticationStatistics()
    }

    private let state = Guarded(State())
    private let loop: EventLoop
    private let responder: Responder

    /// Listens in `context`, which must end it before it ends itself.
    init(in context: OpaquePointer) throws(TransportError) {
        var opened: OpaquePointer?
        var status = rm_socket_open(context, Int32(RM_ROUTER), &opened)
        guard status == 0, let socket = opened else { throw TransportError(code: status, doing: "opening a socket") }
        status = rm_socket_set_int(socket, ZMQ_LINGER, 0)
        // Requests wait in the socket from here on, so the loop may take its time.
        if status == 0 { status = rm_socket_bind(socket, "inproc://zeromq.zap.01") }
        guard status == 0 else {
            rm_socket_close(socket)
            throw TransportError(code: status, doing: "starting the authenticator")
        }
        let loop = EventLoop.start(name: "rm-authenticator")
        let responder = Responder()
        self.loop = loop
        self.responder = responder
        // A socket may move to another thread across a full memory barrier; posting is one.
        nonisolated(unsafe) let moved = socket
        loop.post { [weak self] in responder.begin(on: loop, socket: moved) { self?.decide($0) ?? .serverGone } }
    }

    /// Closes its socket and ends its loop. The context can be ended from then on.
    func end() {
        loop.post { [loop, responder] in
            responder.end()
            loop.stop()
        }
    }

    var statistics: AuthenticationStatistics { state.withLock { $0.statistics } }

    /// Opens a domain in which `clients` are admitted, for as long as the admission is held.
    func admit(_ clients: AllowedClients) -> Admission {
        let domain = state.withLock { state in
            state.lastDomain += 1
            let domain = "ringmaster.\(state.lastDomain)"
            state.allowed[domain] = clients
            return domain
        }
        return Admission(domain: domain, authenticator: self)
    }

    /// The domain of one server socket.
    final class Admission: Sendable {
        let domain: String
        private let authenticator: Authenticator

        fileprivate init(domain: String, authenticator: Authenticator) {
            self.domain = domain
            self.authenticator = authenticator
        }

        deinit {
            authenticator.state.withLock { $0.allowed[domain] = nil }
        }
    }

    /// Counts and answers one question.
    private func decide(_ request: ZAPRequest?) -> ZAPVerdict {
        state.withLock { state in
            guard let request else {
                state.statistics.malformed += 1
                return .malformed
            }
            guard let allowed = state.allowed[request.domain] else {
                state.statistics.unknownDomain += 1
                return .serverGone
            }
            guard allowed.admit(request.key) else {
                state.statistics.unknownKey += 1
                return .refused
            }
            state.statistics.accepted += 1
            return .admitted(request.key)
        }
    }
}

/// The part of the authenticator that is confined to its loop.
private final class Responder: SocketHandler, @unchecked Sendable {
    // @unchecked: made anywhere, then touched by the loop's thread alone.
    private var socket: LoopSocket?
    private var unwatched: OpaquePointer?
    private var decide: (ZAPRequest?) -> ZAPVerdict = { _ in .serverGone }
    private let batch = MessageBatch(messages: 16, parts: ZAPRequest.partsMax)

    func begin(on loop: EventLoop, socket raw: OpaquePointer, decide: @escaping (ZAPRequest?) -> ZAPVerdict) {
        self.decide = decide
        do {
            socket = try LoopSocket(adopting: raw, context: nil, loop: loop)
            socket?.handler = self
        } catch {
            // Out of descriptors. The socket stays open, so that questions wait in it and handshakes run out of time: where
            // nobody listened, libzmq would admit everybody.
            unwatched = raw
        }
    }

    func end() {
        socket?.close()
        socket = nil
        if let unwatched { rm_socket_close(unwatched) }
        unwatched = nil
    }

    func socketMayBeReady(_ socket: LoopSocket) {
        let count = batch.receive(from: socket)
        for index in 0..<count {
            let parts = batch.partCount(index)
            // Without the way back and the number of the question there is no answer.
            guard parts >= 4 else {
                _ = decide(nil)
                continue
            }
            let verdict = decide(ZAPRequest(batch, index))
            var status = socket.send(batch.part(0, of: index), more: true)
            if status == 0 { status = socket.send([], more: true) }
            if status == 0 { status = socket.send(ZAPRequest.version, more: true) }
            if status == 0 { status = socket.send(batch.part(3, of: index), more: true) }
            if status == 0 { status = socket.send(Array(verdict.code.utf8), more: true) }
            if status == 0 { status = socket.send(Array(verdict.text.utf8), more: true) }
            if status == 0 { status = socket.send(Array(verdict.user.utf8), more: true) }
            if status == 0 { _ = socket.send([]) }
        }
        batch.release()
    }
}

/// A question: may the holder of this key connect to the socket of this domain?
private struct ZAPRequest {
    /// The sender, an empty part, version, number, domain, address, identity, mechanism, key.
    static let partsMax = 9
    static let version = Array("1.0".utf8)

    let domain: String
    let key: CurvePublicKey

    /// Nil where message `index` is not a question about a CURVE client.
    init?(_ batch: borrowing MessageBatch, _ index: Int) {
        guard batch.partCount(index) == Self.partsMax, batch.part(1, of: index).isEmpty,
            batch.part(2, of: index).elementsEqual(Self.version),
            batch.part(7, of: index).elementsEqual("CURVE".utf8),
            let key = CurvePublicKey(bytes: batch.part(8, of: index))
        else { return nil }
        domain = String(decoding: batch.part(4, of: index), as: UTF8.self)
        self.key = key
    }
}

private enum ZAPVerdict {
    case admitted(CurvePublicKey)
    case refused, serverGone, malformed

    var code: String {
        switch self {
        case .admitted: "200"
        case .refused, .serverGone: "400"
        case .malformed: "500"
        }
    }

    var text: String {
        switch self {
        case .admitted: "OK"
        case .refused: "unknown key"
        case .serverGone: "unknown domain"
        case .malformed: "malformed request"
        }
    }

    /// Who the peer is, as far as libzmq is told.
    var user: String {
        if case .admitted(let key) = self { key.text } else { "" }
    }
}
