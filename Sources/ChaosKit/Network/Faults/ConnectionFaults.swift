// Faults of connections, which only the proxy can do: resets, and connections of which neither side hears any more.

import Synchronization

/// Every connection of the target is reset to both its ends, once.
///
/// Verified by how many were, and on a connection of the run's own, whose both ends have to be told.
struct ResetFault: Fault {
    let order: FaultOrder
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        let proxy = try cluster.network.proxyOfFault()
        guard let rule = await order.rule(on: targets, in: cluster), let (own, far) = await rule.ends(in: cluster)
        else {
            return []
        }
        guard let line = await cluster.network.probeLine(from: own, to: far, rule: order.id) else {
            throw FaultFailure("no connection could be had to see it on")
        }
        defer { line.close() }
        try await LinkProbe.passes(line, "before it")
        let count = await proxy.reset(rule)
        for isForth in [true, false] where await !line.isTold(forth: isForth, within: NetworkLimits.silenceNs) {
            throw FaultFailure("an end of a connection was not told of its reset")
        }
        // The run's own is one of them.
        return count > 1 ? targets : []
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await order.seesNewLinesPass(targets, cluster)
    }
}

/// Every connection that the target has carries nothing any more, for ever, and neither end is told, not even of the end of the
/// other's process. New ones are not met.
///
/// Verified on a connection of the run's own: nothing comes, and when one end is closed the other does not learn it.
final class HalfOpenFault: Fault {
    private let order: FaultOrder
    private let targets: [NodeName]
    private let line = Mutex<ProbeLine?>(nil)

    init(_ order: FaultOrder, targets: [NodeName]) {
        self.order = order
        self.targets = targets
    }

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        let proxy = try cluster.network.proxyOfFault()
        guard let rule = await order.rule(on: targets, in: cluster), let (own, far) = await rule.ends(in: cluster)
        else {
            return []
        }
        guard let line = await cluster.network.probeLine(from: own, to: far, rule: order.id) else {
            throw FaultFailure("no connection could be had to see it on")
        }
        self.line.withLock { $0 = line }
        try await LinkProbe.passes(line, "before it")
        let count = await proxy.silence(rule)
        for isForth in [true, false] {
            let result = await line.send(forth: isForth, within: NetworkLimits.silenceNs)
            guard result.arrived == 0, !result.isBroken else { throw FaultFailure("a probe came: \(result)") }
        }
        line.closeSide(1)
        return count > 1 ? targets : []
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        if let line = line.withLock({ $0 }) {
            defer { line.close() }
            if await line.isTold(forth: false, within: NetworkLimits.silenceNs) {
                throw FaultFailure("an end of a connection was told of the other's end")
            }
        }
        try await order.seesNewLinesPass(targets, cluster)
    }
}

extension FaultOrder {
    /// New connections are as they were.
    fileprivate func seesNewLinesPass(_ targets: [NodeName], _ cluster: RunningCluster) async throws(FaultFailure) {
        // Who leads may have changed, or nobody may lead: any link will do.
        guard let (own, far) = await LinkRule(id: id, target: Set(targets)).ends(in: cluster) else { return }
        guard let line = await cluster.network.probeLine(from: own, to: far, rule: id) else {
            throw FaultFailure("no new connection could be had after it")
        }
        defer { line.close() }
        for isForth in [true, false] { try await LinkProbe.passes(line, "after it", isForth) }
    }
}

extension ClusterNetwork {
    func proxyOfFault() throws(FaultFailure) -> FaultProxy {
        guard let proxy else {
            throw FaultFailure("the network of this run has no connections in hand: --network proxy")
        }
        return proxy
    }
}
