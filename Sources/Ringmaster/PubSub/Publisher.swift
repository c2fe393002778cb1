// The publisher as its users see it.

/// Publishes values on topics to whoever subscribes, and keeps the last value of each topic for those who come late.
///
/// Publishing never waits for a subscriber: one that is too slow misses publications, and counts them. The order of one
/// topic's publications is kept.
///
/// It runs on its event loop. From an actor of the same loop, `publish` does not leave the loop's thread.
public actor Publisher {
    /// The loop that it runs on.
    nonisolated public let loop: EventLoop
    nonisolated public var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Where it listens, with wildcards resolved.
    nonisolated public let endpoint: Endpoint
    private let core: PublisherCore

    /// Makes a publisher that listens on `endpoint`.
    /// - Throws: `PubSubError.transport`.
    public static func bind(
        to endpoint: Endpoint,
        configuration: PublisherConfiguration = PublisherConfiguration(),
        context: MessagingContext = .shared,
        loop: EventLoop = .shared
    ) async throws(PubSubError) -> Publisher {
        let core = try await loop.perform { () throws(PubSubError) in
            try PublisherCore(endpoint: endpoint, configuration: configuration, context: context, loop: loop)
        }
        return Publisher(core: core, loop: loop)
    }

    private init(core: PublisherCore, loop: EventLoop) {
        self.core = core
        self.loop = loop
        endpoint = core.endpoint
    }

    deinit {
        loop.post { [core] in core.close() }
    }

    /// Publishes bytes on `topic` (1 to 255 bytes of UTF-8, not beginning with `$/`). O(bytes).
    /// - Throws: `PubSubError.invalidTopic`, `.tooManyTopics`, `.valueTooLarge` or `.closed`.
    public func publish(_ value: [UInt8], on topic: String) throws(PubSubError) {
        guard value.count <= Limits.payloadBytesMax else {
            throw .valueTooLarge(bytes: value.count, limit: Limits.payloadBytesMax)
        }
        try core.publish(on: topic) { body in
            PublicationFrame.writeBinHead(value.count, into: &body)
            body.append(contentsOf: value)
        }
    }

    /// Publishes a value that is encoded as MessagePack already. That it is one, and only one, is the caller's word.
    func publish(encoded value: [UInt8], on topic: String) throws(PubSubError) {
        guard value.count <= Limits.payloadBytesMax else {
            throw .valueTooLarge(bytes: value.count, limit: Limits.payloadBytesMax)
        }
        try core.publish(on: topic) { $0.append(contentsOf: value) }
    }

    /// What it has seen so far.
    public var statistics: PublisherStatistics { core.statistics }

    /// Closes it. What is unsent is kept for the linger time.
    public func close() {
        core.close()
    }
}
