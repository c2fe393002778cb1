// How deep values may nest on their way through frames.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1))) struct NestingTests {
    /// Arrays in arrays, `depth` of them.
    private struct Nest: Codable, Equatable {
        let depth: Int

        init(depth: Int) { self.depth = depth }

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            depth = container.isAtEnd ? 1 : 1 + (try container.decode(Nest.self).depth)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            if depth > 1 { try container.encode(Nest(depth: depth - 1)) }
        }
    }

    private var service: RPCService {
        var service = RPCService.standard
        service.handle("nest") { (nest: Nest) in nest }
        return service
    }

    @Test func anArgumentNestsAsDeepAsFramesAllow() async throws {
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        // The array of params is around it.
        let deepest = Nest(depth: MessagePackLimits.depthMax - 1)
        #expect(try await client.call("nest", deepest) == deepest)
        await client.close()
        await server.shutDown()
    }

    /// A server that cannot read a frame loses the others of its message with it: they may be of other callers.
    @Test func anArgumentThatNestsDeeperIsNotSent() async throws {
        let server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
        let client = try await RPCClient(server.endpoint)
        let error = await rpcError { () throws(RPCError) in
            let _: Nest = try await client.call("nest", Nest(depth: MessagePackLimits.depthMax))
        }
        guard case .unencodable(method: "nest", _) = error else {
            Issue.record("not unencodable, but \(String(describing: error))")
            return
        }
        #expect(await server.statistics.malformed == 0)
        await client.close()
        await server.shutDown()
    }

    @Test func aPublishedValueNestsAsDeepAsFramesAllow() async throws {
        let publisher = try await Publisher.bind(to: "tcp://127.0.0.1:*")
        let deepest = Nest(depth: MessagePackLimits.depthMax - 1)
        try await publisher.publish(encoding: deepest, on: "topic")
        let subscriber = try await Subscriber.connect(to: publisher.endpoint, decoding: Nest.self)
        var iterator = subscriber.makeAsyncIterator()
        #expect(await iterator.next()?.value == deepest)
        await #expect(throws: PubSubError.self) {
            try await publisher.publish(encoding: Nest(depth: MessagePackLimits.depthMax), on: "topic")
        }
        await subscriber.close()
        await publisher.close()
    }
}
