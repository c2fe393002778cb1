// What a subscriber has heard of one publisher, and so what it has missed. Pure: sockets and tasks are elsewhere.

/// Tells new publications from repeated ones, and counts those that never came, each once.
///
/// The first publication heard of a topic sets where counting begins: earlier ones were before this subscriber's time.
/// Unless a listing has shown that the subscriber had heard of every topic there was: then a topic that is new has begun
/// since, and everything from its first publication on counts.
struct SequenceTracker {
    enum Outcome: Hashable {
        /// Never heard before; so many publications of the topic before it were not heard either.
        case fresh(missed: UInt64)
        /// Heard before, or older than what was heard.
        case duplicate
        /// It is of a topic beyond the limit.
        case beyondLimit
    }

    let topicsMax: Int
    /// Whom it hears. Another that takes this one's place begins anew.
    private(set) var publisher: UInt64?
    private var lastSequences: [[UInt8]: UInt64] = [:]
    /// The filters under which every topic is known.
    private var complete: Set<TopicFilter> = []

    init(topicsMax: Int) {
        self.topicsMax = topicsMax
    }

    var topicCount: Int { lastSequences.count }

    /// Whether every topic under `filter` that exists has been heard of.
    func isComplete(_ filter: TopicFilter) -> Bool { complete.contains(filter) }

    /// Takes in publication `sequence` (1 and up) of `topic`. O(1), and O(filters) for a new topic.
    mutating func receive(publisher: UInt64, topic: [UInt8], sequence: UInt64) -> Outcome {
        note(publisher)
        if let last = lastSequences[topic] {
            guard sequence > last else { return .duplicate }
            lastSequences[topic] = sequence
            return .fresh(missed: sequence - last - 1)
        }
        guard lastSequences.count < topicsMax else { return .beyondLimit }
        lastSequences[topic] = sequence
        return .fresh(missed: complete.contains { $0.matches(topic) } ? sequence - 1 : 0)
    }

    /// Takes in a listing: `count` topics begin with `prefix`, and the topic of that name has come to `sequence`.
    /// O(topics) until the filters concerned are complete.
    mutating func list(
        publisher: UInt64,
        prefix: [UInt8],
        count: UInt64,
        sequence: UInt64,
        for filters: Set<TopicFilter>
    ) {
        note(publisher)
        let one = TopicFilter(bytes: prefix, isExact: true)
        if filters.contains(one), sequence == 0 || lastSequences[prefix] != nil { complete.insert(one) }
        let all = TopicFilter(bytes: prefix, isExact: false)
        guard filters.contains(all), !complete.contains(all) else { return }
        // The topics known are among those listed, so as many are the same.
        if UInt64(lastSequences.keys.count { all.matches($0) }) >= count { complete.insert(all) }
    }

    /// Drops `filter`, and the topics that none of `remaining` asks for. O(topics).
    mutating func forget(_ filter: TopicFilter, remaining: Set<TopicFilter>) {
        complete.remove(filter)
        lastSequences = lastSequences.filter { topic, _ in remaining.contains { $0.matches(topic) } }
    }

    private mutating func note(_ publisher: UInt64) {
        guard self.publisher != publisher else { return }
        self.publisher = publisher
        lastSequences = [:]
        complete = []
    }
}
