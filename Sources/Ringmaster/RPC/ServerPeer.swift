// What a server keeps of one client: its address, what waits to be sent to it, and what it waits for.

import CShim
import Glibc

/// A client of a server. Confined to the loop's thread.
final class ServerPeer {
    let identity: PeerIdentity
    /// The identity as libzmq wants it with each message.
    private let address: UnsafeMutableBufferPointer<UInt8>
    @exclusivity(unchecked) var outbox: Outbox
    @exclusivity(unchecked) var lastHeard: MonotonicTime
    /// Requests that wait or run, by msgid.
    var active: [UInt32: ActiveRequest] = [:]
    /// Requests that a handler answers later.
    @exclusivity(unchecked) var deferredCount = 0
    /// Whether the high-water mark was reached and its messages wait.
    var isBlocked = false

    init(_ identity: UnsafeRawBufferPointer, outbox: Outbox, now: MonotonicTime) {
        self.identity = PeerIdentity(identity)
        address = .allocate(capacity: max(1, identity.count))
        _ = address.update(fromContentsOf: identity)
        self.outbox = outbox
        lastHeard = now
        addressCount = identity.count
    }

    private let addressCount: Int

    deinit {
        address.deallocate()
    }

    @inline(__always)
    func route(_ socket: LoopSocket) -> Outbox.Route {
        Outbox.Route(socket: socket.raw, identity: UnsafePointer(address.baseAddress), identityLength: addressCount)
    }

    @inline(__always)
    func isAddressed(by identity: rm_part) -> Bool {
        identity.length == addressCount && memcmp(identity.bytes, address.baseAddress!, addressCount) == 0
    }

    /// Whether nothing is in hand for it.
    var isIdle: Bool { active.isEmpty && deferredCount == 0 && outbox.isEmpty }
}

/// A request to an async handler, from its arrival to its reply. Confined to the loop's thread.
final class ActiveRequest {
    let peer: ServerPeer
    let msgid: UInt32
    let attempt: UInt32
    /// When the caller stops waiting; `distantFuture` where it did not say.
    let deadline: MonotonicTime
    let handler: RPCService.ValueHandler
    var params: [UInt8]
    var task: Task<Void, Never>?
    var timer: LoopTimer?
    /// Where it stands among the running requests.
    var place = -1
    /// Nobody waits any more: what it yields is dropped.
    var isAbandoned = false
    /// A notification has no reply.
    let isNotification: Bool

    init(
        peer: ServerPeer,
        msgid: UInt32,
        attempt: UInt32,
        deadline: MonotonicTime,
        handler: @escaping RPCService.ValueHandler,
        params: [UInt8],
        isNotification: Bool
    ) {
        self.peer = peer
        self.msgid = msgid
        self.attempt = attempt
        self.deadline = deadline
        self.handler = handler
        self.params = params
        self.isNotification = isNotification
    }
}
