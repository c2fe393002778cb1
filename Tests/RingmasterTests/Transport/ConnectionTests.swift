// That a connection's life is reported, a vanished peer is noticed, and nothing waits without end.

import CShim
import Glibc
import RingmasterProtocol
import Testing

@testable import Ringmaster

/// Notes the events of a socket.
final class EventLog {
    private(set) var events: [ConnectionEvent] = []

    func callAsFunction(_ event: ConnectionEvent) {
        events.append(event)
    }

    func has(_ test: (ConnectionEvent) -> Bool) -> Bool { events.contains(where: test) }
    var isReady: Bool { has { if case .ready = $0 { true } else { false } } }
    var isDisconnected: Bool { has { if case .disconnected = $0 { true } else { false } } }
    var isRetrying: Bool { has { if case .retrying = $0 { true } else { false } } }
    var hasFailedHandshake: Bool { has { if case .handshakeFailed = $0 { true } else { false } } }
}

extension LoopSocket {
    func log() throws -> EventLog {
        let log = EventLog()
        try monitor { log($0) }
        return log
    }
}

struct ConnectionTests {
    private let loop = EventLoop.stepped()

    private func quickSettings() -> SocketSettings {
        var settings = SocketSettings()
        settings.heartbeatInterval = .milliseconds(50)
        settings.heartbeatTimeout = .milliseconds(300)
        settings.handshakeInterval = .milliseconds(300)
        settings.reconnectInterval = .milliseconds(5)
        settings.reconnectIntervalMax = .milliseconds(50)
        return settings
    }

    @Test func bothSidesHearOfAConnectionsLife() throws {
        let server = try LoopSocket.open(RM_ROUTER, on: loop)
        let client = try LoopSocket.open(RM_DEALER, on: loop)
        let serverLog = try server.log()
        let clientLog = try client.log()
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        try client.connect(endpoint)
        #expect(loop.step { serverLog.isReady && clientLog.isReady })
        #expect(serverLog.events == [.listening(endpoint.text), .accepted(endpoint.text), .ready(endpoint.text)])
        #expect(clientLog.has { $0 == .connected(endpoint.text) })
        client.close()
        #expect(loop.step { serverLog.isDisconnected })
        #expect(serverLog.events.last == .disconnected(endpoint.text))
        server.close()
    }

    @Test func aServersEndIsHeardAtOnceAndTheConnectionTriedAgain() throws {
        let server = try LoopSocket.open(RM_ROUTER, on: loop)
        let client = try LoopSocket.open(RM_DEALER, on: loop, settings: quickSettings())
        let log = try client.log()
        try client.connect(server.bind("tcp://127.0.0.1:*"))
        #expect(loop.step { log.isReady })
        server.close()
        #expect(loop.step { log.isDisconnected && log.isRetrying })
        client.close()
    }

    @Test func aSocketMayBeClosedByItsOwnReport() throws {
        let server = try LoopSocket.open(RM_ROUTER, on: loop)
        var count = 0
        try server.monitor { [unowned server] _ in
            count += 1
            server.close()
        }
        _ = try server.bind("tcp://127.0.0.1:*")
        #expect(loop.step { count > 0 })
        loop.step(for: .milliseconds(20))
        #expect(count == 1)
    }

    @Test func aFailedBindIsAnEventToo() throws {
        let owner = try LoopSocket.open(RM_ROUTER, on: loop)
        let endpoint = try owner.bind("tcp://127.0.0.1:*")
        let other = try LoopSocket.open(RM_ROUTER, on: loop)
        let log = try other.log()
        #expect(throws: TransportError.addressInUse(endpoint.text)) { _ = try other.bind(endpoint) }
        #expect(loop.step { log.has { if case .bindFailed = $0 { true } else { false } } })
        other.close()
        owner.close()
    }

    @Test func aPeerThatAcceptsAndSaysNothingIsGivenUp() throws {
        let listener = try SilentListener()
        let client = try LoopSocket.open(RM_DEALER, on: loop, settings: quickSettings())
        let log = try client.log()
        try client.connect(Endpoint("tcp://127.0.0.1:\(listener.port)"))
        #expect(loop.step { log.hasFailedHandshake || log.isDisconnected })
        #expect(!log.isReady)
        #expect(loop.step { log.isRetrying })
        client.close()
    }

