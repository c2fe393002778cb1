// A subscriber in Python hears a Swift publisher.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1))) struct PythonSubscriberTests {
    @Test func aLateJoinerHearsLastValuesAndThenEverythingWithoutAGap() async throws {
        let publisher = try await Publisher.bind(to: "tcp://127.0.0.1:*")
        for number in 1...3 { try await publisher.publish([UInt8(number)], on: "jobs/done") }
        try await publisher.publish(encoding: ["ada": 1], on: "jobs/owners")
        try await publisher.publish([9], on: "elsewhere")

        let subscriber = try PythonProcess("subscriber.py", publisher.endpoint.text, "jobs/")
        #expect(try await subscriber.line() == #"["publication", "jobs/done", 3, 0, "03"]"#)
        #expect(try await subscriber.line() == #"["publication", "jobs/owners", 1, 0, {"ada": 1}]"#)
        #expect(try await subscriber.line() == #"["complete"]"#)

        // Sequences pass from one byte to nine on their way.
        for sequence in 4...200 { try await publisher.publish([UInt8(sequence)], on: "jobs/done") }
        for sequence in 4...200 {
            let value = String(sequence, radix: 16)
            let text = value.count == 1 ? "0\(value)" : value
            try #require(
                try await subscriber.line() == #"["publication", "jobs/done", \#(sequence), 0, "\#(text)"]"#
            )
        }
        // A topic that is new is heard from its first publication on.
        try await publisher.publish([1], on: "jobs/new")
        #expect(try await subscriber.line() == #"["publication", "jobs/new", 1, 0, "01"]"#)
        await publisher.close()
    }

    @Test func aSubscriberHearsThePublisherThatTakesTheOthersPlace() async throws {
        let publisher = try await Publisher.bind(to: "tcp://127.0.0.1:*")
        let endpoint = publisher.endpoint
        try await publisher.publish([1], on: "topic")
        try await publisher.publish([2], on: "topic")
        let subscriber = try PythonProcess("subscriber.py", endpoint.text)
        #expect(try await subscriber.line() == #"["publication", "topic", 2, 0, "02"]"#)
        #expect(try await subscriber.line() == #"["complete"]"#)
        await publisher.close()

        let successor = try await rebound(to: endpoint)
        try await successor.publish([7], on: "topic")
        #expect(try await subscriber.line() == #"["publication", "topic", 1, 0, "07"]"#)
        #expect(try await subscriber.line() == #"["complete"]"#)
        await successor.close()
    }

    /// The port is free a moment after its publisher has closed.
    private func rebound(to endpoint: Endpoint) async throws -> Publisher {
        var publisher: Publisher?
        _ = await eventually {
            publisher = try? await Publisher.bind(to: endpoint)
            return publisher != nil
        }
        return try #require(publisher)
    }
}
