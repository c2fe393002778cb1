// That nothing is lost in silence, with real sockets: late joiners, slow consumers, restarts, and strangers.

import CShim
import Glibc
import RingmasterProtocol
import Testing

@testable import Ringmaster

struct PubSubTests {
    private let context = MessagingContext()
    private let folder = TemporaryFolder()

    /// Repeats often, so that tests wait little.
    private func quick(_ change: (inout PublisherConfiguration) -> Void = { _ in }) -> PublisherConfiguration {
        var configuration = PublisherConfiguration()
        configuration.repeatInterval = .milliseconds(20)
        configuration.socket.reconnectIntervalMax = .milliseconds(50)
        change(&configuration)
        return configuration
    }

    private func publisher(
        at endpoint: Endpoint = "tcp://127.0.0.1:*",
        _ configuration: PublisherConfiguration? = nil
    ) async throws -> Publisher {
        try await Publisher.bind(to: endpoint, configuration: configuration ?? quick(), context: context)
    }

    private func subscriber(
        to publisher: Publisher,
        topics: [TopicFilter] = [.all],
        _ configuration: SubscriberConfiguration = SubscriberConfiguration()
    ) async throws -> Subscriber<[UInt8]> {
        let subscriber = try await Subscriber.connect(
            to: publisher.endpoint,
            topics: topics,
            configuration: configuration,
            context: context
        )
        return subscriber
    }

    private func bytes(_ number: Int) -> [UInt8] { Array("\(number)".utf8) }

    /// Takes `count` publications; fewer where they do not come in time.
    private func take(_ count: Int, from subscriber: Subscriber<[UInt8]>) async -> [Publication<[UInt8]>] {
        let task = Task {
            var taken: [Publication<[UInt8]>] = []
            var iterator = subscriber.makeAsyncIterator()
            while taken.count < count, let publication = await iterator.next() { taken.append(publication) }
            return taken
        }
        let watchdog = Task {
            try await Task.sleep(for: .seconds(20))
            task.cancel()
        }
        defer { watchdog.cancel() }
        return await task.value
    }

    @Test(arguments: ["tcp", "ipc"]) func aSubscriberHearsWhatIsPublishedInOrder(transport: String) async throws {
        let endpoint = transport == "tcp" ? "tcp://127.0.0.1:*" : try Endpoint("ipc://" + folder.file("socket"))
        let publisher = try await publisher(at: endpoint)
        let subscriber = try await subscriber(to: publisher)
        #expect(await eventually { await subscriber.isComplete })
        for number in 1...500 { try await publisher.publish(bytes(number), on: "news") }
        let taken = await take(500, from: subscriber)
        #expect(taken.map(\.value) == (1...500).map(bytes))
        #expect(taken.map(\.sequence) == Array(1...500))
        #expect(taken.allSatisfy { $0.topic == "news" })
        #expect(subscriber.statistics.missed == 0)
        await subscriber.close()
        await publisher.close()
    }

    @Test func aLateJoinerGetsTheLastValueOfEachTopic() async throws {
        // Without repeats, so that the subscription itself is what is answered.
        let publisher = try await publisher(quick { $0.repeatInterval = .seconds(3600) })
        for number in 1...10 {
            try await publisher.publish(bytes(number), on: "a")
            try await publisher.publish(bytes(number * 100), on: "b")
        }
        let early = try await subscriber(to: publisher)
        let late = try await subscriber(to: publisher)
        for subscriber in [early, late] {
            let taken = await take(2, from: subscriber).sorted { $0.topic < $1.topic }
            #expect(taken.map(\.value) == [bytes(10), bytes(1000)])
            #expect(taken.map(\.sequence) == [10, 10])
            #expect(await eventually { await subscriber.isComplete })
            #expect(subscriber.statistics.missed == 0)
        }
        await early.close()
        await late.close()
        await publisher.close()
    }

    @Test func theLastValueBeforeASilenceArrivesThoughItsFirstSendingWasLost() async throws {
        // Published at once after connecting: the subscription is not there yet.
        let publisher = try await publisher()
        let subscriber = try await subscriber(to: publisher)
        for number in 1...3 { try await publisher.publish(bytes(number), on: "state") }
        let first = try #require(await take(1, from: subscriber).first)
        let rest = await take(3 - Int(first.sequence), from: subscriber)
        #expect((rest.last ?? first).value == bytes(3))
        await subscriber.close()
        await publisher.close()
    }

    @Test func repeatsAreDropped() async throws {
        let publisher = try await publisher()
        let subscriber = try await subscriber(to: publisher)
        try await publisher.publish([1], on: "a")
        #expect(await eventually { subscriber.statistics.duplicates >= 3 })
        #expect(await take(1, from: subscriber).count == 1)
        #expect(subscriber.statistics.waiting == 0 && subscriber.statistics.missed == 0)
        await subscriber.close()
        await publisher.close()
    }

