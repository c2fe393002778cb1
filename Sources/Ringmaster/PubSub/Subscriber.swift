// The subscriber as its users see it.

/// A value that was published.
public struct Publication<Value: Sendable>: Sendable {
    public let topic: String
    /// Its number among the publications of its topic, from 1.
    public let sequence: UInt64
    public let value: Value
}

extension Publication: Equatable where Value: Equatable {}

/// Hears what publishers publish: a sequence of publications that ends when the subscriber is closed or the task that
/// iterates is cancelled.
///
/// - Who subscribes late hears the last value of each topic first.
/// - What could not be delivered, because the connection broke or the consumer was slow, is counted in
///   `statistics.missed`, each publication once; nothing is lost in silence.
/// - It waits for publishers that are not there yet, and for those that come back.
///
/// Several tasks may iterate: each publication goes to one of them.
public final class Subscriber<Value: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Publication<Value>
    public typealias Failure = Never

    private let core: SubscriberCore
    private let buffer: SubscriberBuffer
    private let loop: EventLoop
    /// Nil where the value is of another type.
    private let decode: @Sendable (RawPublication) -> Value?

    private init(
        core: SubscriberCore,
        buffer: SubscriberBuffer,
        loop: EventLoop,
        decode: @escaping @Sendable (RawPublication) -> Value?
    ) {
        self.core = core
        self.buffer = buffer
        self.loop = loop
        self.decode = decode
    }

    deinit {
        buffer.close()
        loop.post { [core] in core.close() }
    }

    static func connect(
        to endpoints: [Endpoint],
        topics: [TopicFilter],
        configuration: SubscriberConfiguration,
        context: MessagingContext,
        loop: EventLoop,
        decode: @escaping @Sendable (RawPublication) -> Value?
    ) async throws(PubSubError) -> Subscriber {
        let buffer = SubscriberBuffer(countMax: configuration.bufferMax, bytesMax: configuration.bufferBytesMax)
        let core = try await loop.perform { () throws(PubSubError) in
            try SubscriberCore(
                endpoints: endpoints,
                filters: topics,
                configuration: configuration,
                buffer: buffer,
                context: context,
                loop: loop
            )
        }
        return Subscriber(core: core, buffer: buffer, loop: loop, decode: decode)
    }

    /// Asks for further topics; their last values come first.
    /// - Throws: `PubSubError.invalidTopic`, `.transport` or `.closed`.
    public func subscribe(to topics: TopicFilter) async throws(PubSubError) {
        try await loop.perform { [core] () throws(PubSubError) in try core.subscribe(to: topics) }
    }

    /// Asks for these topics no more. What was received before may still be delivered.
    /// - Throws: `PubSubError.transport` or `.closed`.
    public func unsubscribe(from topics: TopicFilter) async throws(PubSubError) {
        try await loop.perform { [core] () throws(PubSubError) in try core.unsubscribe(from: topics) }
    }

    /// Whether each publisher is connected and has told every last value there was: from then on nothing is missed
    /// without being counted.
    public var isComplete: Bool {
        get async { await loop.perform { [core] in core.isComplete } }
    }

    /// What it has seen so far.
    public var statistics: SubscriberStatistics { buffer.statistics }

    /// Closes it. Iterations end once they have what was received before.
    public func close() async {
        await loop.perform { [core] in core.close() }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(subscriber: self)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let subscriber: Subscriber

        /// The next publication; nil once the subscriber is closed, or the task is cancelled.
        public mutating func next() async -> Publication<Value>? {
            await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> Publication<Value>? {
            while let raw = await subscriber.buffer.next() {
                if let value = subscriber.decode(raw) {
                    return Publication(
                        topic: String(decoding: raw.topic, as: UTF8.self),
                        sequence: raw.sequence,
                        value: value
                    )
                }
                subscriber.buffer.count {
                    $0.received -= 1
                    $0.undecodable += 1
                }
            }
            return nil
        }
    }
}

extension Subscriber where Value == [UInt8] {
    /// Makes a subscriber to bytes published at `endpoints`, which need not be there yet. Each must be a publisher's
    /// own: behind a proxy, several publishers would look like one that restarts without end.
    /// - Throws: `PubSubError.invalidTopic` or `.transport`.
    public static func connect(
        to endpoints: Endpoint...,
        topics: [TopicFilter] = [.all],
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
            decode: { $0.isBytes ? $0.value : nil }
        )
    }
}
