// The settings of publishers and subscribers, and what they have seen.

/// How a publisher keeps and repeats last values.
public struct PublisherConfiguration: Sendable {
    /// Topics it keeps the last value of, for ever: their number, and that of their bytes, is its memory.
    public var topicsMax = 4096
    /// How often the last value of a topic that is silent is sent again: a subscriber that lost the last one before the
    /// silence hears of it by then.
    public var repeatInterval = Duration.seconds(1)
    public var socket = SocketSettings()
    public var security = Security.none

    public init() {}
}

/// What a publisher has seen, since it was made.
public struct PublisherStatistics: Hashable, Sendable {
    /// Values published.
    public var published = 0
    /// Last values sent again.
    public var repeated = 0
    /// Subscriptions received.
    public var subscriptions = 0
    /// Messages from subscribers that are no subscription, or beyond the limit. Dropped.
    public var malformed = 0
}

/// How much a subscriber keeps for a consumer that is slow.
public struct SubscriberConfiguration: Sendable {
    /// Publications that wait for the consumer; beyond, the oldest is dropped and counted as missed.
    public var bufferMax = 1024
    /// Bytes of their values, likewise. The newest is kept however large it is.
    public var bufferBytesMax = 64 << 20
    /// Topics it tells apart, for each publisher. Publications of others are dropped and counted.
    public var topicsMax = 65_536
    public var socket = SocketSettings()
    public var security = Security.none

    public init() {}
}

/// What a subscriber has seen, since it was made. Every publication of its topics, from the first one heard, is in one of
/// `received`, `missed`, `beyondLimit`, `undecodable` and `waiting`, once.
public struct SubscriberStatistics: Hashable, Sendable {
    /// Publications that its consumer got.
    public var received = 0
    /// Publications that never came, and those that were dropped because the consumer was slow.
    public var missed = 0
    /// Repeated ones. Dropped.
    public var duplicates = 0
    /// How often a publisher was followed by another at the same endpoint. What was lost in between is not known.
    public var publisherRestarts = 0
    /// Messages that are not what the protocol allows. Dropped.
    public var malformed = 0
    /// Publications whose value is of another type than the subscriber's. Dropped.
    public var undecodable = 0
    /// Publications of topics beyond `topicsMax`. Dropped.
    public var beyondLimit = 0
    /// Publications that wait for the consumer at this moment.
    public var waiting = 0
}
