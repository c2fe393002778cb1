// The server's inside: one ROUTER, its peers, and the requests on their way to handlers. `RPCServer` is its front;
// `ServerCore+Tasks.swift` holds what concerns async handlers.

import CShim
import DequeModule
import RingmasterProtocol

/// Everything a server owns.
///
/// @unchecked Sendable: confined to the loop's thread, which every way in checks; other threads only pass it on.
final class ServerCore: SocketHandler, Flushable, @unchecked Sendable {
    enum Phase {
        case serving, draining, closed
    }

    // Exclusivity is left unchecked for what each request touches, as in ClientCore.
    let loop: EventLoop
    let configuration: RPCServerConfiguration
    let endpoint: Endpoint
    @exclusivity(unchecked) private(set) var phase = Phase.serving
    @exclusivity(unchecked) var counts = RPCServerStatistics()

    private let socket: LoopSocket
    private let pool: OpaquePointer
    private let batch: OpaquePointer
    private let methods: MethodTable
    @exclusivity(unchecked) private var methodHint = 0
    private var peers: [PeerIdentity: ServerPeer] = [:]
    @exclusivity(unchecked) private var lastPeer: ServerPeer?
    @exclusivity(unchecked) private var dirty: [ServerPeer] = []
    private var blocked: [ServerPeer] = []
    private var blockedTimer: LoopTimer!
    private var sweepTimer: LoopTimer!

    // Of ServerCore+Tasks.
    var waiting: Deque<ActiveRequest> = []
    /// When a full queue may next be looked through for requests that nobody waits for.
    var nextLookThroughQueue = MonotonicTime(nanoseconds: 0)
    /// Requests and notifications whose handlers run, in no order.
    var runningRequests: [ActiveRequest] = []
    var running: Int { runningRequests.count }
    var replies: ReplyCache
    var whenDrained: [Resumption<Void>] = []
    var whenClosed: [Resumption<Void>] = []

    init(
        service: RPCService,
        endpoint: Endpoint,
        configuration: RPCServerConfiguration,
        context: MessagingContext,
        loop: EventLoop
    ) throws(TransportError) {
        loop.checkIsolated()
        self.loop = loop
        self.configuration = configuration
        socket = try LoopSocket(
            kind: RM_ROUTER,
            settings: configuration.socket,
            security: configuration.security,
            context: context,
            loop: loop
        )
        do {
            // A reply to a peer that is gone is reported, not dropped; a peer that comes back takes its name over.
            try socket.set(ZMQ_ROUTER_MANDATORY, 1)
            try socket.set(ZMQ_ROUTER_HANDOVER, 1)
            self.endpoint = try socket.bind(endpoint)
        } catch {
            socket.close()
            throw error
        }
        pool = makePool()
        batch = makeBatch(parts: 2)
        methods = MethodTable(service)
        replies = ReplyCache(
            bytesMax: configuration.replyCacheBytesMax,
            duration: configuration.replyCacheDuration
        )
        socket.handler = self
        blockedTimer = loop.timer { [unowned self] in sendToBlockedPeers() }
        sweepTimer = loop.timer { [unowned self] in sweep() }
        loop.arm(sweepTimer, at: loop.refreshNow().advanced(by: configuration.peerIdleTimeout / 4))
    }

    deinit {
        precondition(phase == .closed, "a server must be closed before it is let go")
        rm_batch_destroy(batch)
        rm_pool_destroy(pool)
    }

    var statistics: RPCServerStatistics {
        var counts = counts
        counts.peers = peers.count
        counts.running = running
        return counts
    }

    /// Every client that is known.
    var allPeers: some Sequence<ServerPeer> { peers.values }

    // MARK: Receiving

    private static let messagesPerClockReading: UInt32 = 16

    func socketMayBeReady(_ socket: LoopSocket) {
        let count = rm_batch_receive(batch, socket.raw, socket.expectedMessages, Limits.batchBytesMax)
        guard count > 0 else { return }
        for index in 0..<UInt32(count) {
            let parts = rm_batch_parts(batch, index)!
            guard rm_batch_part_count(batch, index) == 2, let peer = peer(parts[0]) else {
                counts.malformed += 1
                continue
            }
            read(parts[1], from: peer)
            // Handlers take time, and so does reading the clock.
            if index % Self.messagesPerClockReading == 0 { loop.refreshNow() }
        }
        rm_batch_release(batch)
    }

    /// The peer with this identity, known or new; nil where there are too many.
    @inline(__always)
    private func peer(_ identity: rm_part) -> ServerPeer? {
        if let lastPeer, lastPeer.isAddressed(by: identity) { return lastPeer }
        return findPeer(identity)
    }

