// A ZeroMQ socket of a simulation: the kinds that the cluster uses, as far as it relies on them.

import CShim
import DequeModule
import Glibc

/// ROUTER and XPUB listen, DEALER and SUB connect, once; a PAIR is a monitor's. Owned by its host until it is closed.
///
/// Not modelled: high-water marks (a queue takes all), security, several endpoints of one socket.
final class VirtualSocket {
    struct Event {
        var event: UInt16
        var value: UInt32
    }

    let kind: Int
    let descriptor: Int32
    /// Also of a dead process: what was under way to it finds that out.
    let host: VirtualHost
    let face: UnsafeMutablePointer<rm_virtual>
    @exclusivity(unchecked) private(set) var isClosed = false

    /// Parts that came.
    @exclusivity(unchecked) var inbox: Deque<(packet: VirtualPacket, hasMore: Bool)> = []
    /// The part that was taken last: whoever took it looks at its bytes still.
    @exclusivity(unchecked) private var taken: VirtualPacket?
    /// Parts of a message that is not complete.
    @exclusivity(unchecked) private var outgoing: VirtualMessage = []

    // Of one that listens.
    private(set) var boundEndpoint = ""
    /// In the order in which they came.
    @exclusivity(unchecked) var connections: [VirtualConnection] = []
    private var routes: [[UInt8]: VirtualConnection] = [:] {
        didSet { route = nil }
    }
    /// Where the message goes whose parts are gathered.
    @exclusivity(unchecked) private var route: VirtualConnection?

    // Of one that connects.
    private(set) var target = ""
    private var identity: [UInt8] = []
    private var reconnectNs: Int64 = 100_000_000
    private var reconnectMaxNs: Int64 = 0
    private var waitNs: Int64 = 0
    private var prefixes: [[UInt8]] = []
    private var pending: [VirtualMessage] = []
    @exclusivity(unchecked) private(set) var connection: VirtualConnection?

    // Of monitors.
    var monitor: VirtualSocket?
    var events: Deque<Event> = []

    init(kind: Int, descriptor: Int32, host: VirtualHost) {
        self.kind = kind
        self.descriptor = descriptor
        self.host = host
        face = .allocate(capacity: 1)
        face.initialize(to: rm_virtual(calls: VirtualCalls.table, object: nil))
        face.pointee.object = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        face.deallocate()
    }

    private var network: VirtualNetwork { host.network }

    // MARK: Options and endpoints

    func set(_ option: Int32, _ bytes: UnsafeRawBufferPointer) {
        switch option {
        case ZMQ_ROUTING_ID: identity = Array(bytes)
        case ZMQ_RECONNECT_IVL: reconnectNs = Int64(bytes.loadUnaligned(as: Int32.self)) * 1_000_000
        case ZMQ_RECONNECT_IVL_MAX: reconnectMaxNs = Int64(bytes.loadUnaligned(as: Int32.self)) * 1_000_000
        case ZMQ_SUBSCRIBE:
            prefixes.append(Array(bytes))
            if let connection { network.send([subscription(Array(bytes))], over: connection, toServer: true) }
        default: break
        }
    }

    var isRouter: Bool { kind == RM_ROUTER }

    func bind(_ endpoint: String) -> Int32 {
        guard host.isAlive else { return 0 }
        guard let bound = network.bind(self, to: endpoint) else { return -EADDRINUSE }
        boundEndpoint = bound
        return 0
    }

    func connect(_ endpoint: String) {
        target = endpoint
        waitNs = reconnectNs
        network.beginConnecting(self)
    }

    func openMonitor() -> VirtualSocket {
        let pair = host.open(kind: RM_PAIR)
        monitor = pair
        return pair
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        network.closed(self)
        connection = nil
        connections = []
        routes = [:]
        pending = []
        inbox = []
        monitor = nil
        host.forget(self)
    }

    // MARK: Messages

    func takePart() -> (packet: VirtualPacket, hasMore: Bool)? {
        guard let part = inbox.popFirst() else { return nil }
        taken = part.packet
        return part
    }

