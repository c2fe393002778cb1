// That a publisher or subscriber with a peer that does not keep to the protocol, or is not allowed, goes on.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

struct StrangersTests {
    private let context = MessagingContext()

    @Test func malformedBodiesAreCountedAndIgnored() async throws {
        let loop = EventLoop.start()
        defer { loop.stop() }
        let context = context
        nonisolated(unsafe) var stranger: LoopSocket?
        let endpoint = try await loop.run {
            let socket = try LoopSocket.open(RM_XPUB, on: loop, context: context)
            stranger = socket
            return try socket.bind("tcp://127.0.0.1:*")
        }
        let subscriber = try await Subscriber.connect(to: endpoint, context: context)
        let sends = Counter()
        let heard = await eventually {
            // Until the subscription is there, what is sent goes to nobody.
            let count = try? await loop.run {
                guard let stranger else { return 0 }
                _ = stranger.send([0x61])  // one part
                _ = stranger.send([0x61], more: true)
                _ = stranger.send([0xc1, 0xff])  // no MessagePack
                _ = stranger.send([0x61], more: true)
                _ = stranger.send([0x93, 2, 0xa1, 0x61, 0x93, 5, 1, 0x2a])  // a number, not bytes
                _ = stranger.send([0x61], more: true)
                _ = stranger.send([0x93, 2, 0xa1, 0x61, 0x93, 5, 2, 0xc4, 1, 9])
                return 4
            }
            if count == 4 { sends.increment() }
            return subscriber.statistics.waiting >= 2
        }
        #expect(heard)
        var iterator = subscriber.makeAsyncIterator()
        let first = await iterator.next()
        #expect(first == Publication(topic: "a", sequence: 2, value: [9]))
        let statistics = subscriber.statistics
        #expect(statistics.malformed >= 2 && statistics.undecodable == 1 && statistics.received == 1)
        try await loop.run { stranger?.close() }
        await subscriber.close()
    }

    @Test func aSubscriberThatTalksNonsenseIsCountedAndIgnored() async throws {
        var configuration = PublisherConfiguration()
        configuration.repeatInterval = .milliseconds(20)
        let publisher = try await Publisher.bind(
            to: "tcp://127.0.0.1:*",
            configuration: configuration,
            context: context
        )
        let loop = EventLoop.start()
        defer { loop.stop() }
        let endpoint = publisher.endpoint
        let context = context
        nonisolated(unsafe) var stranger: LoopSocket?
        try await loop.run {
            let socket = try LoopSocket.open(Int(ZMQ_XSUB), on: loop, context: context)
            stranger = socket
            try socket.connect(endpoint)
            _ = socket.send([2, 1, 1])
            _ = socket.send([1] + [UInt8](repeating: 0x61, count: 300))
            _ = socket.send([1, 0xff, 0xfe])
            _ = socket.send([1, 0x61])
        }
        #expect(await eventually { await publisher.statistics.subscriptions >= 2 })
        #expect(await publisher.statistics.malformed >= 1)
        let subscriber = try await Subscriber.connect(to: endpoint, context: context)
        try await publisher.publish([1], on: "a")
        var iterator = subscriber.makeAsyncIterator()
        #expect(await iterator.next()?.value == [1])
        try await loop.run { stranger?.close() }
        await subscriber.close()
        await publisher.close()
    }

    @Test func publicationsAreEncryptedForThoseWhoAreAllowed() async throws {
        let serverKeys = try CurveKeyPair.generate()
        let clientKeys = try CurveKeyPair.generate()
        var configuration = PublisherConfiguration()
        configuration.repeatInterval = .milliseconds(20)
        configuration.security = .curveServer(keys: serverKeys, allowing: .only(AllowList([clientKeys.publicKey])))
        let publisher = try await Publisher.bind(
            to: "tcp://127.0.0.1:*",
            configuration: configuration,
            context: context
        )
        try await publisher.publish([1], on: "secret")
        func subscriber(_ security: Security) async throws -> Subscriber<[UInt8]> {
            var configuration = SubscriberConfiguration()
            configuration.security = security
            return try await Subscriber.connect(
                to: publisher.endpoint,
                configuration: configuration,
                context: context
            )
        }
        let plain = try await subscriber(.none)
        let unknown = try await subscriber(.curveClient(keys: .generate(), server: serverKeys.publicKey))
        let allowed = try await subscriber(.curveClient(keys: clientKeys, server: serverKeys.publicKey))
        var iterator = allowed.makeAsyncIterator()
        #expect(await iterator.next()?.value == [1])
        #expect(await eventually { context.authenticationStatistics.unknownKey > 0 })
        #expect(await eventually { allowed.statistics.duplicates > 3 })
        #expect(plain.statistics == SubscriberStatistics() && unknown.statistics == SubscriberStatistics())
        for subscriber in [plain, unknown, allowed] { await subscriber.close() }
        await publisher.close()
    }

    @Test func plainPublishingBeyondTheHostNeedsPermission() async throws {
        await #expect(throws: PubSubError.transport(.insecureEndpoint("tcp://*:*"))) {
            _ = try await Publisher.bind(to: "tcp://*:*", context: context)
        }
    }
}
