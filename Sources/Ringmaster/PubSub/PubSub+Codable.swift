// Values of any Codable type on topics, in the MessagePack that docs/PROTOCOL.md describes.

import RingmasterProtocol

extension Publisher {
    /// Publishes a value, encoded as MessagePack. O(its size).
    /// - Throws: `PubSubError.unencodable`, and what publishing bytes throws.
    public func publish(encoding value: some Encodable & Sendable, on topic: String) throws(PubSubError) {
        var writer = MessagePackWriter(capacity: 64)
        do {
            // Beside the publication's numbers, it is inside an array.
            try MessagePackEncoder().encode(value, into: &writer, inside: 1)
        } catch {
            throw .unencodable(topic: topic, reason: "\(error)")
        }
        try publish(encoded: writer.bytes, on: topic)
    }
}

extension Subscriber where Value: Decodable {
    /// Makes a subscriber to values of one type published at `endpoints`; otherwise as a subscriber to bytes. Values that
    /// cannot be decoded as that type are counted in `statistics.undecodable`.
    /// - Throws: `PubSubError.invalidTopic` or `.transport`.
    public static func connect(
        to endpoints: Endpoint...,
        topics: [TopicFilter] = [.all],
        decoding type: Value.Type,
        configuration: SubscriberConfiguration = SubscriberConfiguration(),
        context: MessagingContext = .shared,
        loop: EventLoop = .shared
    ) async throws(PubSubError) -> Subscriber {
        try await connect(
            to: endpoints,
            topics: topics,
            configuration: configuration,
            context: context,
            loop: loop,
            decode: { try? MessagePackDecoder().decode(Value.self, from: $0.encoded) }
        )
    }
}
