// What a server promises at its end and at its peers' ends: work in hand is finished, and nothing is left behind.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct ServerLifecycleTests {
    // MARK: Draining

    @Test func runningAndWaitingHandlersEndAndAreAnsweredWhileNewRequestsAreRefused() async throws {
        let gate = Gate()
        var configuration = RPCServerConfiguration()
        configuration.concurrentHandlersMax = 1
        let server = try await RPCServer(.gated(gate), at: "tcp://127.0.0.1:*", configuration: configuration)
        let client = try await RPCClient(server.endpoint)
        async let running: Int = client.call("wait", 1)
        await eventually("one runs") { gate.arrivals.value == 1 }
        async let waiting: Int = client.call("wait", 2)
        await eventually("one waits") { await server.statistics.requests == 2 }
        async let end: Void = server.shutDown()
        for method: RPCMethod in ["echo", "wait"] {
            await eventually("new requests are refused") {
                let error = await rpcError { () throws(RPCError) in
                    _ = try await client.call(method, payload: [1], options: CallOptions(timeout: .seconds(1)))
                }
                guard case .remote(let remote) = error else { return false }
                return remote.code == .shuttingDown
            }
        }
        #expect(await server.statistics.refusedInShutdown >= 2)
        gate.open()
        #expect(try await running == 1)
        #expect(try await waiting == 2)
        await end
        await client.close()
    }

    @Test func resendsAreAnsweredWhileTheServerDrains() async throws {
        let gate = Gate()
        let server = try await RPCServer(.gated(gate), at: "tcp://127.0.0.1:*")
        let peer = try RawSocket.client(of: server.endpoint)
        peer.send(WireFrame.request(1, "echo", [8], budgetUs: 9_000_000, attempt: 1))
        _ = try await peer.receive()
        peer.send(WireFrame.request(2, "wait", params: packed([5]), budgetUs: 9_000_000, attempt: 1))
        await eventually("one runs") { gate.arrivals.value == 1 }
        async let end: Void = server.shutDown()
        // What the first attempts yielded is what the second ones get: the answer that is kept, and the one to come.
        await eventually("it drains") {
            peer.send([0x93, 2] + packed("nothing", [1]))
            return await server.statistics.refusedInShutdown > 0
        }
        peer.send(WireFrame.request(1, "echo", [8], budgetUs: 9_000_000, attempt: 2))
        peer.send(WireFrame.request(2, "wait", params: packed([5]), budgetUs: 9_000_000, attempt: 2))
        await eventually("the resends are there") { await server.statistics.requests == 4 }
        gate.open()
        await end
        var frames: [WireFrame] = []
        while frames.count < 2 { frames += WireFrame.all(in: try await peer.receive()[0]) }
        #expect(frames.map(\.msgid) == [1, 2])
        #expect(frames.map(\.error) == [nil, nil])
        #expect(frames[0].payload == [8])
        #expect(frames[1].value == packed(5))
        #expect(gate.arrivals.value == 1)
    }

    @Test func aCancellationReachesItsHandlerWhileTheServerDrains() async throws {
        let (started, cancelled) = (Counter(), Counter())
        let server = try await RPCServer(.hanging(started: started, cancelled: cancelled), at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let call = Task { await rpcError { () throws(RPCError) in try await client.call("hang", 1) } }
        await eventually("it runs") { started.value == 1 }
        let end = Task { await server.shutDown(grace: .seconds(30)) }
        call.cancel()
        await end.value
        #expect(await call.value == .cancelled(method: "hang"))
        #expect(cancelled.value == 1)
        await client.close()
    }

    @Test func handlersThatOutlastTheGraceAreCancelled() async throws {
        let (started, cancelled) = (Counter(), Counter())
        let server = try await RPCServer(.hanging(started: started, cancelled: cancelled), at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        async let error = rpcError { () throws(RPCError) in
            try await client.call("hang", 1, options: CallOptions(timeout: nil))
        }
        try client.notify("hang", 1)
        await eventually("the call and the notification run") { started.value == 2 }
        let start = MonotonicTime.now
        await server.shutDown(grace: .milliseconds(40))
        #expect(MonotonicTime.now.since(start) >= .milliseconds(40))
        await eventually("both are cancelled") { cancelled.value == 2 }
        await eventually("both have ended") { await server.statistics.running == 0 }
        await client.close()
        #expect(await error == .closed)
    }

    @Test func anIdleServerEndsAtOnce() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let start = MonotonicTime.now
        await server.shutDown(grace: .seconds(30))
        await server.shutDown(grace: .seconds(30))
        #expect(MonotonicTime.now.since(start) < .seconds(10))
    }

    @Test func theRepliesWrittenLastStillLeave() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        _ = try await client.call("echo", payload: [0])
        let big = [UInt8](repeating: 3, count: 1 << 20)
        let tasks = (0..<8).map { _ in Task { try await client.call("echo", payload: big) } }
        await eventually("all are answered") { await server.statistics.replies == 9 }
        await server.shutDown()
        for task in tasks { #expect(try await task.value == big) }
        await client.close()
    }

    // MARK: Running

    @Test func runEndsWhenTheServerIsShutDown() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let run = Task { await server.run() }
        let client = try await RPCClient(server.endpoint)
        #expect(try await client.call("echo", payload: [1]) == [1])
        await server.shutDown()
        await run.value
        // One that has ended already ends at once.
        await server.run()
        await client.close()
    }

    @Test func runEndsWhenItsTaskIsCancelledAndGivesHandlersTheirGrace() async throws {
        let gate = Gate()
        let server = try await RPCServer(.gated(gate), at: "tcp://127.0.0.1:*")
        let run = Task { await server.run(grace: .seconds(30)) }
        let client = try await RPCClient(server.endpoint)
        async let reply: Int = client.call("wait", 6)
        await eventually("the handler runs") { gate.arrivals.value == 1 }
        run.cancel()
        await eventually("it drains") {
            await rpcError { () throws(RPCError) in
                _ = try await client.call("echo", payload: [], options: CallOptions(timeout: .seconds(1)))
            } != nil
        }
        gate.open()
        await run.value
        #expect(try await reply == 6)
        await client.close()
    }

    @Test func runInACancelledTaskEndsAtOnce() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await server.run()
        }.value
        #expect(await rpcErrorOfACall(to: server.endpoint) != nil)
    }

    @Test(arguments: [false, true])
    func thePortIsFreeAfterwards(letGo: Bool) async throws {
        var server: RPCServer? = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let endpoint = try #require(server?.endpoint)
        if letGo { server = nil } else { await server?.shutDown() }
        let next = try await RPCServer.serve(.standard, onceFree: endpoint)
        let client = try await RPCClient(endpoint)
        #expect(try await client.call("echo", payload: [1]) == [1])
        await client.close()
        await next.shutDown()
    }

    // MARK: What is left behind

    @Test func clientsAndServersAreFreedAfterTheirEnd() throws {
        let rig = SteppedRPC()
        weak var goneServer: ServerCore?
        weak var goneClient: ClientCore?
        do {
            let server = try rig.server()
            let client = try rig.client(of: server.endpoint)
            (goneServer, goneClient) = (server, client)
            let source = ScriptedSource()
            let pipeline = source.start(on: client)
            source.call([1])
            rig.step("a call is answered") { source.replies.count == 1 }
            client.close()
            server.close()
            _ = pipeline
        }
        for _ in 0..<3 { rig.loop.step() }
        #expect(goneServer == nil)
        #expect(goneClient == nil)
    }

    // MARK: Peers that come and go

    @Test func aClientThatCrashedAndCameBackUnderTheSameIdentityIsServed() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        for life: UInt8 in 0..<5 {
            // A crash leaves the old connection open at the server for a while: here, for the whole test.
            let peer = try RawSocket.client(of: server.endpoint, identity: Array("worker-1".utf8))
            peer.send(WireFrame.request(UInt32(life), "echo", [life]))
            let frame = WireFrame.all(in: try await peer.receive()[0])[0]
            #expect(frame.msgid == UInt32(life) && frame.payload == [life])
            abandonedPeers.withLock { $0.append(peer) }
        }
        #expect(await server.statistics.peers == 1)
        abandonedPeers.withLock { $0 = [] }
        await server.shutDown()
    }

    @Test func aReplyToAVanishedPeerIsCounted() async throws {
        let gates = (0..<50).map { _ in Gate() }
        var service = RPCService()
        service.handle("wait") { (number: Int) in await gates[number].pass() }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let peer = try RawSocket.client(of: server.endpoint)
        for number in gates.indices { peer.send(WireFrame.request(UInt32(number), "wait", params: packed([number]))) }
        await eventually("all run") { gates.allSatisfy { $0.arrivals.value == 1 } }
        peer.close()
        // Until the server's socket has seen the end of the connection, libzmq takes replies for it.
        var next = 0
        await eventually("a reply finds nobody") {
            if next < gates.count - 1 {
                gates[next].open()
                next += 1
            }
            return await server.statistics.droppedReplies > 0
        }
        // Now that it has, every further one is counted.
        let answered = next
        await eventually("those have ended") { await server.statistics.running == gates.count - answered }
        let before = await server.statistics.droppedReplies
        for gate in gates[next...] { gate.open() }
        await eventually("all have ended") { await server.statistics.running == 0 }
        let dropped = await server.statistics.droppedReplies
        #expect(dropped == before + gates.count - answered)
        await server.shutDown()
    }

    @Test func whatWaitedForAVanishedPeerIsCountedAndLetGo() throws {
        let rig = SteppedRPC()
        var configuration = RPCServerConfiguration()
        configuration.socket.highWaterMark = 2
        configuration.peerIdleTimeout = .seconds(4)
        let server = try rig.server(configuration: configuration)
        let peer = try RawSocket.client(of: server.endpoint, receiveHighWaterMark: 1)
        let payload = [UInt8](repeating: 1, count: 20 << 10)
        for _ in 0..<2 { peer.send((0..<500).flatMap { WireFrame.request($0, "echo", payload) }) }
        rig.step("all are read") { server.statistics.requests == 1000 }
        #expect(server.allPeers.contains { $0.outbox.refusedBytes > 0 })
        peer.close()
        rig.step("what waited is dropped") {
            rig.clock.advance(by: .milliseconds(2))
            return server.allPeers.allSatisfy { $0.outbox.isEmpty }
        }
        let dropped = server.statistics.droppedReplies
        #expect(dropped > 100 && dropped < 1000)
        for _ in 0..<10 { rig.pass(.seconds(1)) }
        #expect(server.statistics.peers == 0)
        server.close()
    }

    @Test func idlePeersAreForgottenAndServedAgain() throws {
        let rig = SteppedRPC()
        var configuration = RPCServerConfiguration()
        configuration.peerIdleTimeout = .seconds(8)
        let server = try rig.server(configuration: configuration)
        let idle = try (0..<10).map { _ in try RawSocket.client(of: server.endpoint) }
        for peer in idle { peer.send(WireFrame.request(1, "echo", [1])) }
        rig.step("all are known") { server.statistics.peers == 10 && server.statistics.requests == 10 }
        let busy = try RawSocket.client(of: server.endpoint)
        for second in 0..<14 {
            busy.send(WireFrame.request(UInt32(second), "echo", [2]))
            rig.step("the busy one is heard") { server.statistics.requests == 11 + second }
            if second < 6 { #expect(server.statistics.peers == 11) }
            rig.pass(.seconds(1))
        }
        #expect(server.statistics.peers == 1)
        idle[0].send(WireFrame.request(2, "echo", [3]))
        var answers: [[[UInt8]]] = []
        rig.step("a forgotten one is served") {
            answers += idle[0].receiveNow()
            return answers.count == 2
        }
        #expect(answers == [[WireFrame.response(1, [1])], [WireFrame.response(2, [3])]])
        #expect(server.statistics.peers == 2)
        server.close()
    }

    @Test func aPeerWithARunningHandlerIsNotForgotten() throws {
        let rig = SteppedRPC()
        let gate = Gate()
        var configuration = RPCServerConfiguration()
        configuration.peerIdleTimeout = .seconds(1)
        let server = try rig.server(.gated(gate), configuration: configuration)
        let peer = try RawSocket.client(of: server.endpoint)
        peer.send(WireFrame.request(1, "wait", params: packed([7])))
        rig.step("its handler runs") { gate.arrivals.value == 1 }
        for _ in 0..<10 { rig.pass(.seconds(1)) }
        #expect(server.statistics.peers == 1)
        gate.open()
        var answers: [[[UInt8]]] = []
        rig.step("it is answered") {
            answers += peer.receiveNow()
            return !answers.isEmpty
        }
        #expect(WireFrame.all(in: answers[0][0])[0].value == packed(7))
        for _ in 0..<10 { rig.pass(.seconds(1)) }
        #expect(server.statistics.peers == 0)
        server.close()
    }
}

/// Peers that crashed, as far as their server can tell.
private let abandonedPeers = Guarded<[RawSocket]>([])

extension RPCService {
    /// The standard methods and "wait", which gives its number back once the gate is open.
    fileprivate static func gated(_ gate: Gate) -> RPCService {
        var service = standard
        service.handle("wait") { (number: Int) in
            await gate.pass()
            return number
        }
        return service
    }
}

private func rpcErrorOfACall(to endpoint: Endpoint) async -> RPCError? {
    guard let client = try? await RPCClient(endpoint) else { return nil }
    let error = await rpcError { () throws(RPCError) in
        _ = try await client.call("echo", payload: [], options: CallOptions(timeout: .milliseconds(50)))
    }
    await client.close()
    return error
}
