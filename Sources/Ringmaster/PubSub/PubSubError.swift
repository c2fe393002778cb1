// What publishing and subscribing can fail with.

/// The failure of a publisher or subscriber. Each case says who caused it and what to do.
public enum PubSubError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The caller gave text that is no topic. Mend the text.
    case invalidTopic(String, reason: String)
    /// The publisher keeps a last value for as many topics as it may. Use fewer, or raise `topicsMax`.
    case tooManyTopics(limit: Int)
    /// The value is larger than the limit. Publish less, or where it can be fetched.
    case valueTooLarge(bytes: Int, limit: Int)
    /// The value could not be encoded.
    case unencodable(topic: String, reason: String)
    /// The publisher or subscriber was closed.
    case closed
    /// The endpoint or its security could not be set up.
    case transport(TransportError)

    public var description: String {
        switch self {
        case .invalidTopic(let topic, let reason): "'\(topic.prefix(300))' is no topic: \(reason)."
        case .tooManyTopics(let limit):
            "The limit of \(limit) topics is reached. Use fewer topics, or raise topicsMax."
        case .valueTooLarge(let bytes, let limit):
            "The value of \(bytes) bytes is above the limit of \(limit). Publish where it can be fetched instead."
        case .unencodable(let topic, let reason): "\(topic): the value cannot be encoded: \(reason)."
        case .closed: "It is closed."
        case .transport(let error): error.description
        }
    }
}
