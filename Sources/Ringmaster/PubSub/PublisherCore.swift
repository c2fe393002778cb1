// The publisher on its loop: an XPUB socket that hears of subscriptions, and the last value of each topic.

import CShim
import RingmasterProtocol

/// Publishes, answers new subscriptions with last values, and repeats those of silent topics. Confined to its loop.
///
/// XPUB cannot address one subscriber: what answers a subscription goes to all who asked for those topics, and they
/// drop what they have heard.
final class PublisherCore: SocketHandler, @unchecked Sendable {
    // @unchecked: made and used on the loop's thread alone; others only pass it on.

    private final class Topic {
        let name: [UInt8]
        var sequence: UInt64 = 0
        /// The last publication as it was sent.
        var body: [UInt8] = []
        /// Whether it was published since the last round of repeats.
        var isFresh = false
        /// The last round in which it was sent again.
        var round = 0

        init(name: [UInt8]) {
            self.name = name
        }
    }

    let endpoint: Endpoint
    private(set) var statistics = PublisherStatistics()
    private let loop: EventLoop
    private let socket: LoopSocket
    private let configuration: PublisherConfiguration
    private let id: UInt64
    private var topics: [[UInt8]: Topic] = [:]
    /// The same in the order of their bytes: the topics under a prefix are neighbours.
    private var sortedTopics: [Topic] = []
    private var round = 0
    private let batch = MessageBatch(messages: 64, parts: 1)
    private var isClosed = false

    /// What subscribers ask for.
    private var prefixes: Set<[UInt8]> = []
    /// Those that are to be answered.
    private var unanswered: Set<[UInt8]> = []
    private var answeredAt = MonotonicTime(nanoseconds: 0)
    private var answerTimer: LoopTimer?
    private var repeatTimer: LoopTimer?

    init(
        endpoint: Endpoint,
        configuration: PublisherConfiguration,
        context: MessagingContext,
        loop: EventLoop
    ) throws(PubSubError) {
        precondition(configuration.topicsMax > 0, "a publisher has at least one topic")
        precondition(configuration.repeatInterval > .zero, "repeats take some time")
        self.configuration = configuration
        self.loop = loop
        var random = loop.host.random
        id = .random(in: 1 ... .max, using: &random)
        do {
            socket = try LoopSocket(
                kind: RM_XPUB,
                settings: configuration.socket,
                security: configuration.security,
                context: context,
                loop: loop
            )
        } catch {
            throw .transport(error)
        }
        do {
            // Every subscription is reported, also one that another subscriber has already.
            try socket.set(ZMQ_XPUB_VERBOSE, 1)
            self.endpoint = try socket.bind(endpoint)
        } catch {
            socket.close()
            throw .transport(error)
        }
        answerTimer = loop.timer { [weak self] in self?.answer() }
        repeatTimer = loop.timer { [weak self] in self?.repeatLastValues() }
        socket.handler = self
    }

    /// Publishes the value that `write` appends to the body.
    func publish(on name: String, write: (inout [UInt8]) -> Void) throws(PubSubError) {
        guard !isClosed else { throw .closed }
        let topic = try topic(named: Array(name.utf8))
        topic.sequence += 1
        topic.isFresh = true
        topic.body.removeAll(keepingCapacity: true)
        PublicationFrame.writeHead(topic: topic.name, publisher: id, sequence: topic.sequence, into: &topic.body)
        write(&topic.body)
        send(topic)
        statistics.published += 1
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let answerTimer { loop.disarm(answerTimer) }
        if let repeatTimer { loop.disarm(repeatTimer) }
        socket.close()
        topics = [:]
        sortedTopics = []
    }

    func socketMayBeReady(_ socket: LoopSocket) {
        let count = batch.receive(from: socket)
        for index in 0..<count {
            let message = batch.part(0, of: index)
            guard batch.partCount(index) == 1, let command = message.first, command <= 1 else {
                statistics.malformed += 1
                continue
            }
            let prefix = Array(message.dropFirst())
            if command == 1 { addSubscription(prefix) } else { prefixes.remove(prefix) }
        }
        batch.release()
    }

    private func topic(named name: [UInt8]) throws(PubSubError) -> Topic {
        if let topic = topics[name] { return topic }
        try TopicFilter.check(topic: name)
        guard topics.count < configuration.topicsMax else { throw .tooManyTopics(limit: configuration.topicsMax) }
        let topic = Topic(name: name)
        topics[name] = topic
        sortedTopics.insert(topic, at: firstTopic { !$0.lexicographicallyPrecedes(name) })
        return topic
    }

    /// A subscriber whose queue is full does not get it, and sees so by the next sequence: a publisher never waits.
    private func send(_ topic: Topic) {
        guard socket.send(topic.name, more: true) == 0 else { return }
        _ = socket.send(topic.body)
    }

    // MARK: Last values

    private func addSubscription(_ prefix: [UInt8]) {
        guard prefix.count <= Limits.topicBytesMax,
            prefixes.contains(prefix) || prefixes.count < Limits.subscriptionsMax
        else {
            statistics.malformed += 1
            return
        }
        statistics.subscriptions += 1
        prefixes.insert(prefix)
        guard unanswered.insert(prefix).inserted else { return }
        if let answerTimer, !answerTimer.isArmed {
            loop.arm(answerTimer, at: max(loop.now, answeredAt.advanced(by: Limits.snapshotInterval)))
        }
        if let repeatTimer, !repeatTimer.isArmed {
            loop.arm(repeatTimer, at: loop.now.advanced(by: configuration.repeatInterval))
        }
    }

    /// Answers new subscriptions: the last value of each of their topics, once, and then what there is.
    private func answer() {
        answeredAt = loop.now
        sendLastValues(under: unanswered, freshToo: true)
        unanswered = []
    }

    private func repeatLastValues() {
        sendLastValues(under: prefixes, freshToo: false)
        for topic in sortedTopics { topic.isFresh = false }
        guard !prefixes.isEmpty, let repeatTimer else { return }
        loop.arm(repeatTimer, at: loop.now.advanced(by: configuration.repeatInterval))
    }

    /// O(prefixes * log topics), and what it sends.
    private func sendLastValues(under prefixes: Set<[UInt8]>, freshToo: Bool) {
        round += 1
        for prefix in prefixes {
            let range = topicRange(under: prefix)
            for topic in sortedTopics[range] where topic.round != round && (freshToo || !topic.isFresh) {
                topic.round = round
                send(topic)
                statistics.repeated += 1
            }
            guard socket.send(prefix, more: true) == 0 else { continue }
            let sequence = topics[prefix]?.sequence ?? 0
            _ = socket.send(
                PublicationFrame.listing(publisher: id, prefix: prefix, count: range.count, sequence: sequence)
            )
        }
    }

    private func topicRange(under prefix: [UInt8]) -> Range<Int> {
        let first = firstTopic { !$0.lexicographicallyPrecedes(prefix) }
        return first..<firstTopic { !$0.lexicographicallyPrecedes(prefix) && !$0.starts(with: prefix) }
    }

    /// The place of the first topic whose name passes `test`, which all after it pass as well.
    private func firstTopic(where test: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, sortedTopics.count)
        while low < high {
            let middle = (low + high) / 2
            if test(sortedTopics[middle].name) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
