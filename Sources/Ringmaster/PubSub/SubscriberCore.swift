// The subscriber on its loop: one SUB socket for each publisher, so that it is known who was restarted.

import CShim

/// Receives publications, sorts out repeated ones, and passes the others on. Confined to its loop.
final class SubscriberCore: @unchecked Sendable {
    // @unchecked: made and used on the loop's thread alone; others only pass it on.
    private var feeds: [Feed] = []
    private var filters: Set<TopicFilter> = []
    private let buffer: SubscriberBuffer
    private var isClosed = false

    init(
        endpoints: [Endpoint],
        filters: [TopicFilter],
        configuration: SubscriberConfiguration,
        buffer: SubscriberBuffer,
        context: MessagingContext,
        loop: EventLoop
    ) throws(PubSubError) {
        self.buffer = buffer
        do throws(PubSubError) {
            for endpoint in endpoints {
                feeds.append(
                    try Feed(to: endpoint, of: self, configuration: configuration, context: context, loop: loop)
                )
            }
            for filter in filters { try subscribe(to: filter) }
        } catch {
            close()
            throw error
        }
    }

    func subscribe(to filter: TopicFilter) throws(PubSubError) {
        guard !isClosed else { throw .closed }
        try filter.check()
        guard !filters.contains(filter) else { return }
        do {
            // libzmq counts equal subscriptions, so a topic and the prefix of the same name go side by side.
            for feed in feeds { try feed.socket.set(ZMQ_SUBSCRIBE, filter.bytes) }
        } catch {
            throw .transport(error)
        }
        filters.insert(filter)
    }

    func unsubscribe(from filter: TopicFilter) throws(PubSubError) {
        guard !isClosed else { throw .closed }
        guard filters.remove(filter) != nil else { return }
        do {
            for feed in feeds {
                try feed.socket.set(ZMQ_UNSUBSCRIBE, filter.bytes)
                feed.tracker.forget(filter, remaining: filters)
            }
        } catch {
            throw .transport(error)
        }
    }

    /// Whether every publisher has told everything there was under every filter.
    var isComplete: Bool {
        feeds.allSatisfy { feed in filters.allSatisfy { feed.tracker.isComplete($0) } }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        for feed in feeds { feed.socket.close() }
        feeds = []
        buffer.close()
    }

    /// What comes from one publisher.
    private final class Feed: SocketHandler {
        let socket: LoopSocket
        var tracker: SequenceTracker
        private unowned let core: SubscriberCore
        private let batch = MessageBatch(messages: Limits.messagesPerBatchMax, parts: 2)

        init(
            to endpoint: Endpoint,
            of core: SubscriberCore,
            configuration: SubscriberConfiguration,
            context: MessagingContext,
            loop: EventLoop
        ) throws(PubSubError) {
            self.core = core
            tracker = SequenceTracker(topicsMax: configuration.topicsMax)
            do {
                socket = try LoopSocket(
                    kind: RM_SUB,
                    settings: configuration.socket,
                    security: configuration.security,
                    context: context,
                    loop: loop
                )
            } catch {
                throw .transport(error)
            }
            do {
                try socket.connect(endpoint)
            } catch {
                socket.close()
                throw .transport(error)
            }
            socket.handler = self
        }

        func socketMayBeReady(_ socket: LoopSocket) {
            let count = batch.receive(from: socket)
            for index in 0..<count {
                let topic = batch.part(0, of: index)
                let body =
                    batch.partCount(index) == 2 ? PublicationFrame.read(batch.part(1, of: index), topic: topic) : nil
                core.take(body, topic: Array(topic), into: &tracker)
            }
            batch.release()
        }
    }

    private func take(_ body: PublicationFrame.Body?, topic: [UInt8], into tracker: inout SequenceTracker) {
        switch body {
        case nil:
            buffer.count { $0.malformed += 1 }
        case .listing(let publisher, let prefix, let count, let sequence):
            note(publisher, in: tracker)
            tracker.list(publisher: publisher, prefix: prefix, count: count, sequence: sequence, for: filters)
        case .publication(let publisher, let sequence, let value):
            // libzmq filters by prefix only.
            guard filters.contains(where: { $0.matches(topic) }) else { return }
            note(publisher, in: tracker)
            switch tracker.receive(publisher: publisher, topic: topic, sequence: sequence) {
            case .duplicate: buffer.count { $0.duplicates += 1 }
            case .beyondLimit: buffer.count { $0.beyondLimit += 1 }
            case .fresh(let missed):
                let publication: RawPublication
                switch value {
                case .bytes(let bytes):
                    publication = RawPublication(topic: topic, sequence: sequence, value: Array(bytes), isBytes: true)
                case .encoded(let bytes):
                    publication = RawPublication(topic: topic, sequence: sequence, value: Array(bytes), isBytes: false)
                }
                buffer.add(publication, missed: missed)
            }
        }
    }

    /// Counts a restart before the consumer can see what came after it.
    private func note(_ publisher: UInt64, in tracker: SequenceTracker) {
        guard let last = tracker.publisher, last != publisher else { return }
        buffer.count { $0.publisherRestarts += 1 }
    }
}