    func send(_ part: VirtualPacket, more: Bool) -> Int32 {
        // What a message's parts are gathered for is one effect.
        if outgoing.isEmpty { host.effect() }
        guard host.isAlive else { return 0 }
        if kind == RM_ROUTER, outgoing.isEmpty {
            guard isRoute(part) else { return -EHOSTUNREACH }
        }
        outgoing.append(part)
        guard !more else { return 0 }
        let message = outgoing
        outgoing = []
        switch kind {
        case RM_ROUTER:
            guard isRoute(message[0]), let connection = route else { return -EHOSTUNREACH }
            network.send(Array(message[1...]), over: connection, toServer: false)
        case RM_XPUB:
            for connection in connections where connection.isSubscribed(to: message[0]) {
                network.send(message, over: connection, toServer: false)
            }
        default:
            if let connection {
                network.send(message, over: connection, toServer: true)
            } else {
                pending.append(message)
            }
        }
        return 0
    }

    /// Whether a peer has that name; notes its connection. As often as not it is the last one's.
    private func isRoute(_ name: VirtualPacket) -> Bool {
        let name = name.bytes
        if let route, route.identity.elementsEqual(name) { return true }
        route = routes[Array(name)]
        return route != nil
    }

    /// A message has come over a connection.
    func take(_ message: VirtualMessage, from connection: VirtualConnection) {
        switch kind {
        case RM_ROUTER:
            inbox.append((connection.identityPart, true))
        case RM_XPUB:
            guard connection.takeSubscription(message[0]) else { return }
        default: break
        }
        for index in message.indices { inbox.append((message[index], index + 1 < message.count)) }
        host.poller.mark(descriptor)
    }

    /// A message of a connection that is gone has come.
    func takeLate(_ message: VirtualMessage, _ identity: [UInt8]) {
        inbox.append((.copy(of: identity), true))
        for index in message.indices { inbox.append((message[index], index + 1 < message.count)) }
        host.poller.mark(descriptor)
    }

    // MARK: Connections

    func accepted(_ connection: VirtualConnection) {
        connections.append(connection)
        guard kind == RM_ROUTER else { return }
        // ZMQ_ROUTER_HANDOVER: who comes back takes its name over.
        if let former = routes.updateValue(connection, forKey: connection.identity) { network.cut(former) }
    }

    func connected(_ connection: VirtualConnection) {
        self.connection = connection
        waitNs = reconnectNs
        tell(ZMQ_EVENT_CONNECTED)
        tell(ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        for prefix in prefixes { network.send([subscription(prefix)], over: connection, toServer: true) }
        let waiting = pending
        pending = []
        for message in waiting { network.send(message, over: connection, toServer: true) }
    }

    var connectionIdentity: [UInt8] { identity }

    /// This end has noticed that a connection is over.
    func lost(_ lost: VirtualConnection) {
        guard !isClosed else { return }
        if connection === lost {
            connection = nil
            tell(ZMQ_EVENT_DISCONNECTED)
            network.retry(self, afterNs: nextWait())
        }
        guard let place = connections.firstIndex(where: { $0 === lost }) else { return }
        connections.remove(at: place)
        if routes[lost.identity] === lost { routes[lost.identity] = nil }
        // XPUB hears of a subscription that nobody has any more.
        for prefix in lost.prefixes where !connections.contains(where: { $0.prefixes.contains(prefix) }) {
            inbox.append((.copy(of: [0] + prefix), false))
            host.poller.mark(descriptor)
        }
    }

    /// Nobody listened.
    func refused() {
        let wait = nextWait()
        tell(ZMQ_EVENT_CONNECT_RETRIED, value: UInt32(clamping: wait / 1_000_000))
        network.retry(self, afterNs: wait)
    }

    /// libzmq's way: the interval, doubled each time, and up to the first interval at random on top.
    private func nextWait() -> Int64 {
        let wait = waitNs + Int64(network.random.next() % UInt64(max(1, reconnectNs)))
        if reconnectMaxNs > reconnectNs { waitNs = min(waitNs * 2, reconnectMaxNs) }
        return wait
    }

    private func subscription(_ prefix: [UInt8]) -> VirtualPacket { .copy(of: [1] + prefix) }

    private func tell(_ event: Int32, value: UInt32 = 0) {
        guard let monitor, !monitor.isClosed else { return }
        monitor.events.append(Event(event: UInt16(event), value: value))
        host.poller.mark(monitor.descriptor)
    }
}
