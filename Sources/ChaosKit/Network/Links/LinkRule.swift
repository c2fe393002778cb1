// What is done to the links between processes, and to which of them.

/// What happens to everything that passes a link.
struct LinkEffect: Equatable, Sendable {
    /// Nothing passes. What is a connection's is held and passes afterwards; packets are lost.
    var isBlocked = false
    var delayNs: Int64 = 0
    /// Added to the delay, evenly from 0 on.
    var jitterNs: Int64 = 0
    /// All links of the rule together, each way.
    var bytesPerSecond: Int64?
    /// Of packets.
    var lossShare = 0.0
    var duplicateShare = 0.0
    var reorderShare = 0.0
    /// By how much such a packet is overtaken.
    var overtakenNs: Int64 = 0
}

/// A fault as the network sees it.
struct LinkRule: Equatable, Sendable {
    /// The fault's number.
    let id: Int64
    let target: Set<NodeName>
    var far = Far.everybody
    /// nil: both ways.
    var direction: NetworkShape.Direction?
    var effect = LinkEffect()

    /// The other ends of the links. The target's own members are never among them.
    enum Far: Equatable, Sendable {
        case everybody
        case role(NodeRole)
        case named(Set<NodeName>)
    }

    /// Whether it meets what goes from one process to the other. Links of the run itself (nil) are never met.
    func covers(from sender: NodeName?, to receiver: NodeName?) -> Bool {
        guard let sender, let receiver else { return false }
        return direction != .into && target.contains(sender) && isFar(receiver)
            || direction != .outOf && target.contains(receiver) && isFar(sender)
    }

    /// Whether it meets a connection between the two, whoever made it.
    func covers(between one: NodeName?, and other: NodeName?) -> Bool {
        covers(from: one, to: other) || covers(from: other, to: one)
    }

    func isFar(_ name: NodeName) -> Bool {
        guard !target.contains(name) else { return false }
        switch far {
        case .everybody: return true
        case .role(let role): return name.role == role
        case .named(let names): return names.contains(name)
        }
    }
}

/// What a rule did, for those who verify it.
struct LinkCounts: Equatable, Sendable {
    /// Of blocked links: connections, or packets that were lost.
    var held = 0
    var delayed = 0
    var lost = 0
    var duplicated = 0
    var reordered = 0
}
