// What a call promises: its result, its errors, its limits.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallTests {
    @Test(arguments: [0, 1, 64, 255, 256, 65_535, 65_536, 1 << 20])
    func aRawCallBringsItsBytesBack(count: Int) async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try await client.call("echo", payload: payload) == payload)
        await client.close()
        await server.shutDown()
    }

    @Test func valuesGoThereAndBack() async throws {
        var service = RPCService.standard
        service.handle("double") { (order: Order) in
            Order(item: order.item + order.item, quantity: order.quantity * 2, notes: order.notes)
        }
        service.handle("nothing") { (_: Int) in }
        service.handle("bytes") { (bytes: [UInt8]) in Array(bytes.reversed()) }
        service.handle("none") { () in "no params" }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let sum: Int = try await client.call("add", 40, 2)
        #expect(sum == 42)
        let order: Order = try await client.call("double", Order(item: "ab", quantity: 3, notes: ["x": 1.5]))
        #expect(order == Order(item: "abab", quantity: 6, notes: ["x": 1.5]))
        try await client.call("nothing", 1)
        let nothing: Int? = try await client.call("nothing", 1)
        #expect(nothing == nil)
        let bytes: [UInt8] = try await client.call("bytes", [1, 2, 3] as [UInt8])
        #expect(bytes == [3, 2, 1])
        let text: String = try await client.call("none")
        #expect(text == "no params")
        await client.close()
        await server.shutDown()
    }

    @Test func manyTasksCallAtOnceAndEachGetsItsOwnReply() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<64 {
                group.addTask {
                    var wrong = 0
                    for round in 0..<50 {
                        let sum: Int = try await client.call("add", task, round * 1000)
                        if sum != task + round * 1000 { wrong += 1 }
                    }
                    return wrong
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(wrong == 0)
        let statistics = await client.statistics
        #expect(statistics.calls == 3200)
        #expect(statistics.replies == 3200)
        #expect(statistics.unmatchedReplies == 0)
        await client.close()
        await server.shutDown()
    }

    @Test func aTaskThatPrefersTheLoopCallsWithoutLeavingIt() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let stayed = try await Task(executorPreference: client.loop.taskExecutor) {
            let buffer = ReplyBuffer()
            let payload = [UInt8](repeating: 7, count: 64)
            var stayed = true
            for _ in 0..<100 {
                let span = payload.span
                try await client.call("echo", payload: span.bytes, into: buffer)
                stayed = stayed && client.loop.isCurrent && buffer.withUnsafeBytes { $0.elementsEqual(payload) }
            }
            return stayed
        }.value
        #expect(stayed)
        await client.close()
        await server.shutDown()
    }

    @Test func anActorOnTheLoopGetsItsReplies() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        #expect(try await Caller(client).callManyTimes() == 200)
        await client.close()
        await server.shutDown()
    }

    @Test func anUnknownMethodIsNamed() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let error = await rpcError { () throws(RPCError) in _ = try await client.call("ecco", payload: []) }
        guard case .remote(let remote) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(remote.code == .unknownMethod)
        #expect(remote.message.contains("'ecco'"))
        #expect(await server.statistics.unknownMethods == 1)
        await client.close()
        await server.shutDown()
    }

    @Test func whatAHandlerThrowsReachesTheCaller() async throws {
        var service = RPCService()
        service.handle("pay") { (_: Int) -> Int in throw Broke() }
        service.handle("refuse") { (_: Int) -> Int in throw RemoteError(code: .unauthorised, message: "not you") }
        service.handleRaw("raw") { _, _ in throw Broke() }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        #expect(
            await rpcError { () throws(RPCError) in _ = try await client.call("pay", 5, returning: Int.self) }
                == .remote(RemoteError(code: .handlerFailed, message: "the account has 3 and needs 5"))
        )
        #expect(
            await rpcError { () throws(RPCError) in _ = try await client.call("refuse", 5, returning: Int.self) }
                == .remote(RemoteError(code: .unauthorised, message: "not you"))
        )
        #expect(
            await rpcError { () throws(RPCError) in _ = try await client.call("raw", payload: [1]) }
                == .remote(RemoteError(code: .handlerFailed, message: "the account has 3 and needs 5"))
        )
        #expect(await server.statistics.failures == 3)
        await client.close()
        await server.shutDown()
    }

    @Test func wrongParamsAreNamedByPosition() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let wrongType = await rpcError { () throws(RPCError) in
            _ = try await client.call("add", 1, "two", returning: Int.self)
        }
        guard case .remote(let first) = wrongType else {
            Issue.record("\(String(describing: wrongType))")
            return
        }
        #expect(first.code == .badParams)
        #expect(first.message.contains("param 2 of 'add'"))
        let wrongCount = await rpcError { () throws(RPCError) in
            _ = try await client.call("add", 1, returning: Int.self)
        }
        #expect(
            wrongCount == .remote(RemoteError(code: .badParams, message: "'add' takes 2 params; 1 came"))
        )
        let valueToRaw = await rpcError { () throws(RPCError) in
            _ = try await client.call("echo", 1, returning: Int.self)
        }
        #expect(
            valueToRaw == .remote(RemoteError(code: .badParams, message: "the method takes one param, a bin"))
        )
        await client.close()
        await server.shutDown()
    }

    @Test func aReplyOfAnotherTypeIsAClearError() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let error = await rpcError { () throws(RPCError) in
            let _: String = try await client.call("add", 1, 2)
        }
        guard case .unexpectedReply(method: "add", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await client.close()
        await server.shutDown()
    }

    @Test func aPayloadAboveTheLimitIsRefusedBeforeItIsSent() async throws {
        let client = try await RPCClient("tcp://127.0.0.1:9")
        let payload = [UInt8](repeating: 0, count: Limits.payloadBytesMax + 1)
        #expect(
            await rpcError { () throws(RPCError) in _ = try await client.call("echo", payload: payload) }
                == .payloadTooLarge(bytes: payload.count, limit: Limits.payloadBytesMax)
        )
        await client.close()
    }

    @Test func callsOnAClosedClientSaySo() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        await client.close()
        #expect(await rpcError { () throws(RPCError) in _ = try await client.call("echo", payload: [1]) } == .closed)
        await server.shutDown()
    }

    @Test func closingFailsTheCallsInFlight() async throws {
        let client = try await RPCClient(try await freeEndpoint())
        async let error = rpcError { () throws(RPCError) in
            _ = try await client.call("echo", payload: [1], options: CallOptions(timeout: nil))
        }
        await eventually("the call is in flight") { await client.inFlight == 1 }
        await client.close()
        #expect(await error == .closed)
    }

    @Test func notificationsReachTheHandlerAndHaveNoReply() async throws {
        let heard = Counter()
        var service = RPCService.standard
        service.handle("note") { (_: String) in
            heard.increment()
            return
        }
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        for _ in 0..<10 { try client.notify("note", "hello") }
        await eventually("ten notifications arrive") { heard.value == 10 }
        #expect(await server.statistics.notifications == 10)
        #expect(await server.statistics.replies == 0)
        await client.close()
        await server.shutDown()
    }

    @Test func aClientThatIsLetGoClosesItself() async throws {
        let server = try await RPCServer(.standard, at: "tcp://127.0.0.1:*")
        var client: RPCClient? = try await RPCClient(server.endpoint)
        _ = try await client?.call("echo", payload: [1])
        weak let gone = client
        client = nil
        #expect(gone == nil)
        await server.shutDown()
    }
}

private actor Caller {
    let client: RPCClient
    nonisolated var unownedExecutor: UnownedSerialExecutor { client.loop.asUnownedSerialExecutor() }
    init(_ client: RPCClient) { self.client = client }
    func callManyTimes() async throws -> Int {
        var right = 0
        for round in 0..<200 {
            let bytes = try await client.call("echo", payload: [UInt8(round)])
            if bytes == [UInt8(round)], client.loop.isCurrent { right += 1 }
        }
        return right
    }
}

private struct Broke: Error, CustomStringConvertible {
    var description: String { "the account has 3 and needs 5" }
}

private struct Order: Codable, Equatable, Sendable {
    var item: String
    var quantity: Int
    var notes: [String: Double]?
}