    private func findPeer(_ part: rm_part) -> ServerPeer? {
        let bytes = UnsafeRawBufferPointer(start: part.bytes, count: part.length)
        let identity = PeerIdentity(bytes)
        let peer: ServerPeer
        if let known = peers[identity] {
            peer = known
        } else {
            if peers.count >= Limits.peersMax { forgetPeers(silentFor: .seconds(1)) }
            guard peers.count < Limits.peersMax else {
                counts.overloaded += 1
                return nil
            }
            let framesMax = configuration.coalescing ? configuration.framesPerMessageMax : 1
            peer = ServerPeer(bytes, outbox: Outbox(pool: pool, framesMax: framesMax), now: loop.now)
            peers[identity] = peer
        }
        peer.lastHeard = loop.now
        lastPeer = peer
        return peer
    }

    /// Reads the frames of one message, which may be many.
    private func read(_ body: rm_part, from peer: ServerPeer) {
        var at = body.bytes
        var left = body.length
        var frame = rm_frame()
        // An empty message has no frame either, and is counted like any that cannot be read.
        repeat {
            let length = Int(rm_frame_read(at, left, &frame))
            guard length > 0 else {
                refuseMalformed(frame, from: peer)
                return
            }
            switch frame.kind {
            case UInt32(RM_REQUEST): request(frame, from: peer)
            case UInt32(RM_NOTIFICATION): notification(frame, from: peer)
            default: counts.malformed += 1
            }
            at = at.unsafelyUnwrapped + length
            left -= length
        } while left > 0
    }

    /// Where one frame ends unreadably, the next cannot be found: the rest of its message is dropped.
    private func refuseMalformed(_ frame: rm_frame, from peer: ServerPeer) {
        counts.malformed += 1
        if frame.kind == UInt32(RM_REQUEST) {
            fail(frame.msgid, of: peer, .malformed, "the request is not a frame of the protocol (docs/PROTOCOL.md)")
        }
    }

    @inline(__always)
    private func request(_ frame: rm_frame, from peer: ServerPeer) {
        counts.requests += 1
        if frame.attempt > 0, isAnswered(frame, from: peer) { return }
        guard phase == .serving else {
            counts.refusedInShutdown += 1
            fail(frame.msgid, of: peer, .shuttingDown, "the server is shutting down; try another")
            return
        }
        let name = UnsafeRawBufferPointer(start: frame.method, count: frame.method_length)
        guard let method = methods.index(of: name, hint: methodHint) else {
            counts.unknownMethods += 1
            let text = String(decoding: name, as: UTF8.self)
            fail(frame.msgid, of: peer, .unknownMethod, "the server has no method '\(text)'")
            return
        }
        methodHint = method
        switch methods.handler(method) {
        case .raw(let handler):
            guard frame.payload != nil else {
                fail(frame.msgid, of: peer, .badParams, "the method takes one param, a bin")
                return
            }
            var writer = ReplyWriter(self, peer, frame)
            run(handler, frame, &writer)
            writer.finish()
        case .deferred(let handler):
            guard frame.payload != nil else {
                fail(frame.msgid, of: peer, .badParams, "the method takes one param, a bin")
                return
            }
            let payload = UnsafeRawBufferPointer(start: frame.payload, count: frame.payload_length)
            handler(payload.bytes, ReplyAddress(self, peer, frame, deadline: deadline(of: frame)))
        case .value(let handler):
            start(handler, frame, from: peer)
        }
    }

    @inline(__always)
    private func run(_ handler: RPCService.RawHandler, _ frame: rm_frame, _ writer: inout ReplyWriter) {
        let payload = UnsafeRawBufferPointer(start: frame.payload, count: frame.payload_length)
        do {
            try handler(payload.bytes, &writer)
        } catch {
            counts.failures += 1
            writer.fail(RemoteError(thrown: error))
        }
    }

    private func notification(_ frame: rm_frame, from peer: ServerPeer) {
        counts.notifications += 1
        let name = UnsafeRawBufferPointer(start: frame.method, count: frame.method_length)
        if name.elementsEqual(Self.cancelName) {
            if let msgid = Self.cancelledID(frame) { cancel(msgid, of: peer) } else { counts.malformed += 1 }
            return
        }
        guard phase == .serving else {
            counts.refusedInShutdown += 1
            return
        }
        guard let method = methods.index(of: name, hint: methodHint) else {
            counts.unknownMethods += 1
            return
        }
        switch methods.handler(method) {
        case .raw(let handler):
            guard frame.payload != nil else {
                counts.malformed += 1
                return
            }
            var writer = ReplyWriter(self, peer, frame)
            run(handler, frame, &writer)
        case .deferred(let handler):
            guard frame.payload != nil else {
                counts.malformed += 1
                return
            }
            let payload = UnsafeRawBufferPointer(start: frame.payload, count: frame.payload_length)
            handler(payload.bytes, ReplyAddress(self, peer, frame, deadline: .distantFuture))
        case .value(let handler):
            start(handler, frame, from: peer)
        }
    }

    private static let cancelName = Array("$/cancel".utf8)

