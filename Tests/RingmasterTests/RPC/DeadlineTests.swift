// What a deadline promises: the caller is told in time, and the server does nothing that nobody waits for.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct DeadlineTests {
    // MARK: The caller

    @Test func aCallWithoutAReplyFailsAtItsDeadlineAndNotBefore() throws {
        let rig = SteppedRPC()
        let silent = try RawSocket.server()
        let client = try rig.client(of: silent.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: CallOptions(timeout: .milliseconds(50)))
        source.call()
        rig.pass(.nanoseconds(49_999_999))
        #expect(source.failures.isEmpty)
        rig.passSlowly(.milliseconds(3))
        let failure = try #require(source.failures[0])
        #expect(failure.error == .deadlineExceeded(method: "echo", after: .milliseconds(50)))
        #expect(failure.time.nanoseconds <= 52_000_000)
        #expect(client.statistics.deadlinesExceeded == 1)
        #expect(client.inFlight == 0 && pipeline.inFlight == 0)
        client.close()
    }

    @Test(arguments: [1, 2, 7, 100, 1023, 1024, 1025, 5000])
    func everyDeadlineIsKeptToATickAmongManyOthers(milliseconds: Int) throws {
        let rig = SteppedRPC()
        let silent = try RawSocket.server()
        let client = try rig.client(of: silent.endpoint)
        let others = ScriptedSource()
        let otherPipeline = others.start(on: client, options: CallOptions(timeout: .milliseconds(700)))
        for _ in 0..<64 { others.call() }
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: CallOptions(timeout: .milliseconds(milliseconds)))
        rig.pass(.microseconds(300))
        source.call()
        let sentAt = rig.clock.now
        while source.failures.isEmpty, rig.clock.now.since(sentAt) < .seconds(10) { rig.pass(.microseconds(250)) }
        let failure = try #require(source.failures[0])
        let waited = failure.time.since(sentAt)
        #expect(waited >= .milliseconds(milliseconds))
        #expect(waited <= .milliseconds(milliseconds + 3))
        client.close()
        _ = (otherPipeline, pipeline)
    }

    @Test func aRealClockKeepsTheDeadlineToo() async throws {
        let silent = try RawSocket.server()
        let client = try await RPCClient(silent.endpoint)
        let start = MonotonicTime.now
        let error = await rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: .milliseconds(40)))
        }
        let waited = MonotonicTime.now.since(start)
        #expect(error == .deadlineExceeded(method: "echo", after: .milliseconds(40)))
        #expect(waited >= .milliseconds(40))
        #expect(waited < .seconds(2))
        await client.close()
    }

    @Test func aCallMadeAfterLongWorkOnTheLoopHasItsWholeTime() async throws {
        let loop = EventLoop.start()
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint, loop: loop)
        _ = try await client.call("echo", payload: [0])
        let reply = try await Task(executorPreference: loop.taskExecutor) {
            let end = MonotonicTime.now.advanced(by: .milliseconds(600))
            while MonotonicTime.now < end {}
            return try await client.call("echo", payload: [1], options: CallOptions(timeout: .milliseconds(500)))
        }.value
        #expect(reply == [1])
        await client.close()
        await server.shutDown()
        loop.stop()
    }

    @Test func theDeadlineRunsWhileACallWaitsForRoom() async throws {
        let silent = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 1
        let client = try await RPCClient(silent.endpoint, configuration: configuration)
        async let first = rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: nil))
        }
        await eventually("the window is full") { await client.inFlight == 1 }
        let start = MonotonicTime.now
        let error = await rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [2], options: CallOptions(timeout: .milliseconds(30)))
        }
        #expect(error == .deadlineExceeded(method: "echo", after: .milliseconds(30)))
        #expect(MonotonicTime.now.since(start) >= .milliseconds(30))
        #expect(await client.statistics.deadlinesExceeded == 1)
        await client.close()
        #expect(await first == .closed)
    }

    // MARK: On the wire

    @Test func theBudgetTravelsWithTheRequest() async throws {
        let peer = try RawSocket.server()
        let client = try await RPCClient(peer.endpoint)
        async let timed = rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: .milliseconds(900)))
        }
        let (_, first) = try await peer.socket.receiveFrame()
        #expect(first.fields == 5)
        #expect(first.budgetUs <= 900_000 && first.budgetUs > 0)
        #expect(first.attempt == 0)
        async let endless = rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: nil))
        }
        let (_, second) = try await peer.socket.receiveFrame()
        #expect(second.fields == 4)
        async let idempotent = rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: .idempotent())
        }
        let (_, third) = try await peer.socket.receiveFrame()
        #expect(third.fields == 6)
        #expect(third.attempt == 1)
        #expect(third.budgetUs <= 10_000_000 && third.budgetUs > 0)
        await client.close()
        _ = await (timed, endless, idempotent)
    }

    @Test func theWholeBudgetIsSentWhereNothingWaited() throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        let client = try rig.client(of: peer.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: CallOptions(timeout: .milliseconds(50)))
        source.call()
        var messages: [[[UInt8]]] = []
        rig.step("the request arrives") {
            messages += peer.socket.receiveNow()
            return !messages.isEmpty
        }
        #expect(WireFrame.all(in: messages[0][1]).map(\.budgetUs) == [50_000])
        client.close()
        _ = pipeline
    }

    @Test func aBudgetBelowAMicrosecondIsStillABudget() throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        let client = try rig.client(of: peer.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: CallOptions(timeout: .nanoseconds(10)))
        source.call()
        var messages: [[[UInt8]]] = []
        rig.step("the request arrives") {
            messages += peer.socket.receiveNow()
            return !messages.isEmpty
        }
        // 0 would tell the server that the caller waits for ever.
        #expect(WireFrame.all(in: messages[0][1]).map(\.budgetUs) == [1])
        client.close()
        _ = pipeline
    }

    // MARK: The server

    @Test func aServerDropsQueuedWorkWhoseCallersTimeIsOver() throws {
        let rig = SteppedRPC()
        let gate = Gate()
        var service = RPCService()
        service.handle("wait") { (_: Int) in await gate.pass() }
        var configuration = RPCServerConfiguration()
        configuration.concurrentHandlersMax = 1
        let server = try rig.server(service, configuration: configuration)
        let peer = try RawSocket.client(of: server.endpoint)
        let params = packed([1])
        peer.send(WireFrame.request(1, "wait", params: params))
        peer.send(WireFrame.request(2, "wait", params: params, budgetUs: 30_000))
        peer.send(WireFrame.request(3, "wait", params: params, budgetUs: 40_000))
        rig.step("one runs and two wait") { gate.arrivals.value == 1 && server.waiting.count == 2 }
        rig.pass(.milliseconds(31))
        gate.open()
        rig.step("all have ended") { server.isDrained }
        #expect(gate.arrivals.value == 2)
        #expect(server.statistics.expired == 1)
        #expect(server.statistics.replies == 2)
        server.close()
    }

    @Test func aHandlersTaskIsCancelledWhenItsCallersTimeIsOver() throws {
        let rig = SteppedRPC()
        let (started, cancelled) = (Counter(), Counter())
        let server = try rig.server(.hanging(started: started, cancelled: cancelled))
        let peer = try RawSocket.client(of: server.endpoint)
        peer.send(WireFrame.request(1, "hang", params: packed([1]), budgetUs: 30_000))
        rig.step("the handler runs") { started.value == 1 }
        rig.pass(.nanoseconds(29_999_999))
        #expect(server.statistics.expired == 0)
        rig.pass(.nanoseconds(1))
        #expect(server.statistics.expired == 1)
        rig.step("the handler has ended") { server.isDrained }
        #expect(cancelled.value == 1)
        // What it throws then is no failure of the handler's, and nobody is answered.
        #expect(server.statistics.failures == 0)
        #expect(server.statistics.replies == 0)
        server.close()
    }

    @Test func theHandlerIsToldTheDeadlineOfItsCaller() async throws {
        let seen = Guarded<Duration?>(nil)
        var service = RPCService()
        service.handle(
            "left",
            withContext: { (context: RequestContext, _: Int) in
                seen.withLock { $0 = context.deadline.map { $0 - .now } }
                return context.deadline != nil
            }
        )
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let has: Bool = try await client.call("left", 1, options: CallOptions(timeout: .seconds(30)))
        #expect(has)
        let left = try #require(seen.withLock { $0 })
        #expect(left <= .seconds(30) && left > .seconds(20))
        let endless: Bool = try await client.call("left", 1, options: CallOptions(timeout: nil))
        #expect(!endless)
        await client.close()
        await server.shutDown()
    }

    // MARK: Too late

    @Test func aReplyAfterTheDeadlineIsCountedAndHarmsNothing() throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        let client = try rig.client(of: peer.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: CallOptions(timeout: .milliseconds(20)))
        var requests: [(identity: [UInt8], frame: WireFrame)] = []
        for number in 1...2 {
            source.call([UInt8(number)])
            rig.step("the request arrives") {
                requests += peer.socket.receiveNow().map { ($0[0], WireFrame.all(in: $0[1])[0]) }
                return requests.count == number
            }
            if number == 1 { rig.pass(.milliseconds(22)) }
        }
        #expect(source.failures[0]?.error == .deadlineExceeded(method: "echo", after: .milliseconds(20)))
        #expect(requests[0].frame.msgid != requests[1].frame.msgid)
        for (identity, frame) in requests {
            peer.socket.send(identity, WireFrame.response(frame.msgid, frame.payload ?? []))
        }
        rig.step("the second is answered") { source.replies == [1: [2]] }
        #expect(client.statistics.unmatchedReplies == 1)
        #expect(client.statistics.replies == 1)
        #expect(client.inFlight == 0)
        client.close()
        _ = pipeline
    }
}