    @Test func aSlowConsumersLossIsCountedExactly() async throws {
        let publisher = try await publisher()
        var small = SubscriberConfiguration()
        small.bufferMax = 10
        let subscriber = try await subscriber(to: publisher, small)
        #expect(await eventually { await subscriber.isComplete })
        let sent = 3000
        for number in 1...sent { try await publisher.publish(bytes(number), on: "flood") }
        #expect(await eventually { subscriber.statistics.missed + subscriber.statistics.waiting == sent })
        let taken = await take(10, from: subscriber)
        #expect(taken.map(\.sequence) == Array(UInt64(sent - 9)...UInt64(sent)), "the newest are kept")
        let statistics = subscriber.statistics
        #expect(statistics.received == 10 && statistics.received + statistics.missed == sent)
        await subscriber.close()
        await publisher.close()
    }

    /// A publisher with a queue of two messages, and a subscriber that hears it over a network that can be held.
    private func jammable() async throws -> (Publisher, SlowRelay, Subscriber<[UInt8]>) {
        let publisher = try await publisher(
            quick {
                $0.socket.highWaterMark = 2
                // A held network is no vanished peer.
                $0.socket.heartbeatTimeout = .seconds(60)
            }
        )
        let relay = try SlowRelay(to: publisher.endpoint)
        var patient = SubscriberConfiguration()
        patient.socket.heartbeatTimeout = .seconds(60)
        let subscriber: Subscriber<[UInt8]> = try await Subscriber.connect(
            to: relay.endpoint,
            configuration: patient,
            context: context
        )
        #expect(await eventually { await subscriber.isComplete })
        return (publisher, relay, subscriber)
    }

    /// Ten times what the kernel holds for a connection: the publisher must drop.
    @Test func whatThePublisherDropsForASlowConnectionIsCountedExactly() async throws {
        let (publisher, relay, subscriber) = try await jammable()
        let sent = 400
        let value = [UInt8](repeating: 1, count: 100_000)
        relay.hold()
        for _ in 1...sent { try await publisher.publish(value, on: "flood") }
        relay.resume()
        let counted = await eventually {
            let statistics = subscriber.statistics
            return statistics.missed + statistics.waiting == sent
        }
        #expect(counted, "\(subscriber.statistics)")
        #expect(subscriber.statistics.missed > 0, "nothing was dropped: the test is no test")
        await subscriber.close()
        await publisher.close()
        relay.stop()
    }

