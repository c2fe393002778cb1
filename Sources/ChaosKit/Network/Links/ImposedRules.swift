// The rules in force on one network, and when what enters a link leaves it.

/// A rule in force. Confined to the network's thread.
final class ImposedRule {
    let rule: LinkRule
    var counts = LinkCounts()
    /// When each way of a link of limited bandwidth has sent all that it was given.
    fileprivate var freeAtNs: [Bool: Int64] = [:]

    init(_ rule: LinkRule) {
        self.rule = rule
    }
}

/// What becomes of something on a link.
enum Passage: Equatable {
    /// It leaves the link at these times, on the network's clock; twice where it is duplicated.
    case leaves(atNs: Int64, againAtNs: Int64?)
    case lost
}

/// A link one way, as the rules in force make it. Confined to the network's thread.
struct LinkState {
    private let rules: [ImposedRule]
    private let sender: NodeName?

    static var free: LinkState { LinkState(rules: [], sender: nil) }

    private init(rules: [ImposedRule], sender: NodeName?) {
        self.rules = rules
        self.sender = sender
    }

    /// - Parameter only: The one rule that counts, on a link that is there to see that rule work.
    init(_ all: [ImposedRule], from sender: NodeName?, to receiver: NodeName?, only: Int64? = nil) {
        rules = all.filter { (only == nil || $0.rule.id == only) && $0.rule.covers(from: sender, to: receiver) }
        self.sender = sender
    }

    var isFree: Bool { rules.isEmpty }
    var ruleIDs: [Int64] { rules.map(\.rule.id) }
    var isBlocked: Bool { rules.contains { $0.rule.effect.isBlocked } }

    /// What a stream may have on the link at a time, where its bandwidth is limited.
    var bytesAtOnceMax: Int? {
        rules.compactMap(\.rule.effect.bytesPerSecond).min()
            .map { max(1500, Int(Double($0) * Double(NetworkLimits.linkShareNs) / 1e9)) }
    }

    /// Counts what a block keeps back.
    func countHeld() {
        for rule in rules where rule.rule.effect.isBlocked { rule.counts.held += 1 }
    }

    /// When a part of a stream leaves the link: never before what came before it.
    func streamLeavesNs(bytes: Int, nowNs: Int64, notBeforeNs: Int64, _ random: inout RandomSource) -> Int64 {
        var atNs = nowNs
        for rule in rules { atNs = max(atNs, leavesNs(rule, bytes, atNs, &random)) }
        return max(atNs, notBeforeNs)
    }

    /// What becomes of a packet.
    func packet(bytes: Int, nowNs: Int64, _ random: inout RandomSource) -> Passage {
        var (atNs, isTwice) = (nowNs, false)
        for rule in rules {
            let effect = rule.rule.effect
            if effect.isBlocked {
                rule.counts.held += 1
                return .lost
            }
            if effect.lossShare > 0, random.fraction() < effect.lossShare {
                rule.counts.lost += 1
                return .lost
            }
            if effect.duplicateShare > 0, random.fraction() < effect.duplicateShare {
                rule.counts.duplicated += 1
                isTwice = true
            }
            atNs = leavesNs(rule, bytes, atNs, &random)
            // A link of limited bandwidth does not queue without end.
            if effect.bytesPerSecond != nil, atNs - nowNs > NetworkLimits.linkQueueNs {
                rule.counts.lost += 1
                return .lost
            }
            if effect.reorderShare > 0, random.fraction() < effect.reorderShare {
                rule.counts.reordered += 1
                atNs += effect.overtakenNs
            }
        }
        return .leaves(atNs: atNs, againAtNs: isTwice ? atNs : nil)
    }

    private func leavesNs(_ rule: ImposedRule, _ bytes: Int, _ nowNs: Int64, _ random: inout RandomSource) -> Int64 {
        var atNs = nowNs
        let effect = rule.rule.effect
        if let rate = effect.bytesPerSecond {
            let isOutward = sender.map(rule.rule.target.contains) ?? false
            atNs = max(atNs, rule.freeAtNs[isOutward] ?? 0) + Int64(Double(bytes) / Double(rate) * 1e9)
            rule.freeAtNs[isOutward] = atNs
        }
        if effect.delayNs > 0 || effect.jitterNs > 0 {
            atNs += effect.delayNs + Int64(Double(effect.jitterNs) * random.fraction())
            rule.counts.delayed += 1
        }
        return atNs
    }
}