    /// The msgid in the params `[msgid]` of a cancellation; nil where they are something else.
    private static func cancelledID(_ frame: rm_frame) -> UInt32? {
        var reader = MessagePackReader(UnsafeRawBufferPointer(start: frame.value, count: frame.value_length))
        guard (try? reader.readArrayHeader()) == 1, let msgid = try? reader.readInteger(UInt32.self) else { return nil }
        return msgid
    }

    // MARK: Replying

    /// Writes a response with a bin result.
    @inline(__always)
    func reply(_ msgid: UInt32, to peer: ServerPeer, payload: UnsafeRawBufferPointer) {
        counts.replies += 1
        let start = peer.outbox.reserve(RM_HEAD_MAX + payload.count, on: peer.route(socket))
        let end = rm_frame_put_payload_response(start, msgid, payload.baseAddress, UInt32(payload.count))!
        commit(end, to: peer)
    }

    /// Writes an error response.
    func fail(_ msgid: UInt32, of peer: ServerPeer, _ code: RPCErrorCode, _ message: String) {
        counts.replies += 1
        var message = message
        let start = peer.outbox.reserve(RM_HEAD_MAX + 1024, on: peer.route(socket))
        let end = message.withUTF8 { rm_frame_put_error(start, msgid, code.rawValue, $0.baseAddress, $0.count)! }
        commit(end, to: peer)
    }

    /// Writes an encoded response frame.
    func reply(frame: [UInt8], to peer: ServerPeer) {
        counts.replies += 1
        let start = peer.outbox.reserve(frame.count, on: peer.route(socket))
        frame.withUnsafeBufferPointer { start.update(from: $0.baseAddress!, count: $0.count) }
        commit(start + frame.count, to: peer)
    }

    @inline(__always)
    private func commit(_ end: UnsafeMutablePointer<UInt8>, to peer: ServerPeer) {
        let outcome = peer.outbox.commit(upTo: end, on: peer.route(socket))
        if outcome != .sent { sendingFailed(to: peer, outcome) }
        guard !peer.outbox.isDirty else { return }
        peer.outbox.isDirty = true
        if dirty.isEmpty { loop.flushLater(self) }
        dirty.append(peer)
    }

    func flush() {
        // Sending may end a peer, but never adds one to the list.
        for peer in dirty {
            peer.outbox.isDirty = false
            guard phase != .closed else { continue }
            let outcome = peer.outbox.flush(peer.route(socket))
            if outcome != .sent || peer.outbox.droppedFrames > 0 { sendingFailed(to: peer, outcome) }
        }
        dirty.removeAll(keepingCapacity: true)
        loop.touch(socket)
    }

    /// Counts what was dropped, and has what was refused sent again.
    private func sendingFailed(to peer: ServerPeer, _ outcome: Outbox.Outcome) {
        counts.droppedReplies += peer.outbox.takeDroppedCount()
        guard outcome == .blocked, !peer.isBlocked else { return }
        peer.isBlocked = true
        blocked.append(peer)
        if blocked.count == 1 { loop.arm(blockedTimer, at: loop.now.advanced(by: .milliseconds(2))) }
    }

    /// Tries again to send to peers that did not read. A ROUTER always says that it is writable, so time has to tell.
    private func sendToBlockedPeers() {
        let trying = blocked
        blocked = []
        for peer in trying {
            peer.isBlocked = false
            let outcome = peer.outbox.flush(peer.route(socket))
            if outcome != .sent { sendingFailed(to: peer, outcome) }
        }
        loop.touch(socket)
    }

    // MARK: Peers

    private func sweep() {
        forgetPeers(silentFor: configuration.peerIdleTimeout)
        loop.arm(sweepTimer, at: loop.now.advanced(by: configuration.peerIdleTimeout / 4))
    }

    private func forgetPeers(silentFor time: Duration) {
        // The last peer is found without the table, so its time is not noted there.
        lastPeer?.lastHeard = loop.now
        lastPeer = nil
        // Only peers with nothing in hand go, so no block is lost with them.
        peers = peers.filter { loop.now.since($0.value.lastHeard) < time || !$0.value.isIdle }
    }

    // MARK: The end

    /// Refuses new requests from now on.
    func beginDraining() {
        if phase == .serving { phase = .draining }
    }

    /// Sends what is gathered, drops the rest and ends the socket.
    func close() {
        loop.checkIsolated()
        guard phase != .closed else { return }
        flush()
        phase = .closed
        loop.disarm(blockedTimer)
        loop.disarm(sweepTimer)
        abandonEverything()
        // A handler that still runs may hold its peer; the blocks belong to this thread.
        for peer in allPeers {
            peer.outbox.clear()
            counts.droppedReplies += peer.outbox.takeDroppedCount()
        }
        lastPeer = nil
        peers = [:]
        blocked = []
        dirty = []
        socket.close()
        resumeDrained()
        resumeClosed()
    }
}