    @Test func aTopicThatBeganUnheardIsCountedFromItsFirst() async throws {
        let (publisher, relay, subscriber) = try await jammable()
        relay.hold()
        let fill = [UInt8](repeating: 1, count: 100_000)
        for _ in 1...300 { try await publisher.publish(fill, on: "fill") }
        for number in 1...5 { try await publisher.publish(bytes(number), on: "born in the jam") }
        relay.resume()
        #expect(
            await eventually {
                let statistics = subscriber.statistics
                return statistics.missed + statistics.waiting == 305
            }
        )
        let taken = await take(subscriber.statistics.waiting, from: subscriber)
        // How many of a topic's first are lost in the jam is the system's affair; the last always arrives.
        #expect(taken.last { $0.topic == "born in the jam" }?.sequence == 5)
        await subscriber.close()
        await publisher.close()
        relay.stop()
    }

    @Test func aRestartedPublisherIsHeardAnewAndCounted() async throws {
        let first = try await publisher()
        let endpoint = first.endpoint
        let subscriber = try await subscriber(to: first)
        for number in 1...5 { try await first.publish(bytes(number), on: "a") }
        var last: UInt64 = 0
        while last < 5 { last = try #require(await take(1, from: subscriber).first).sequence }
        await first.close()
        var second: Publisher?
        // The port is free once libzmq's thread has closed the old listener.
        #expect(
            await eventually {
                second = try? await publisher(at: endpoint)
                return second != nil
            }
        )
        try await second?.publish(bytes(99), on: "a")
        let taken = await take(1, from: subscriber)
        #expect(taken.first?.value == bytes(99) && taken.first?.sequence == 1)
        #expect(subscriber.statistics.publisherRestarts == 1)
        #expect(subscriber.statistics.missed == 0)
        await subscriber.close()
        await second?.close()
    }

    @Test func onlyWhatWasAskedForIsDelivered() async throws {
        let publisher = try await publisher()
        let exact = try await subscriber(to: publisher, topics: [.exact("a")])
        let prefix = try await subscriber(to: publisher, topics: [.prefix("a/")])
        for subscriber in [exact, prefix] { #expect(await eventually { await subscriber.isComplete }) }
        for topic in ["a", "ab", "a/1", "b", "a/2", "a"] { try await publisher.publish(Array(topic.utf8), on: topic) }
        #expect(await take(2, from: exact).map(\.topic) == ["a", "a"])
        #expect(await take(2, from: prefix).map(\.topic) == ["a/1", "a/2"])
        #expect(exact.statistics.waiting == 0 && prefix.statistics.waiting == 0)
        await exact.close()
        await prefix.close()
        await publisher.close()
    }

    @Test func topicsMayBeTakenUpAndGivenUp() async throws {
        let publisher = try await publisher()
        let subscriber = try await subscriber(to: publisher, topics: [.exact("a")])
        #expect(await eventually { await subscriber.isComplete })
        try await subscriber.subscribe(to: .exact("b"))
        #expect(await eventually { await subscriber.isComplete })
        try await publisher.publish([1], on: "b")
        #expect(await take(1, from: subscriber).map(\.topic) == ["b"])
        try await subscriber.unsubscribe(from: .exact("b"))
        for _ in 0..<10 { try await publisher.publish([2], on: "b") }
        try await publisher.publish([3], on: "a")
        #expect(await take(1, from: subscriber).map(\.value) == [[3]])
        try await subscriber.subscribe(to: .exact("b"))
        let again = await take(1, from: subscriber)
        #expect(again.map(\.sequence) == [11])
        #expect(subscriber.statistics.missed == 0, "what was not asked for is not missed")
        await subscriber.close()
        await publisher.close()
    }

    @Test func closingEndsTheIterationAfterWhatWasReceived() async throws {
        let publisher = try await publisher()
        let subscriber = try await subscriber(to: publisher)
        #expect(await eventually { await subscriber.isComplete })
        try await publisher.publish([1], on: "a")
        #expect(await eventually { subscriber.statistics.waiting == 1 })
        await subscriber.close()
        var values: [[UInt8]] = []
        for await publication in subscriber { values.append(publication.value) }
        #expect(values == [[1]])
        await #expect(throws: PubSubError.closed) { try await subscriber.subscribe(to: .all) }
        await publisher.close()
        await #expect(throws: PubSubError.closed) { try await publisher.publish([1], on: "a") }
    }

    @Test func closingEndsAnIterationThatWaits() async throws {
        let publisher = try await publisher()
        let subscriber = try await subscriber(to: publisher)
        let iteration = Task { for await _ in subscriber {} }
        #expect(await eventually { await subscriber.isComplete })
        await subscriber.close()
        await iteration.value
        await publisher.close()
    }

    @Test func cancellingEndsTheIterationOfThatTaskOnly() async throws {
        let publisher = try await publisher()
        let subscriber = try await subscriber(to: publisher)
        #expect(await eventually { await subscriber.isComplete })
        let iteration = Task { for await _ in subscriber {} }
        iteration.cancel()
        await iteration.value
        try await publisher.publish([1], on: "a")
        #expect(await take(1, from: subscriber).count == 1)
        await subscriber.close()
        await publisher.close()
    }

    @Test func aSubscriberHearsSeveralPublishers() async throws {
        let one = try await publisher()
        let other = try await publisher()
        let subscriber = try await Subscriber.connect(to: one.endpoint, other.endpoint, context: context)
        #expect(await eventually { await subscriber.isComplete })
        try await one.publish([1], on: "same")
        try await other.publish([2], on: "same")
        try await one.publish([3], on: "same")
        #expect(Set(await take(3, from: subscriber).map(\.value)) == [[1], [2], [3]])
        #expect(subscriber.statistics.publisherRestarts == 0 && subscriber.statistics.missed == 0)
        await subscriber.close()
        await one.close()
        await other.close()
    }

    @Test func limitsAreTypedErrors() async throws {
        let publisher = try await publisher(quick { $0.topicsMax = 2 })
        try await publisher.publish([1], on: "a")
        try await publisher.publish([1], on: "b")
        await #expect(throws: PubSubError.tooManyTopics(limit: 2)) { try await publisher.publish([1], on: "c") }
        try await publisher.publish([2], on: "a")
        let large = [UInt8](repeating: 0, count: Limits.payloadBytesMax + 1)
        await #expect(throws: PubSubError.valueTooLarge(bytes: large.count, limit: Limits.payloadBytesMax)) {
            try await publisher.publish(large, on: "a")
        }
        for topic in ["", String(repeating: "x", count: 256), "$/topics"] {
            await #expect {
                try await publisher.publish([1], on: topic)
            } throws: {
                if case .invalidTopic = $0 as? PubSubError { true } else { false }
            }
            await #expect(throws: PubSubError.self) {
                _ = try await Subscriber.connect(to: publisher.endpoint, topics: [.exact(topic)], context: context)
            }
        }
        await #expect(throws: PubSubError.transport(.addressInUse(publisher.endpoint.text))) {
            _ = try await Publisher.bind(to: publisher.endpoint, context: context)
        }
        await publisher.close()
    }

    @Test func aPublisherThatIsLetGoFreesItsPort() async throws {
        var publisher: Publisher? = try await publisher()
        let endpoint = try #require(publisher?.endpoint)
        publisher = nil
        #expect(
            await eventually {
                guard let next = try? await self.publisher(at: endpoint) else { return false }
                await next.close()
                return true
            }
        )
    }
}
