// What a client sent comes late: after the client has lost the connection, and sent it again.

/// The client's connections to workers lose their client's end while jobs are on their way; those jobs reach the worker later,
/// and after them what the client sends anew. Every one of them is then there twice, or for a worker that owns the slot no
/// more.
///
/// Verified by the bytes of at least one job that the worker took from a connection that its client had lost before.
struct LateResendFault: Fault {
    let order: FaultOrder
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        let proxy = try cluster.network.proxyOfFault()
        guard let rule = await order.rule(on: targets, in: cluster) else { return [] }
        await proxy.keepLate(rule)
        let end = ContinuousClock.now + .nanoseconds(NetworkLimits.lateCollectNs)
        while await !proxy.hasLate(order.id), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(2))
        }
        let lost = await proxy.loseLate(order.id)
        if lost > 0 { try? await Task.sleep(for: .nanoseconds(order.network?.lateNs ?? 200_000_000)) }
        let counts = await delivered(by: proxy)
        // The client had nothing under way, or its workers have died since.
        guard lost > 0, counts.nodesLeft > 0 else { return [] }
        guard counts.delivered > 0 else {
            throw FaultFailure("\(lost) connections were lost, and no worker took what came late on them")
        }
        return targets
    }

    /// Lets it go, and waits until it has come: other faults on the same links may hold it up.
    private func delivered(by proxy: FaultProxy) async -> LateCounts {
        await proxy.deliverLate(order.id)
        let end = ContinuousClock.now + .nanoseconds(2 * NetworkLimits.passageNs)
        var counts = await proxy.lateCounts(order.id)
        while counts.delivered == 0, counts.nodesLeft > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(5))
            counts = await proxy.lateCounts(order.id)
        }
        await proxy.forgetLate(order.id)
        return counts
    }

    func heal(in cluster: RunningCluster) {}
}
