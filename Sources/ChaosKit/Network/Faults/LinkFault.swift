// Faults of links: delay, bandwidth, partitions, lost packets. A line of the run's own passes the same links, and shows both
// the fault and its end.

import Synchronization

/// Verified on a line between the target and one of those whose links to it are met.
final class LinkFault: Fault {
    private let order: FaultOrder
    private let targets: [NodeName]
    private let state = Mutex<State>(State())

    private struct State {
        var line: ProbeLine?
        var rule: LinkRule?
    }

    init(_ order: FaultOrder, targets: [NodeName]) {
        self.order = order
        self.targets = targets
    }

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        guard let rule = await order.rule(on: targets, in: cluster), let (own, far) = await rule.ends(in: cluster)
        else {
            return []
        }
        guard let line = await cluster.network.probeLine(from: own, to: far, rule: order.id) else {
            throw FaultFailure("no line from \(own) to \(far) could be had to see it on")
        }
        state.withLock { $0 = State(line: line, rule: rule) }
        try await LinkProbe.passes(line, "before it")
        await cluster.network.impose(rule)
        for (isForth, sender, receiver) in [(true, own, far), (false, far, own)] {
            guard rule.covers(from: sender, to: receiver) else {
                try await LinkProbe.passes(line, "from \(sender) to \(receiver), which it is not to meet", isForth)
                continue
            }
            try await LinkProbe.shows(rule.effect, on: line, isForth, "from \(sender) to \(receiver)")
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        let counts = await cluster.network.lift(order.id)
        guard let state = state.withLock({ $0.line == nil ? nil : $0 }), let line = state.line else { return }
        defer { line.close() }
        for isForth in [true, false] { try await LinkProbe.passes(line, "after its end", isForth) }
        if state.rule?.effect.isBlocked == true, counts.held == 0 {
            throw FaultFailure("nothing was kept back by it")
        }
    }
}

extension FaultOrder {
    /// The rule that a network fault means on these targets. Who is far is settled when it begins.
    /// nil where nobody is to be far.
    func rule(on targets: [NodeName], in cluster: RunningCluster) async -> LinkRule? {
        let shape = network ?? NetworkShape()
        var rule = LinkRule(id: id, target: Set(targets))
        switch shape.far {
        case nil, .everything: break
        case .workers: rule.far = .role(.worker)
        case .coordinators, .servers: rule.far = .role(.coordinator)
        case .clients: rule.far = .role(.client)
        case .leader:
            guard let leader = await cluster.leader else { return nil }
            rule.far = .named([leader])
        }
        rule.direction = shape.direction
        switch kind {
        case .delay:
            rule.effect.delayNs = shape.delayNs ?? 50_000_000
            rule.effect.jitterNs = shape.jitterNs ?? 0
        case .bandwidth: rule.effect.bytesPerSecond = shape.bytesPerSecond ?? 100_000
        case .partition, .isolate: rule.effect.isBlocked = true
        case .oneWay:
            rule.effect.isBlocked = true
            rule.direction = shape.direction ?? .into
        case .loss: rule.effect.lossShare = shape.packetShare ?? 0.1
        case .duplicate: rule.effect.duplicateShare = shape.packetShare ?? 0.1
        case .reorder:
            rule.effect.reorderShare = shape.packetShare ?? 0.1
            rule.effect.overtakenNs = shape.overtakenNs ?? 5_000_000
        default: break
        }
        return rule
    }
}

extension LinkRule {
    /// One of its links: a target's and a far one's place. nil where the far ones are nobody.
    func ends(in cluster: RunningCluster) async -> (NodeName, NodeName)? {
        guard let own = target.min(), let far = await cluster.running.first(where: isFar) else { return nil }
        return (own, far)
    }
}
