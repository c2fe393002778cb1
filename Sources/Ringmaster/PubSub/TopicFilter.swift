// What a subscriber wants to hear.

/// A topic, or all topics that begin alike. Topics are compared by their UTF-8 bytes; no Unicode normalisation takes
/// place.
public struct TopicFilter: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]
    let isExact: Bool

    /// One topic.
    public static func exact(_ topic: String) -> TopicFilter {
        TopicFilter(bytes: Array(topic.utf8), isExact: true)
    }

    /// All topics that begin with `prefix`.
    public static func prefix(_ prefix: String) -> TopicFilter {
        TopicFilter(bytes: Array(prefix.utf8), isExact: false)
    }

    /// Every topic.
    public static let all = prefix("")

    func matches(_ topic: [UInt8]) -> Bool {
        isExact ? topic == bytes : topic.starts(with: bytes)
    }

    public var description: String {
        String(decoding: bytes, as: UTF8.self) + (isExact ? "" : "*")
    }

    func check() throws(PubSubError) {
        if isExact {
            try Self.check(topic: bytes)
        } else if bytes.count > Limits.topicBytesMax {
            throw .invalidTopic(description, reason: "it has more than \(Limits.topicBytesMax) bytes")
        }
    }

    static func check(topic: [UInt8]) throws(PubSubError) {
        func refuse(_ reason: String) -> PubSubError {
            .invalidTopic(String(decoding: topic, as: UTF8.self), reason: reason)
        }
        guard !topic.isEmpty else { throw refuse("it is empty") }
        guard topic.count <= Limits.topicBytesMax else {
            throw refuse("it has more than \(Limits.topicBytesMax) bytes")
        }
        guard !topic.starts(with: PublicationFrame.reservedPrefix) else {
            throw refuse("names that begin with $/ are the protocol's own")
        }
    }
}
