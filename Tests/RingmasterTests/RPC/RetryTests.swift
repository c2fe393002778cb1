// What an idempotent call promises: it is sent again, over a new connection where the old one is silent, until it is
// answered or its policy ends; a server does not run it twice while it still has the reply. The Lazy Pirate of the
// ZeroMQ guide (chapter 4).

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

/// A policy of short times.
private func policy(
    attempts: Int = 200,
    attemptTimeout: Duration = .milliseconds(50),
    budget: Duration = .seconds(10)
) -> CallOptions {
    .idempotent(
        RetryPolicy(
            base: .milliseconds(1),
            cap: .milliseconds(5),
            attemptsMax: attempts,
            attemptTimeout: attemptTimeout,
            budget: budget
        )
    )
}

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct RetryTests {
    // MARK: Servers that die and come back

    @Test func aReplyArrivesAfterAReconnect() async throws {
        // A server that takes the requests and dies without a word.
        let dying = try RawSocket.server()
        let endpoint = dying.endpoint
        let client = try await RPCClient(endpoint)
        async let bytes = client.call("echo", payload: [1, 2], options: policy())
        async let sum = client.call("add", 1, 2, options: policy(), returning: Int.self)
        var taken: [WireFrame] = []
        while taken.count < 2 { taken += WireFrame.all(in: try await dying.socket.receive()[1]) }
        #expect(taken.allSatisfy { $0.attempt >= 1 })
        dying.socket.close()
        // Its successor listens on the same port.
        let server = try await RPCServer.serve(.standard, onceFree: endpoint)
        #expect(try await bytes == [1, 2])
        #expect(try await sum == 3)
        #expect(await client.statistics.resends >= 2)
        #expect(await server.statistics.requests >= 2)
        await client.close()
        await server.shutDown()
    }

    @Test func callsInFlightByTheHundredSurviveTheDeathOfTheServer() async throws {
        let first = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let endpoint = first.endpoint
        let client = try await RPCClient(endpoint)
        _ = try await client.call("echo", payload: [0])
        let tasks = (0..<200).map { number in
            Task {
                for round in 0..<5 {
                    let sum: Int = try await client.call("add", number, round, options: policy())
                    #expect(sum == number + round)
                }
            }
        }
        await first.shutDown(grace: .zero)
        let second = try await RPCServer.serve(.standard, onceFree: endpoint)
        for task in tasks {
            // Those that the first server refused while it drained have their answer.
            if case .remote(let error) = await rpcError(of: task) { #expect(error.code == .shuttingDown) }
        }
        #expect(await client.inFlight == 0)
        await client.close()
        await second.shutDown()
    }

    @Test func aServerThatComesLaterAnswersTheCall() async throws {
        let endpoint = try await freeEndpoint()
        let client = try await RPCClient(endpoint)
        async let reply = client.call("echo", payload: [7], options: policy())
        await eventually("it was tried more than once") { await client.statistics.resends >= 2 }
        let server = try await RPCServer.serve(.standard, onceFree: endpoint)
        #expect(try await reply == [7])
        await client.close()
        await server.shutDown()
    }

    @Test func aCallThatIsSentOnceWaitsForAServerThatComesLater() async throws {
        let endpoint = try await freeEndpoint()
        let client = try await RPCClient(endpoint)
        async let reply = client.call("echo", payload: [7], options: CallOptions(timeout: .seconds(10)))
        await eventually("it is in flight") { await client.inFlight == 1 }
        let server = try await RPCServer.serve(.standard, onceFree: endpoint)
        #expect(try await reply == [7])
        #expect(await server.statistics.requests == 1)
        await client.close()
        await server.shutDown()
    }

    // MARK: Giving up

    @Test func itGivesUpWhenItsAttemptsAreSpent() throws {
        let rig = SteppedRPC()
        let silent = try RawSocket.server()
        let client = try rig.client(of: silent.endpoint)
        let source = ScriptedSource()
        let options = policy(attempts: 3, attemptTimeout: .milliseconds(40))
        let pipeline = source.start(on: client, options: options)
        source.call([1])
        rig.passSlowly(.milliseconds(119))
        #expect(source.failures.isEmpty)
        rig.passSlowly(.milliseconds(30))
        let failure = try #require(source.failures[0])
        #expect(failure.error == .attemptsSpent(method: "echo", attempts: 3))
        // Three attempts, pauses of up to 1 and 2 ms, and ticks.
        #expect(failure.time <= MonotonicTime(nanoseconds: 135_000_000))
        #expect(client.statistics.resends == 2)
        #expect(client.inFlight == 0 && pipeline.inFlight == 0)
        client.close()
    }

    @Test func itGivesUpWhenItsTimeIsOver() throws {
        let rig = SteppedRPC()
        let silent = try RawSocket.server()
        let client = try rig.client(of: silent.endpoint)
        let source = ScriptedSource()
        let options = policy(attempts: 100, attemptTimeout: .milliseconds(40), budget: .milliseconds(100))
        let pipeline = source.start(on: client, options: options)
        source.call([1])
        rig.passSlowly(.milliseconds(99))
        #expect(source.failures.isEmpty)
        rig.passSlowly(.milliseconds(10))
        let failure = try #require(source.failures[0])
        #expect(failure.error == .deadlineExceeded(method: "echo", after: .milliseconds(100)))
        #expect(failure.time <= MonotonicTime(nanoseconds: 104_000_000))
        #expect(client.statistics.deadlinesExceeded == 1)
        client.close()
        _ = pipeline
    }

    @Test func theBudgetOnTheWireShrinksFromAttemptToAttempt() throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        let client = try rig.client(of: peer.endpoint)
        let source = ScriptedSource()
        let options = policy(attemptTimeout: .milliseconds(40), budget: .milliseconds(200))
        let pipeline = source.start(on: client, options: options)
        source.call([1])
        var frames: [WireFrame] = []
        while source.failures.isEmpty {
            rig.pass(.milliseconds(1))
            // Long enough for what was sent to arrive, so that the clock stands still until it has.
            let sent = client.statistics.resends + 1
            rig.step("what was sent arrives") {
                frames += peer.socket.receiveNow().flatMap { WireFrame.all(in: $0[1]) }
                return frames.count >= sent
            }
        }
        #expect(frames.map(\.attempt) == Array(1...UInt32(frames.count)))
        #expect(Set(frames.map(\.msgid)).count == 1)
        #expect(frames[0].budgetUs == 200_000)
        for (earlier, later) in zip(frames, frames.dropFirst()) {
            #expect(later.budgetUs <= earlier.budgetUs - 40_000)
            #expect(later.budgetUs > 0)
        }
        client.close()
        _ = pipeline
    }

    // MARK: What is never sent twice

    @Test func aCallThatIsNotIdempotentIsNeverSentTwice() async throws {
        let swallowing = try RawSocket.server()
        let endpoint = swallowing.endpoint
        let client = try await RPCClient(endpoint)
        async let error = rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: nil))
        }
        let (_, request) = try await swallowing.socket.receiveFrame()
        #expect(request.attempt == 0)
        swallowing.socket.close()
        // The connection is mended, and a marker goes over it.
        let successor = try await RawSocket.server(onceFree: endpoint)
        // It may be lost with the old connection itself, so it is one that is sent again.
        let marked = Counter()
        let marker = Task {
            _ = try await client.call("echo", payload: [2], options: policy())
            marked.increment()
        }
        var payloads: Set<[UInt8]?> = []
        await eventually("the marker is answered") {
            for parts in successor.receiveNow() {
                for request in WireFrame.all(in: parts[1]) {
                    payloads.insert(request.payload)
                    successor.send(parts[0], WireFrame.response(request.msgid, [2]))
                }
            }
            return marked.value == 1
        }
        try await marker.value
        #expect(payloads == [[2]])
        await client.close()
        #expect(await error == .closed)
    }

    // MARK: Connections

    @Test func silenceReplacesTheConnection() throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        let client = try rig.client(of: peer.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: policy(attempts: 3, attemptTimeout: .milliseconds(30)))
        rig.pass(.milliseconds(5))
        source.call([1])
        var requests: [(identity: [UInt8], frame: WireFrame)] = []
        for attempt in 1...3 {
            rig.step("attempt \(attempt) arrives") {
                requests += peer.socket.receiveNow().flatMap { parts in
                    WireFrame.all(in: parts[1]).map { (parts[0], $0) }
                }
                return requests.count == attempt
            }
            #expect(client.statistics.resets == attempt - 1)
            // It is left unanswered, and the next comes over a new connection, as from the same client.
            if attempt < 3 { rig.passSlowly(.milliseconds(40)) }
        }
        #expect(requests.map(\.frame.attempt) == [1, 2, 3])
        #expect(Set(requests.map(\.identity)).count == 1)
        #expect(Set(requests.map(\.frame.msgid)).count == 1)
        #expect(Set(requests.map(\.frame.value)).count == 1)
        peer.socket.send(requests[2].identity, WireFrame.response(requests[2].frame.msgid, [1]))
        rig.step("the answer gets through") { source.replies == [0: [1]] }
        client.close()
        _ = pipeline
    }

    @Test func aConnectionThatIsNotSilentIsKept() throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        let client = try rig.client(of: peer.endpoint)
        // One method gives no answer, another answers all the while.
        let unanswered = ScriptedSource()
        let first = unanswered.start(
            on: client,
            method: "mute",
            options: policy(attempts: 3, attemptTimeout: .milliseconds(50))
        )
        let answered = ScriptedSource()
        let second = answered.start(on: client)
        unanswered.call()
        var calls = 0
        while unanswered.failures.isEmpty {
            answered.call()
            calls += 1
            rig.step("an answer comes") {
                for message in peer.socket.receiveNow() {
                    for request in WireFrame.all(in: message[1]) where request.method == "echo" {
                        peer.socket.send(message[0], WireFrame.response(request.msgid, []))
                    }
                }
                return answered.replies.count == calls
            }
            rig.passSlowly(.milliseconds(10))
        }
        #expect(unanswered.failures[0]?.error == .attemptsSpent(method: "mute", attempts: 3))
        #expect(client.statistics.resends == 2)
        #expect(client.statistics.resets == 0)
        client.close()
        _ = (first, second)
    }

    @Test func aConnectionThatTakesLongerThanAnAttemptStillComesAbout() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let relay = try SlowRelay(to: server.endpoint, delay: .milliseconds(150))
        let client = try await RPCClient(relay.endpoint)
        let options = policy(attemptTimeout: .milliseconds(30), budget: .seconds(5))
        #expect(try await client.call("echo", payload: [1], options: options) == [1])
        await client.close()
        await server.shutDown()
        relay.stop()
    }

    @Test func aHostThatSleptGetsANewConnectionAndItsReply() throws {
        let rig = SteppedRPC()
        let slept = Guarded<Int64>(0)
        let server = try rig.server()
        let client = try rig.client(of: server.endpoint, suspendedNs: { slept.withLock { $0 } })
        let source = ScriptedSource()
        let pipeline = source.start(on: client, options: .idempotent())
        source.call([1])
        rig.step("the connection stands") { source.replies.count == 1 }
        // A short nap does no harm.
        slept.withLock { $0 += SuspensionWatch.leastNs - 1 }
        rig.pass(.seconds(1))
        #expect(client.statistics.resets == 0)
        slept.withLock { $0 += 3_600_000_000_000 }
        rig.pass(.seconds(1))
        #expect(client.statistics.resets == 1)
        source.call([2])
        rig.step("the call is answered over the new connection") { source.replies.count == 2 }
        rig.pass(.seconds(1))
        rig.pass(.seconds(1))
        #expect(client.statistics.resets == 1)
        client.close()
        server.close()
        _ = pipeline
    }

    // MARK: Duplicates

    @Test(arguments: ["raw", "value", "failing"])
    func aDuplicateIsAnsweredFromTheCacheWithoutASecondRun(method: String) async throws {
        let runs = Counter()
        let server = try await RPCServer(.countingRuns(runs), at: "tcp://127.0.0.1:*")
        let peer = try RawSocket.client(of: server.endpoint)
        let params: [UInt8] = method == "raw" ? [0x91, 0xc4, 1, 9] : packed([9])
        var replies: [[UInt8]] = []
        for attempt: UInt32 in 1...4 {
            peer.send(WireFrame.request(77, method, params: params, budgetUs: 60_000_000, attempt: attempt))
            replies.append(try await peer.receive()[0])
        }
        #expect(Set(replies).count == 1)
        #expect(WireFrame.all(in: replies[0])[0].msgid == 77)
        #expect(runs.value == 1)
        #expect(await server.statistics.duplicates == 3)
        await server.shutDown()
    }

    @Test func aDuplicateOfARunningRequestIsAnsweredOnce() async throws {
        let gate = Gate()
        var service = RPCService()
        service.handle("wait") { (_: Int) in await gate.pass() }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let peer = try RawSocket.client(of: server.endpoint)
        for attempt: UInt32 in 1...3 {
            peer.send(WireFrame.request(5, "wait", params: packed([1]), budgetUs: 9_000_000, attempt: attempt))
        }
        await eventually("the duplicates are counted") { await server.statistics.duplicates == 2 }
        await eventually("the handler runs") { gate.arrivals.value == 1 }
        gate.open()
        _ = try await peer.receive()
        #expect(await server.statistics.replies == 1)
        #expect(gate.arrivals.value == 1)
        await server.shutDown()
    }

    @Test func aFirstAttemptRunsAnewEvenWhereItsMsgidIsKnown() async throws {
        let runs = Counter()
        let server = try await RPCServer(.countingRuns(runs), at: "tcp://127.0.0.1:*")
        let peer = try RawSocket.client(of: server.endpoint)
        for payload: UInt8 in 1...3 {
            peer.send(WireFrame.request(1, "raw", [payload], budgetUs: 1_000_000, attempt: 1))
            #expect(WireFrame.all(in: try await peer.receive()[0])[0].payload == [payload])
        }
        #expect(runs.value == 3)
        // And its reply is the one that is kept.
        peer.send(WireFrame.request(1, "raw", [3], budgetUs: 1_000_000, attempt: 2))
        #expect(WireFrame.all(in: try await peer.receive()[0])[0].payload == [3])
        #expect(runs.value == 3)
        await server.shutDown()
    }

    @Test func callsThatAreSentOnceAreNotKept() async throws {
        let runs = Counter()
        let server = try await RPCServer(.countingRuns(runs), at: "tcp://127.0.0.1:*")
        let peer = try RawSocket.client(of: server.endpoint)
        for _ in 0..<3 {
            peer.send(WireFrame.request(1, "raw", [1]))
            _ = try await peer.receive()
        }
        #expect(runs.value == 3)
        #expect(await server.statistics.duplicates == 0)
        await server.shutDown()
    }

    @Test func anotherClientsMsgidIsNoDuplicate() async throws {
        let runs = Counter()
        let server = try await RPCServer(.countingRuns(runs), at: "tcp://127.0.0.1:*")
        for _ in 0..<2 {
            let peer = try RawSocket.client(of: server.endpoint)
            peer.send(WireFrame.request(1, "raw", [1], budgetUs: 1_000_000, attempt: 2))
            _ = try await peer.receive()
        }
        #expect(runs.value == 2)
        #expect(await server.statistics.duplicates == 0)
        await server.shutDown()
    }

    @Test func aReplyThatWasLostIsGivenAgainWithoutASecondRun() async throws {
        let runs = Counter()
        let server = try await RPCServer(.countingRuns(runs), at: "tcp://127.0.0.1:*")
        let proxy = try await LossyProxy(to: server.endpoint, dropping: 2)
        let client = try await RPCClient(proxy.endpoint)
        let reply = try await client.call("raw", payload: [4], options: policy())
        #expect(reply == [4])
        #expect(runs.value == 1)
        #expect(await server.statistics.duplicates >= 2)
        await client.close()
        await proxy.stop()
        await server.shutDown()
    }

    // MARK: Identity

    @Test func aClientThatComesBackUnderItsIdentityIsNotGivenOldReplies() async throws {
        let gate = Gate()
        var service = RPCService.standard
        service.handle("wait") { (number: Int) in
            await gate.pass()
            return number
        }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let first = try RawSocket.client(of: server.endpoint, identity: [1, 2, 3])
        first.send(WireFrame.request(9, "wait", params: packed([1])))
        await eventually("its handler runs") { gate.arrivals.value == 1 }
        first.close()
        let second = try RawSocket.client(of: server.endpoint, identity: [1, 2, 3])
        second.send(WireFrame.request(9, "wait", params: packed([2])))
        await eventually("the new one's handler runs") { gate.arrivals.value == 2 }
        gate.open()
        #expect(WireFrame.all(in: try await second.receive()[0])[0].value == packed(2))
        second.send(WireFrame.request(10, "echo", [3]))
        #expect(WireFrame.all(in: try await second.receive()[0])[0].msgid == 10)
        await server.shutDown()
    }

    @Test func aClientDoesNotBeginWithTheMsgidsOfItsPreviousLife() async throws {
        let peer = try RawSocket.server()
        var seen: Set<UInt32> = []
        for _ in 0..<4 {
            var configuration = RPCClientConfiguration()
            configuration.identity = [7]
            let client = try await RPCClient(peer.endpoint, configuration: configuration)
            async let reply = client.call("echo", payload: [])
            let (identity, request) = try await peer.socket.receiveFrame()
            seen.insert(request.msgid)
            peer.socket.send(identity, WireFrame.response(request.msgid, []))
            _ = try await reply
            await client.close()
        }
        // Four draws of 32 bits are different but once in 700 million runs.
        #expect(seen.count == 4)
    }
}

/// The error that ended a task; nil where it ended well, or with an error of another kind.
private func rpcError(of task: Task<Void, any Error>) async -> RPCError? {
    do {
        try await task.value
        return nil
    } catch {
        if !(error is RPCError) { Issue.record(error) }
        return error as? RPCError
    }
}

extension RPCService {
    /// "raw", "value" and "failing", which count how often they run.
    fileprivate static func countingRuns(_ runs: Counter) -> RPCService {
        var service = RPCService()
        service.handleRaw("raw") { request, reply in
            runs.increment()
            reply.send(request)
        }
        service.handle("value") { (number: Int) in
            runs.increment()
            return number
        }
        service.handle("failing") { (number: Int) -> Int in
            runs.increment()
            throw RemoteError(code: .handlerFailed, message: "no \(number) here")
        }
        return service
    }
}
