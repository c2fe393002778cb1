// That a CURVE server serves whom it knows and gives everybody else nothing, counted.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

struct CurveTests {
    private let loop = EventLoop.stepped()
    private let context = MessagingContext()
    private let folder = TemporaryFolder()
    private let serverKeys: CurveKeyPair
    private let known: CurveKeyPair
    private let unknown: CurveKeyPair

    init() throws {
        serverKeys = try .generate()
        known = try .generate()
        unknown = try .generate()
    }

    /// A server with an inbox, and the means to try clients on it.
    private struct Server {
        let socket: LoopSocket
        let inbox = Inbox()
        let log: EventLog
        let endpoint: Endpoint
    }

    private func serve(_ security: Security, at endpoint: Endpoint = "tcp://127.0.0.1:*") throws -> Server {
        let socket = try LoopSocket.open(RM_ROUTER, on: loop, security: security, context: context)
        let log = try socket.log()
        let server = Server(socket: socket, log: log, endpoint: try socket.bind(endpoint))
        socket.handler = server.inbox
        return server
    }

    private func serveKnown(at endpoint: Endpoint = "tcp://127.0.0.1:*") throws -> Server {
        try serve(
            .curveServer(keys: serverKeys, allowing: .only(AllowList([known.publicKey]))),
            at: endpoint
        )
    }

    private func connect(_ security: Security, to server: Server) throws -> LoopSocket {
        let client = try LoopSocket.open(RM_DEALER, on: loop, security: security, context: context)
        try client.connect(server.endpoint)
        #expect(client.send([42]) == 0)
        return client
    }

    /// Whether a known client, coming after the one that must get nothing, gets through.
    private func expectThatAKnownClientIsServed(by server: Server) throws {
        let client = try connect(.curveClient(keys: known, server: serverKeys.publicKey), to: server)
        #expect(loop.step { !server.inbox.messages.isEmpty })
        #expect(server.inbox.messages.count == 1 && server.inbox.bodies == [[42]])
        client.close()
    }

    @Test func aClientWithAKnownKeyIsServedBothWays() throws {
        let server = try serveKnown()
        let client = try connect(.curveClient(keys: known, server: serverKeys.publicKey), to: server)
        let inbox = Inbox()
        client.handler = inbox
        #expect(loop.step { server.inbox.bodies == [[42]] })
        #expect(server.socket.send(server.inbox.messages[0][0], more: true) == 0)
        #expect(server.socket.send([43]) == 0)
        #expect(loop.step { inbox.bodies == [[43]] })
        #expect(context.authenticationStatistics == AuthenticationStatistics(accepted: 1))
        client.close()
        server.socket.close()
    }

    @Test func curveWorksOverIPC() throws {
        let server = try serveKnown(at: Endpoint("ipc://" + folder.file("socket")))
        let stranger = try connect(.none, to: server)
        #expect(loop.step { server.log.hasFailedHandshake })
        try expectThatAKnownClientIsServed(by: server)
        stranger.close()
        server.socket.close()
    }

    @Test func aClientWithAnUnknownKeyGetsNothingAndIsCounted() throws {
        let server = try serveKnown()
        let client = try connect(.curveClient(keys: unknown, server: serverKeys.publicKey), to: server)
        let inbox = Inbox()
        client.handler = inbox
        #expect(loop.step { context.authenticationStatistics.unknownKey > 0 })
        try expectThatAKnownClientIsServed(by: server)
        #expect(inbox.messages.isEmpty)
        #expect(context.authenticationStatistics.accepted == 1)
        client.close()
        server.socket.close()
    }

    @Test func aPlainClientGetsNothing() throws {
        let server = try serveKnown()
        let client = try connect(.none, to: server)
        let inbox = Inbox()
        client.handler = inbox
        #expect(loop.step { server.log.hasFailedHandshake })
        try expectThatAKnownClientIsServed(by: server)
        #expect(inbox.messages.isEmpty)
        client.close()
        server.socket.close()
    }

    @Test func aClientWithTheWrongServerKeyGetsNothing() throws {
        let server = try serveKnown()
        let client = try connect(.curveClient(keys: known, server: unknown.publicKey), to: server)
        #expect(loop.step { server.log.hasFailedHandshake || server.log.isDisconnected })
        try expectThatAKnownClientIsServed(by: server)
        client.close()
        server.socket.close()
    }

