// That typed values arrive as they were published, and other types are counted rather than guessed at.

import Testing

@testable import Ringmaster

private struct Reading: Codable, Equatable, Sendable {
    var sensor: String
    var values: [Double]
    var note: String?
}

struct PubSubCodableTests {
    private let context = MessagingContext()

    @Test func aValueArrivesAsItWasPublished() async throws {
        let publisher = try await Publisher.bind(to: "tcp://127.0.0.1:*", context: context)
        let subscriber = try await Subscriber.connect(to: publisher.endpoint, decoding: Reading.self, context: context)
        #expect(await eventually { await subscriber.isComplete })
        let readings = [
            Reading(sensor: "a", values: [1.5, -2], note: nil), Reading(sensor: "ü", values: [], note: "empty"),
        ]
        for reading in readings { try await publisher.publish(encoding: reading, on: "readings") }
        var iterator = subscriber.makeAsyncIterator()
        for reading in readings { #expect(await iterator.next()?.value == reading) }
        await subscriber.close()
        await publisher.close()
    }

    @Test func aValueOfAnotherTypeIsCountedAndPassedOver() async throws {
        let publisher = try await Publisher.bind(to: "tcp://127.0.0.1:*", context: context)
        let subscriber = try await Subscriber.connect(to: publisher.endpoint, decoding: Reading.self, context: context)
        #expect(await eventually { await subscriber.isComplete })
        let reading = Reading(sensor: "a", values: [], note: nil)
        try await publisher.publish(encoding: 42, on: "readings")
        try await publisher.publish([1, 2, 3], on: "readings")
        try await publisher.publish(encoding: reading, on: "readings")
        var iterator = subscriber.makeAsyncIterator()
        #expect(await iterator.next()?.value == reading)
        #expect(subscriber.statistics.undecodable == 2 && subscriber.statistics.missed == 0)
        await subscriber.close()
        await publisher.close()
    }
}
