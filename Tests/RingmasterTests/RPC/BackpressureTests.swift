// What the limits promise: nothing grows beyond them, whoever is refused is told, and nobody else pays.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct BackpressureTests {
    // MARK: The client's window

    @Test func inFlightNeverExceedsItsLimit() async throws {
        let peer = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 8
        let client = try await RPCClient(peer.endpoint, configuration: configuration)
        async let answered = withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let payload = [UInt8(number)]
                    return await rpcError { () throws(RPCError) in
                        let reply = try await client.call("echo", payload: payload)
                        #expect(reply == payload)
                    } == nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        var open: [(identity: [UInt8], request: WireFrame)] = []
        var openMax = 0
        for answers in 0..<100 {
            await eventually("there is a request to answer") {
                for parts in peer.socket.receiveNow() {
                    open += WireFrame.all(in: parts[1]).map { (parts[0], $0) }
                }
                return !open.isEmpty && (open.count == 8 || answers + open.count == 100)
            }
            openMax = max(openMax, open.count)
            let inFlight = await client.inFlight
            #expect(inFlight <= 8)
            let (identity, request) = open.removeFirst()
            peer.socket.send(identity, WireFrame.response(request.msgid, request.payload ?? []))
        }
        #expect(await answered == 100)
        #expect(openMax == 8)
        await client.close()
    }

    @Test func callersThatWaitGetThroughInTheirOrder() async throws {
        let peer = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 1
        let client = try await RPCClient(peer.endpoint, configuration: configuration)
        // Tasks that prefer the loop arrive there in the order in which they are made.
        let tasks = (0..<30).map { number in
            Task(executorPreference: client.loop.taskExecutor) {
                try await client.call("echo", payload: [UInt8(number)])
            }
        }
        for number in 0..<30 {
            let (identity, request) = try await peer.socket.receiveFrame()
            #expect(request.payload == [UInt8(number)])
            peer.socket.send(identity, WireFrame.response(request.msgid, request.payload ?? []))
        }
        for (number, task) in tasks.enumerated() { #expect(try await task.value == [UInt8(number)]) }
        await client.close()
    }

    @Test(arguments: [false, true])
    func callersThatDoNotWaitAreToldAtOnce(onTheLoop: Bool) async throws {
        let peer = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 2
        configuration.backpressure = .fail
        let client = try await RPCClient(peer.endpoint, configuration: configuration)
        async let first = client.call("echo", payload: [1])
        async let second = client.call("echo", payload: [1])
        await eventually("the window is full") { await client.inFlight == 2 }
        for _ in 0..<5 {
            let refused = Task(executorPreference: onTheLoop ? client.loop.taskExecutor : nil) {
                await rpcError { () throws(RPCError) in
                    _ = try await client.call("echo", payload: [3], options: CallOptions(timeout: nil))
                }
            }
            #expect(await refused.value == .overloaded)
        }
        #expect(await client.statistics.refusedCalls == 5)
        var answered = 0
        while answered < 2 {
            let parts = try await peer.socket.receive()
            for request in WireFrame.all(in: parts[1]) {
                peer.socket.send(parts[0], WireFrame.response(request.msgid, [1]))
                answered += 1
            }
        }
        _ = try await (first, second)
        async let third = client.call("echo", payload: [4])
        let (identity, request) = try await peer.socket.receiveFrame()
        #expect(request.payload == [4])
        peer.socket.send(identity, WireFrame.response(request.msgid, [4]))
        #expect(try await third == [4])
        await client.close()
    }

    @Test func notificationsToAServerThatIsNotThereDoNotPileUpWithoutBound() throws {
        let rig = SteppedRPC()
        let nobody = try RawSocket.server().endpoint
        var configuration = RPCClientConfiguration()
        configuration.socket.highWaterMark = 4
        let client = try rig.client(of: nobody, configuration: configuration)
        let params = packed([String(repeating: "x", count: 24_000)])
        for number in 0..<6000 {
            client.notify("note", params: params)
            if number % 100 == 0 { rig.loop.step() }
        }
        rig.loop.step()
        // 6000 of 24 KB are more than twice the limit.
        let dropped = client.statistics.droppedFrames
        #expect(dropped > 2000 && dropped < 6000)
        client.close()
    }

    // MARK: The server's limits

    @Test func noMoreHandlersRunAtOnceThanAllowed() async throws {
        let running = Guarded((now: 0, most: 0))
        var service = RPCService.standard
        service.handle("work") { (number: Int) in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            for _ in 0..<5 { await Task.yield() }
            running.withLock { $0.now -= 1 }
            return number
        }
        var configuration = RPCServerConfiguration()
        configuration.concurrentHandlersMax = 3
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*", configuration: configuration)
        let client = try await RPCClient(server.endpoint)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask { try await client.call("work", number, returning: Int.self) }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 199 * 100)
        #expect(running.withLock { $0.most } <= 3)
        #expect(await server.statistics.running == 0)
        await client.close()
        await server.shutDown()
    }

    @Test func requestsBeyondTheQueueAreRefusedAndTheOthersServed() async throws {
        let gate = Gate()
        var service = RPCService.standard
        service.handle("wait") { (number: Int) in
            await gate.pass()
            return number
        }
        var configuration = RPCServerConfiguration()
        configuration.concurrentHandlersMax = 1
        configuration.queuedRequestsMax = 2
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*", configuration: configuration)
        let client = try await RPCClient(server.endpoint)
        let tasks = (0..<8).map { number in
            Task { try await client.call("wait", number, returning: Int.self) }
        }
        await eventually("five are refused") { await server.statistics.overloaded == 5 }
        // Raw handlers are not held up.
        #expect(try await client.call("echo", payload: [1]) == [1])
        gate.open()
        var (served, refused) = (0, 0)
        for (number, task) in tasks.enumerated() {
            switch await task.result {
            case .success(let value):
                #expect(value == number)
                served += 1
            case .failure(let error):
                guard case .remote(let remote) = error as? RPCError else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(remote.code == .overloaded)
                #expect(remote.message.contains("2 requests are waiting"))
                refused += 1
            }
        }
        #expect(served == 3 && refused == 5)
        let again: Int = try await client.call("wait", 9)
        #expect(again == 9)
        await client.close()
        await server.shutDown()
    }

    @Test(arguments: [false, true])
    func requestsThatNobodyWaitsForMakeRoomInTheQueue(cancelled: Bool) throws {
        let rig = SteppedRPC()
        let gate = Gate()
        var service = RPCService.standard
        service.handle("wait") { (_: Int) in await gate.pass() }
        var configuration = RPCServerConfiguration()
        configuration.concurrentHandlersMax = 1
        configuration.queuedRequestsMax = 3
        let server = try rig.server(service, configuration: configuration)
        let peer = try RawSocket.client(of: server.endpoint)
        peer.send(WireFrame.request(0, "wait", params: packed([0])))
        for msgid: UInt32 in 1...3 {
            peer.send(WireFrame.request(msgid, "wait", params: packed([0]), budgetUs: cancelled ? 0 : 20_000))
        }
        rig.step("the queue is full") { server.waiting.count == 3 }
        if cancelled {
            for msgid: UInt32 in 1...3 { peer.send([0x93, 2] + packed("$/cancel", [msgid])) }
            rig.step("they are cancelled") { server.statistics.cancelled == 3 }
        }
        rig.pass(.milliseconds(50))
        for msgid: UInt32 in 4...6 { peer.send(WireFrame.request(msgid, "wait", params: packed([0]))) }
        rig.step("three more are there") { server.statistics.requests == 7 }
        #expect(server.statistics.overloaded == 0)
        #expect(server.statistics.expired == (cancelled ? 0 : 3))
        // Now it is full of requests that somebody waits for.
        peer.send(WireFrame.request(7, "wait", params: packed([0])))
        rig.step("one more is there") { server.statistics.requests == 8 }
        #expect(server.statistics.overloaded == 1)
        gate.open()
        rig.step("all have ended") { server.isDrained }
        #expect(gate.arrivals.value == 4)
        server.close()
    }

    // MARK: Peers that do not read

    @Test func aPeerThatNeverReadsCannotGrowTheServerWithoutBound() throws {
        let rig = SteppedRPC()
        let reply = [UInt8](repeating: 7, count: 64 << 10)
        let backlogMax = Guarded(0)
        let core = Guarded<LoopConfined<ServerCore>?>(nil)
        var service = RPCService.standard
        service.handleRaw("big") { _, writer in
            writer.send(reply.span.bytes)
            let bytes = core.withLock { $0 }?.value.allPeers.map(\.outbox.refusedBytes).max() ?? 0
            backlogMax.withLock { $0 = max($0, bytes) }
        }
        var configuration = RPCServerConfiguration()
        configuration.socket.highWaterMark = 4
        let server = try rig.server(service, configuration: configuration)
        core.withLock { $0 = LoopConfined(server) }
        defer { core.withLock { $0 = nil } }
        let greedy = try RawSocket.client(of: server.endpoint, receiveHighWaterMark: 1)
        // 2000 requests in one message: 128 MB of replies.
        greedy.send((0..<2000).flatMap { WireFrame.request($0, "big", []) })
        rig.step("all are read") { server.statistics.requests == 2000 }
        let good = try RawSocket.client(of: server.endpoint)
        good.send(WireFrame.request(1, "echo", [5]))
        var answers: [[[UInt8]]] = []
        rig.step("the other client is served") {
            answers += good.receiveNow()
            return !answers.isEmpty
        }
        #expect(answers == [[WireFrame.response(1, [5])]])
        #expect(backlogMax.withLock { $0 } <= Limits.peerBacklogBytesMax)
        #expect(server.statistics.droppedReplies > 500)
        server.close()
    }

    @Test func smallRepliesThatNobodyReadsWaitPacked() throws {
        let rig = SteppedRPC()
        var configuration = RPCServerConfiguration()
        configuration.socket.highWaterMark = 4
        configuration.coalescing = false
        let server = try rig.server(configuration: configuration)
        let greedy = try RawSocket.client(of: server.endpoint, receiveHighWaterMark: 1)
        greedy.set(ZMQ_RCVBUF, 4096)
        // Each reply is a message of its own. With a block of 32 KiB for each, so many would be above the limit.
        let payload = [UInt8](repeating: 1, count: 1000)
        for _ in 0..<10 {
            let before = server.statistics.requests
            greedy.send((0..<1000).flatMap { WireFrame.request($0, "echo", payload) })
            rig.step("all are read") { server.statistics.requests == before + 1000 }
        }
        #expect(server.statistics.droppedReplies == 0)
        server.close()
    }

    @Test func aPeerThatReadsSlowlyGetsEverythingInOrder() throws {
        let rig = SteppedRPC()
        var configuration = RPCServerConfiguration()
        configuration.socket.highWaterMark = 2
        let server = try rig.server(configuration: configuration)
        let slow = try RawSocket.client(of: server.endpoint, receiveHighWaterMark: 1)
        let payload = [UInt8](repeating: 9, count: 20 << 10)
        slow.send((0..<1000).flatMap { WireFrame.request($0, "echo", payload) })
        rig.step("all are read") { server.statistics.requests == 1000 }
        #expect(server.allPeers.contains { $0.outbox.refusedBytes > 0 })
        var msgids: [UInt32] = []
        rig.step("all are answered") {
            rig.clock.advance(by: .milliseconds(2))
            msgids += slow.receiveNow().flatMap { $0.flatMap { WireFrame.all(in: $0) } }.map(\.msgid)
            return msgids.count >= 1000
        }
        #expect(msgids == Array(0..<1000))
        #expect(server.statistics.droppedReplies == 0)
        #expect(server.allPeers.allSatisfy { $0.outbox.isEmpty && $0.outbox.refusedBytes == 0 })
        server.close()
    }
}