    @Test func aCurveClientTellsAPlainServerNothing() throws {
        let server = try serve(.none)
        let client = try connect(.curveClient(keys: known, server: serverKeys.publicKey), to: server)
        #expect(loop.step { server.log.hasFailedHandshake || server.log.isDisconnected })
        loop.step(for: .milliseconds(50))
        #expect(server.inbox.messages.isEmpty)
        client.close()
        server.socket.close()
    }

    @Test func eachServerHasItsOwnList() throws {
        let first = try serveKnown()
        let second = try serve(.curveServer(keys: serverKeys, allowing: .only(AllowList([unknown.publicKey]))))
        let known = try connect(.curveClient(keys: known, server: serverKeys.publicKey), to: first)
        let other = try connect(.curveClient(keys: unknown, server: serverKeys.publicKey), to: second)
        #expect(loop.step { first.inbox.messages.count == 1 && second.inbox.messages.count == 1 })
        #expect(context.authenticationStatistics == AuthenticationStatistics(accepted: 2))
        let crossed = try connect(.curveClient(keys: self.known, server: serverKeys.publicKey), to: second)
        #expect(loop.step { context.authenticationStatistics.unknownKey > 0 })
        #expect(second.inbox.messages.count == 1)
        for socket in [known, other, crossed, first.socket, second.socket] { socket.close() }
    }

    @Test func anEmptyListAdmitsNobody() throws {
        let server = try serve(.curveServer(keys: serverKeys, allowing: .only(AllowList([]))))
        let client = try connect(.curveClient(keys: known, server: serverKeys.publicKey), to: server)
        #expect(loop.step { context.authenticationStatistics.unknownKey > 0 })
        #expect(server.inbox.messages.isEmpty && context.authenticationStatistics.accepted == 0)
        client.close()
        server.socket.close()
    }

    @Test func anyoneMeansAnyoneWithTheServersKey() throws {
        let server = try serve(.curveServer(keys: serverKeys, allowing: .anyone))
        let client = try connect(.curveClient(keys: unknown, server: serverKeys.publicKey), to: server)
        let plain = try connect(.none, to: server)
        #expect(loop.step { server.inbox.messages.count == 1 && server.log.hasFailedHandshake })
        client.close()
        plain.close()
        server.socket.close()
    }

    @Test func plainSocketsOfTheSameContextAreNotAsked() throws {
        let curve = try serveKnown()
        let plain = try serve(.none)
        let client = try connect(.none, to: plain)
        #expect(loop.step { plain.inbox.messages.count == 1 })
        #expect(context.authenticationStatistics == AuthenticationStatistics())
        for socket in [client, curve.socket, plain.socket] { socket.close() }
    }

    @Test func aContextEndsWithItsAuthenticator() throws {
        weak var weakContext: MessagingContext?
        do {
            let context = MessagingContext()
            weakContext = context
            let security = Security.curveServer(keys: serverKeys, allowing: .anyone)
            for _ in 0..<3 {
                let socket = try LoopSocket.open(RM_ROUTER, on: loop, security: security, context: context)
                _ = try socket.bind("tcp://127.0.0.1:*")
                socket.close()
            }
            loop.step()
        }
        #expect(weakContext == nil)
    }

    @Test func plainTextLeavesTheHostOnlyByPermission() throws {
        let anywhere: Endpoint = "tcp://0.0.0.0:*"
        let plain = try LoopSocket.open(RM_ROUTER, on: loop)
        #expect(throws: TransportError.insecureEndpoint(anywhere.text)) { _ = try plain.bind(anywhere) }
        #expect(throws: TransportError.insecureEndpoint("tcp://192.0.2.1:1")) { try plain.connect("tcp://192.0.2.1:1") }
        plain.close()
        let permitted = try LoopSocket.open(RM_ROUTER, on: loop, security: .insecure)
        _ = try permitted.bind(anywhere)
        permitted.close()
        let curve = try LoopSocket.open(
            RM_ROUTER,
            on: loop,
            security: .curveServer(keys: serverKeys, allowing: .anyone),
            context: context
        )
        _ = try curve.bind(anywhere)
        curve.close()
    }
}
