// What gathering frames promises: fewer messages, nobody waits for it, and every reply finds its call. And what pipelines
// promise, which live by it.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.ownThreads, .timeLimit(.minutes(1))) struct CoalescingTests {
    // MARK: Messages

    @Test(arguments: [(128, 300), (7, 30), (1, 20), (128, 1)])
    func framesOfOneTurnShareMessages(framesMax: Int, calls: Int) throws {
        let rig = SteppedRPC()
        let peer = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.framesPerMessageMax = framesMax
        let client = try rig.client(of: peer.endpoint, configuration: configuration)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, window: calls)
        for number in 0..<calls { source.call([UInt8(truncatingIfNeeded: number)]) }
        var messages: [[[UInt8]]] = []
        rig.step("all requests arrive") {
            messages += peer.socket.receiveNow()
            return messages.reduce(0) { $0 + WireFrame.all(in: $1[1]).count } == calls
        }
        #expect(messages.map { WireFrame.all(in: $0[1]).count } == messageSizes(of: calls, atMost: framesMax))
        // All replies in one message.
        let frames = messages.flatMap { WireFrame.all(in: $0[1]) }
        peer.socket.send(messages[0][0], frames.flatMap { WireFrame.response($0.msgid, $0.payload ?? []) })
        rig.step("all are answered") { source.replies.count == calls }
        for number in 0..<calls { #expect(source.replies[UInt64(number)] == [UInt8(truncatingIfNeeded: number)]) }
        client.close()
        _ = pipeline
    }

    @Test(arguments: [(128, 300), (7, 30), (1, 20), (128, 1)])
    func repliesOfOneTurnShareMessages(framesMax: Int, calls: Int) throws {
        let rig = SteppedRPC()
        var configuration = RPCServerConfiguration()
        configuration.framesPerMessageMax = framesMax
        let server = try rig.server(configuration: configuration)
        let peer = try RawSocket.client(of: server.endpoint)
        peer.send((0..<UInt32(calls)).flatMap { WireFrame.request($0, "echo", [UInt8(truncatingIfNeeded: $0)]) })
        var messages: [[[UInt8]]] = []
        rig.step("all are answered") {
            messages += peer.receiveNow()
            return messages.reduce(0) { $0 + WireFrame.all(in: $1[0]).count } == calls
        }
        #expect(messages.map { WireFrame.all(in: $0[0]).count } == messageSizes(of: calls, atMost: framesMax))
        #expect(messages.flatMap { WireFrame.all(in: $0[0]) }.map(\.msgid) == Array(0..<UInt32(calls)))
        server.close()
    }

    @Test func withoutCoalescingEachFrameHasItsMessage() throws {
        let rig = SteppedRPC()
        var configuration = RPCServerConfiguration()
        configuration.coalescing = false
        let server = try rig.server(configuration: configuration)
        let peer = try RawSocket.client(of: server.endpoint)
        peer.send((0..<50).flatMap { WireFrame.request($0, "echo", [1]) })
        var replies: [[[UInt8]]] = []
        rig.step("all are answered") {
            replies += peer.receiveNow()
            return replies.count == 50
        }
        #expect(replies == (0..<50).map { [WireFrame.response($0, [1])] })
        server.close()

        let silent = try RawSocket.server()
        var clientConfiguration = RPCClientConfiguration()
        clientConfiguration.coalescing = false
        let client = try rig.client(of: silent.endpoint, configuration: clientConfiguration)
        let source = ScriptedSource()
        let pipeline = source.start(on: client)
        for _ in 0..<50 { source.call([1]) }
        var requests: [[[UInt8]]] = []
        rig.step("all requests arrive") {
            requests += silent.socket.receiveNow()
            return requests.count == 50
        }
        #expect(requests.allSatisfy { WireFrame.all(in: $0[1]).count == 1 })
        client.close()
        _ = pipeline
    }

    @Test func aLoneRequestWaitsForNobody() throws {
        let rig = SteppedRPC()
        let server = try rig.server()
        let client = try rig.client(of: server.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client)
        // The clock stands still, so no timer can have sent it.
        for number in 1...20 {
            source.call([1])
            rig.step("it is answered") { source.replies.count == number }
        }
        #expect(rig.clock.now == MonotonicTime(nanoseconds: 0))
        client.close()
        server.close()
        _ = pipeline
    }

    @Test(arguments: [true, false])
    func payloadsOfEverySizeKeepTheirOrderAndBytes(coalescing: Bool) throws {
        let rig = SteppedRPC()
        var serverConfiguration = RPCServerConfiguration()
        serverConfiguration.coalescing = coalescing
        var clientConfiguration = RPCClientConfiguration()
        clientConfiguration.coalescing = coalescing
        let server = try rig.server(configuration: serverConfiguration)
        let client = try rig.client(of: server.endpoint, configuration: clientConfiguration)
        let source = ScriptedSource()
        let pipeline = source.start(on: client)
        // Around every boundary: of headers, of what is copied, of blocks; and mixed.
        var sizes = [0, 1, 31, 32, 255, 256, 65_535, 65_536, 1 << 20, 0, 3]
        for limit in [Limits.copiedBytesMax, Limits.blockBytes] { sizes += (-40...2).map { limit + $0 } }
        var random = SplitMix64(seed: 3)
        for _ in 0..<150 { sizes.append(1 << Int.random(in: 0...17, using: &random) - 1) }
        sizes.append(1 << 20)
        sizes.shuffle(using: &random)
        let payloads = sizes.enumerated().map { index, size in
            (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
        }
        for payload in payloads { source.call(payload) }
        rig.step("all are answered") { source.replies.count + source.failures.count == payloads.count }
        #expect(source.failures.isEmpty)
        for (index, payload) in payloads.enumerated() where source.replies[UInt64(index)] != payload {
            Issue.record("the reply of \(payload.count) bytes is another")
        }
        client.close()
        server.close()
        _ = pipeline
    }

    // MARK: Pipelines

    @Test(arguments: [1, 2, 7, 64, 4096], [true, false])
    func everyCallOfAPipelineIsAnsweredInAnyWindow(window: Int, coalescing: Bool) async throws {
        var serverConfiguration = RPCServerConfiguration()
        serverConfiguration.coalescing = coalescing
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*", configuration: serverConfiguration)
        var configuration = RPCClientConfiguration()
        configuration.coalescing = coalescing
        let client = try await RPCClient(server.endpoint, configuration: configuration)
        let total = window == 1 ? 200 : 3000
        let source = CountingSource(total: total)
        try await client.pipeline(source, method: "echo", window: window)
        #expect(source.replies.value == total)
        #expect(source.wrong.value == 0 && source.failures.value == 0)
        #expect(await client.inFlight == 0)
        #expect(await server.statistics.requests == total)
        await client.close()
        await server.shutDown()
    }

    @Test func aWindowIsNeverExceeded() throws {
        let rig = SteppedRPC()
        let silent = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 20
        let client = try rig.client(of: silent.endpoint, configuration: configuration)
        let (small, large) = (ScriptedSource(), ScriptedSource())
        let first = small.start(on: client, window: 5)
        let second = large.start(on: client, window: 1000)
        for _ in 0..<50 {
            small.call()
            large.call()
        }
        #expect(first.inFlight == 5)
        #expect(second.inFlight == 15)
        #expect(client.inFlight == 20)
        client.close()
    }

    @Test func aCancelledTaskStopsItsSourceAndGetsTheRepliesThatAreOnTheirWay() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let source = CountingSource(total: nil)
        let task = Task {
            await rpcError { () throws(RPCError) in try await client.pipeline(source, method: "echo", window: 100) }
        }
        await eventually("it runs") { source.replies.value > 500 }
        task.cancel()
        #expect(await task.value == .cancelled(method: "echo"))
        #expect(await client.inFlight == 0)
        #expect(source.failures.value == 0)
        #expect(await server.statistics.requests == source.replies.value)
        await client.close()
        await server.shutDown()
    }

    @Test func aPipelineOfACancelledTaskSendsNothing() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let source = CountingSource(total: 10)
        let error = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await rpcError { () throws(RPCError) in try await client.pipeline(source, method: "echo", window: 5)
            }
        }.value
        #expect(error == .cancelled(method: "echo"))
        _ = try await client.call("echo", payload: [])
        #expect(source.asked.value == 0)
        #expect(await server.statistics.requests == 1)
        await client.close()
        await server.shutDown()
    }

    @Test func failingCallsReachTheirSource() throws {
        let rig = SteppedRPC()
        var service = RPCService.standard
        service.handleRaw("odd") { request, reply in
            if request.byteCount % 2 == 1 { throw RemoteError(code: .handlerFailed, message: "odd") }
            reply.send(request)
        }
        let server = try rig.server(service)
        let client = try rig.client(of: server.endpoint)
        let source = ScriptedSource()
        let pipeline = source.start(on: client, method: "odd")
        for number in 0..<100 { source.call([UInt8](repeating: 1, count: number)) }
        rig.step("all have ended") { source.replies.count + source.failures.count == 100 }
        for number in 0..<100 {
            if number % 2 == 0 {
                #expect(source.replies[UInt64(number)]?.count == number)
            } else {
                #expect(
                    source.failures[UInt64(number)]?.error == .remote(RemoteError(code: .handlerFailed, message: "odd"))
                )
            }
        }
        client.close()
        server.close()
        _ = pipeline
    }

    @Test func closingTheClientFailsThePipelinesCalls() async throws {
        let silent = try RawSocket.server()
        let client = try await RPCClient(silent.endpoint)
        let source = CountingSource(total: nil)
        let task = Task {
            await rpcError { () throws(RPCError) in
                try await client.pipeline(source, method: "echo", window: 50, options: CallOptions(timeout: nil))
            }
        }
        await eventually("the window is full") { await client.inFlight == 50 }
        await client.close()
        #expect(await task.value == .closed)
        #expect(source.failures.value == 50)
        let late = CountingSource(total: 1)
        #expect(
            await rpcError { () throws(RPCError) in try await client.pipeline(late, method: "echo", window: 1) }
                == .closed
        )
    }

    @Test func aSourceIsAskedAtTheTimeThatItNamed() throws {
        let rig = SteppedRPC()
        let server = try rig.server()
        let client = try rig.client(of: server.endpoint)
        let source = PacedSource(every: .milliseconds(10), total: 20)
        let pipeline = CallPipeline(core: client, source: source, method: "echo", window: 100, options: .standard)
        client.begin(pipeline)
        while source.sentAt.count < 20, rig.clock.now < MonotonicTime(nanoseconds: 1_000_000_000) {
            rig.pass(.milliseconds(1))
        }
        #expect(source.sentAt.map(\.nanoseconds) == (0..<20).map { $0 * 10_000_000 })
        client.close()
        server.close()
    }

    @Test func lostRepliesOfAPipelineAreAskedForAgain() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let proxy = try await LossyProxy(to: server.endpoint, dropping: 3)
        let client = try await RPCClient(proxy.endpoint)
        let source = CountingSource(total: 500)
        let retry = RetryPolicy(
            base: .milliseconds(1),
            cap: .milliseconds(5),
            attemptsMax: 50,
            attemptTimeout: .milliseconds(100),
            budget: .seconds(10)
        )
        try await client.pipeline(source, method: "echo", window: 50, options: .idempotent(retry))
        #expect(source.replies.value == 500)
        #expect(source.wrong.value == 0)
        #expect(await client.statistics.resends > 0)
        await client.close()
        await proxy.stop()
        await server.shutDown()
    }

    // MARK: Sharing

    @Test func pipelinesAndTasksShareAClient() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 4
        let client = try await RPCClient(server.endpoint, configuration: configuration)
        // Either pipeline alone would take all the room there is, for ever.
        let sources = (0..<2).map { _ in CountingSource(total: nil) }
        let pipelines = sources.map { source in
            Task {
                await rpcError { () throws(RPCError) in try await client.pipeline(source, method: "echo", window: 4) }
            }
        }
        await eventually("both pipelines get through") { sources.allSatisfy { $0.replies.value > 50 } }
        for number in 0..<20 {
            let sum: Int = try await client.call("add", number, 1, options: CallOptions(timeout: .seconds(5)))
            #expect(sum == number + 1)
        }
        // And the other way round: tasks that always wait for room leave some to the pipelines.
        let tasks = (0..<8).map { number in
            Task {
                while !Task.isCancelled {
                    let reply = try await client.call("echo", payload: [UInt8(number)])
                    #expect(reply == [UInt8(number)])
                }
            }
        }
        let before = sources.map(\.replies.value)
        await eventually("both pipelines still get through") {
            zip(sources, before).allSatisfy { $0.replies.value > $1 + 50 }
        }
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
        for pipeline in pipelines { pipeline.cancel() }
        for pipeline in pipelines { #expect(await pipeline.value == .cancelled(method: "echo")) }
        for source in sources { #expect(source.wrong.value == 0 && source.failures.value == 0) }
        await client.close()
        await server.shutDown()
    }
}

/// How many frames the messages of a turn have.
private func messageSizes(of frames: Int, atMost limit: Int) -> [Int] {
    stride(from: 0, to: frames, by: limit).map { min(limit, frames - $0) }
}

/// Makes a call at fixed times, whatever comes back.
private final class PacedSource: CallSource {
    private let interval: Duration
    private let total: Int
    private var next = MonotonicTime(nanoseconds: 0)
    private(set) var sentAt: [MonotonicTime] = []

    init(every interval: Duration, total: Int) {
        self.interval = interval
        self.total = total
    }

    func makeCalls(_ pipeline: CallPipeline) -> CallDemand {
        while sentAt.count < total, next <= pipeline.now, pipeline.hasRoom {
            sentAt.append(pipeline.now)
            pipeline.send([], tag: 0)
            next = next.advanced(by: interval)
        }
        return sentAt.count == total ? .finished : .at(next)
    }

    func receive(reply: RawSpan, tag: UInt64) {}
    func fail(_ error: RPCError, tag: UInt64) {}
}