    @Test func aPeerThatSpeaksSomethingElseIsGivenUp() throws {
        let server = try LoopSocket.open(RM_ROUTER, on: loop, settings: quickSettings())
        let log = try server.log()
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        let port = UInt16(endpoint.text.split(separator: ":").last!)!
        let stranger = try RawConnection(port: port)
        stranger.write("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: everything under the sun\r\n\r\n")
        #expect(loop.step { log.hasFailedHandshake || log.isDisconnected })
        #expect(!log.isReady)
        server.close()
    }

    /// A stopped process keeps its connections open and its kernel acknowledges what is sent: only silence tells.
    @Test func aPeerThatVanishedWithoutClosingIsNoticed() throws {
        let client = try LoopSocket.open(RM_DEALER, on: loop, settings: quickSettings())
        let log = try client.log()
        let peer = try PythonPeer()
        defer { peer.kill() }
        try client.connect(Endpoint("tcp://127.0.0.1:\(peer.port)"))
        #expect(loop.step(within: .seconds(20)) { log.isReady })
        loop.step(for: .milliseconds(400))
        #expect(!log.isDisconnected, "heartbeats keep a living peer")
        peer.stop()
        #expect(loop.step { log.isDisconnected })
        client.close()
    }

    @Test func messagesFlowAgainAfterThePeerRestartsOnItsPort() throws {
        var server = try LoopSocket.open(RM_ROUTER, on: loop)
        let inbox = Inbox()
        server.handler = inbox
        let client = try LoopSocket.open(RM_DEALER, on: loop, settings: quickSettings())
        let log = try client.log()
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        try client.connect(endpoint)
        #expect(client.send([1]) == 0)
        #expect(loop.step { inbox.bodies == [[1]] })
        server.close()
        #expect(loop.step { log.isDisconnected })
        server = try LoopSocket.open(RM_ROUTER, on: loop)
        server.handler = inbox
        // The port is free once libzmq's thread has closed the old listener.
        #expect(loop.step { (try? server.bind(endpoint)) != nil })
        #expect(client.send([2]) == 0)
        #expect(loop.step { inbox.bodies == [[1], [2]] })
        client.close()
        server.close()
    }

    @Test func aFullQueueRefusesRatherThanBlocks() throws {
        var settings = SocketSettings()
        settings.highWaterMark = 10
        let client = try LoopSocket.open(RM_DEALER, on: loop, settings: settings)
        // Nobody listens there: a listener's port, closed again.
        let listener = try SilentListener()
        let port = listener.port
        listener.close()
        try client.connect(Endpoint("tcp://127.0.0.1:\(port)"))
        var accepted = 0
        while accepted < 1000, client.send([UInt8](repeating: 1, count: 100)) == 0 { accepted += 1 }
        #expect(accepted == 10)
        #expect(client.send([1]) == -EAGAIN)
        client.close()
    }

    @Test func whatCannotBeSentDelaysTheEndByTheLingerTimeAtMost() throws {
        var settings = SocketSettings()
        settings.linger = .milliseconds(150)
        let listener = try SilentListener()
        do {
            let context = MessagingContext()
            let client = try LoopSocket.open(RM_DEALER, on: loop, context: context, settings: settings)
            try client.connect(Endpoint("tcp://127.0.0.1:\(listener.port)"))
            #expect(client.send([1]) == 0)
            loop.step()
            client.close()
            loop.step()
        }
        // Reaching this line is the promise: a context waits for its sockets' linger, and the default is for ever.
    }

    @Test func aMessageAboveTheLimitClosesItsConnection() throws {
        var settings = quickSettings()
        settings.messageBytesMax = 1000
        let server = try LoopSocket.open(RM_ROUTER, on: loop, settings: settings)
        let inbox = Inbox()
        server.handler = inbox
        let log = try server.log()
        let client = try LoopSocket.open(RM_DEALER, on: loop)
        try client.connect(server.bind("tcp://127.0.0.1:*"))
        #expect(client.send([UInt8](repeating: 0, count: 1000)) == 0)
        #expect(client.send([UInt8](repeating: 0, count: 1001)) == 0)
        #expect(loop.step { log.isDisconnected })
        #expect(inbox.bodies.allSatisfy { $0.count == 1000 })
        client.close()
        server.close()
    }
}
