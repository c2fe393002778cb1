// What cancelling a task promises: its caller is free at once, the server learns, and nobody else notices.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    @Test func cancellingTheCallersTaskReachesTheHandler() async throws {
        let (started, cancelled) = (Counter(), Counter())
        let server = try await RPCServer(.hanging(started: started, cancelled: cancelled), at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let task = Task { await rpcError { () throws(RPCError) in try await client.call("hang", 1) } }
        await eventually("the handler runs") { started.value == 1 }
        task.cancel()
        #expect(await task.value == .cancelled(method: "hang"))
        await eventually("the handler is cancelled") { cancelled.value == 1 }
        await eventually("the handler has ended") { await server.statistics.running == 0 }
        let statistics = await server.statistics
        #expect(statistics.cancelled == 1)
        #expect(statistics.failures == 0)
        #expect(statistics.replies == 0)
        #expect(await client.statistics.cancelled == 1)
        await client.close()
        await server.shutDown()
    }

    @Test(arguments: [false, true])
    func theCallerIsFreeAtOnceAndTheServerIsTold(onTheLoop: Bool) async throws {
        let peer = try RawSocket.server()
        let client = try await RPCClient(peer.endpoint)
        let task = Task(executorPreference: onTheLoop ? client.loop.taskExecutor : nil) {
            await rpcError { () throws(RPCError) in
                _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: nil))
            }
        }
        let (identity, request) = try await peer.socket.receiveFrame()
        task.cancel()
        // The peer says nothing, so the end can only come from the cancellation.
        #expect(await task.value == .cancelled(method: "echo"))
        let (_, notification) = try await peer.socket.receiveFrame()
        #expect(notification.kind == RM_NOTIFICATION)
        #expect(notification.method == "$/cancel")
        #expect(notification.value == packed([request.msgid]))
        peer.socket.send(identity, WireFrame.response(request.msgid, [1]))
        await eventually("the late reply is counted") { await client.statistics.unmatchedReplies == 1 }
        #expect(await client.inFlight == 0)
        await client.close()
    }

    @Test func aRequestThatIsCancelledWhileItWaitsAtTheServerNeverRuns() async throws {
        let gate = Gate()
        var service = RPCService.standard
        service.handle("wait") { (_: Int) in await gate.pass() }
        var configuration = RPCServerConfiguration()
        configuration.concurrentHandlersMax = 1
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*", configuration: configuration)
        let client = try await RPCClient(server.endpoint)
        async let running: Void = client.call("wait", 1)
        await eventually("the first handler runs") { gate.arrivals.value == 1 }
        let task = Task { await rpcError { () throws(RPCError) in try await client.call("wait", 2) } }
        await eventually("the second request is there") { await server.statistics.requests == 2 }
        task.cancel()
        #expect(await task.value == .cancelled(method: "wait"))
        await eventually("the server is told") { await server.statistics.cancelled == 1 }
        gate.open()
        try await running
        try await client.call("wait", 3)
        #expect(gate.arrivals.value == 2)
        await client.close()
        await server.shutDown()
    }

    @Test func aCallThatIsCancelledWhileItWaitsForRoomIsNeverSent() async throws {
        let peer = try RawSocket.server()
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 1
        let client = try await RPCClient(peer.endpoint, configuration: configuration)
        async let first = client.call("echo", payload: [1])
        let (identity, request) = try await peer.socket.receiveFrame()
        let waiting = (0..<10).map { number in
            Task(executorPreference: client.loop.taskExecutor) {
                await rpcError { () throws(RPCError) in _ = try await client.call("echo", payload: [UInt8(10 + number)])
                }
            }
        }
        await eventually("all wait") { await client.loop.perform { client.core.waitingCount } == 10 }
        for task in waiting where task != waiting[4] { task.cancel() }
        for task in waiting where task != waiting[4] { #expect(await task.value == .cancelled(method: "echo")) }
        #expect(await client.statistics.cancelled == 9)
        peer.socket.send(identity, WireFrame.response(request.msgid, [1]))
        #expect(try await first == [1])
        let (_, second) = try await peer.socket.receiveFrame()
        #expect(second.payload == [14])
        peer.socket.send(identity, WireFrame.response(second.msgid, [14]))
        #expect(await waiting[4].value == nil)
        #expect(peer.socket.receiveNow().isEmpty)
        await client.close()
    }

    /// Where a call can come from.
    enum Origin: CaseIterable {
        case anyTask, taskOnTheLoop, actorOnTheLoop
    }

    @Test(arguments: Origin.allCases)
    func aTaskThatIsCancelledAlreadySendsNothing(from origin: Origin) async throws {
        let peer = try RawSocket.server()
        let client = try await RPCClient(peer.endpoint)
        let caller = CancelledCaller(client)
        let error =
            switch origin {
            case .anyTask: await Task { await callCancelled(client) }.value
            case .taskOnTheLoop:
                await Task(executorPreference: client.loop.taskExecutor) { await callCancelled(client) }.value
            case .actorOnTheLoop: await Task { await caller.call() }.value
            }
        #expect(error == .cancelled(method: "echo"))
        // A second call shows what came before it.
        async let next = client.call("echo", payload: [2])
        let (identity, request) = try await peer.socket.receiveFrame()
        #expect(request.payload == [2])
        peer.socket.send(identity, WireFrame.response(request.msgid, [2]))
        #expect(try await next == [2])
        #expect(await client.statistics.cancelled == 1)
        #expect(await client.inFlight == 0)
        await client.close()
    }

    @Test func otherCallsDoNotNotice() async throws {
        let gate = Gate()
        var service = RPCService.standard
        service.handle("wait") { (number: Int) in
            await gate.pass()
            return number
        }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let tasks = (0..<40).map { number in
            Task { try await client.call("wait", number, returning: Int.self) }
        }
        await eventually("all run") { gate.arrivals.value == 40 }
        for number in stride(from: 1, to: 40, by: 2) { tasks[number].cancel() }
        await eventually("the server is told") { await server.statistics.cancelled == 20 }
        gate.open()
        for (number, task) in tasks.enumerated() {
            switch await task.result {
            case .success(let value): #expect(value == number && number % 2 == 0)
            case .failure(let error):
                #expect(error as? RPCError == .cancelled(method: "wait"))
                #expect(number % 2 == 1)
            }
        }
        #expect(await client.statistics.unmatchedReplies == 0)
        await client.close()
        await server.shutDown()
    }

    @Test(arguments: Origin.allCases)
    func aCancellationThatRacesWithEverythingEndsTheCallOnce(from origin: Origin) async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 8
        let client = try await RPCClient(server.endpoint, configuration: configuration)
        let caller = CancelledCaller(client)
        var random = SplitMix64(seed: 7)
        var wrong = 0
        for round in 0..<40 {
            let tasks = (0..<12).map { number -> Task<[UInt8], any Error> in
                let payload = [UInt8(round), UInt8(number)]
                return switch origin {
                case .anyTask: Task { try await client.call("echo", payload: payload) }
                case .taskOnTheLoop:
                    Task(executorPreference: client.loop.taskExecutor) {
                        try await client.call("echo", payload: payload)
                    }
                case .actorOnTheLoop: Task { try await caller.call(payload) }
                }
            }
            for task in tasks where Bool.random(using: &random) {
                if Bool.random(using: &random) { await Task.yield() }
                task.cancel()
            }
            for (number, task) in tasks.enumerated() {
                switch await task.result {
                case .success(let bytes): if bytes != [UInt8(round), UInt8(number)] { wrong += 1 }
                case .failure(let error): if error as? RPCError != .cancelled(method: "echo") { wrong += 1 }
                }
            }
        }
        #expect(wrong == 0)
        #expect(await client.inFlight == 0)
        #expect(try await client.call("echo", payload: [9]) == [9])
        await client.close()
        await server.shutDown()
    }

    @Test func theRoomOfACancelledCallGoesToAPipelineThatHasNone() async throws {
        let (started, cancelled) = (Counter(), Counter())
        let server = try await RPCServer(.hanging(started: started, cancelled: cancelled), at: "tcp://127.0.0.1:*")
        var configuration = RPCClientConfiguration()
        configuration.inFlightMax = 1
        let client = try await RPCClient(server.endpoint, configuration: configuration)
        let hanging = Task { try await client.call("hang", 1, options: CallOptions(timeout: nil)) }
        await eventually("the window is full") { started.value == 1 }
        let source = CountingSource(total: 20)
        async let ended: Void = client.pipeline(source, method: "echo", window: 4)
        await eventually("the pipeline has asked for room") { source.asked.value > 0 }
        hanging.cancel()
        try await ended
        #expect(source.replies.value == 20)
        await client.close()
        await server.shutDown()
    }
}

/// Cancels its own task, then calls.
private func callCancelled(_ client: RPCClient) async -> RPCError? {
    withUnsafeCurrentTask { $0?.cancel() }
    return await rpcError { () throws(RPCError) in _ = try await client.call("echo", payload: [1]) }
}

/// An actor on the loop whose tasks do not prefer it.
private actor CancelledCaller {
    let client: RPCClient
    nonisolated var unownedExecutor: UnownedSerialExecutor { client.loop.asUnownedSerialExecutor() }
    init(_ client: RPCClient) { self.client = client }

    func call() async -> RPCError? {
        withUnsafeCurrentTask { $0?.cancel() }
        return await rpcError { () throws(RPCError) in _ = try await client.call("echo", payload: [1]) }
    }

    func call(_ payload: [UInt8]) async throws -> [UInt8] {
        try await client.call("echo", payload: payload)
    }
}
