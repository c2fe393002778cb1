// Clocks of a process that are wrong: the wall clock is set, or all of them run fast or slow.
//
// The process' calls of libc are taken over (CShim/Interposition), its timers with them. The times of the history are not:
// whoever reports takes the true clock. libfaketime could do neither: by it a change of the rate is a jump of the monotonic
// clock, as it counts from the start of the process, and its monotonic clock is not the machine's.

import CShimInterposition

/// Verified by the process itself, which is asked to read its clocks: the wall clock is off by so much, or the monotonic one
/// gains so much; after the healing neither. What was gained stays gained, as a monotonic clock never goes back.
struct ClockFault: Fault {
    let targets: [NodeName]
    let shape: ClockShape

    /// Between two looks at a clock that drifts.
    private static let lookInterval: Duration = .milliseconds(200)
    /// What reading two clocks one after the other may take, on a busy machine.
    private static let readingNs: Int64 = 50_000_000
    /// Of the drift that is to be: what may be seen more or less.
    private static let tolerance = 0.5

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        for target in targets {
            let orders = try StandingOrders(await cluster.ordersPath(target))
            if let jump = shape.jumpNs { orders.setJump(aheadNs: jump) }
            if let rate = shape.ratePpm { orders.setRate(ppm: rate) }
            try await expect(jumpNs: shape.jumpNs ?? 0, ratePpm: shape.ratePpm ?? 0, orders, target, in: cluster)
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        for target in targets {
            let orders = try StandingOrders(await cluster.ordersPath(target))
            orders.setJump(aheadNs: 0)
            orders.setRate(ppm: 0)
            try await expect(jumpNs: 0, ratePpm: 0, orders, target, in: cluster)
        }
    }

    private func expect(
        jumpNs: Int64,
        ratePpm: Int64,
        _ orders: StandingOrders,
        _ target: NodeName,
        in cluster: RunningCluster
    ) async throws(FaultFailure) {
        guard await cluster.isRunning(target) else { return }
        guard let first = await orders.askForProbe() else { return try await complainUnlessGone(target, cluster) }
        try? await Task.sleep(for: Self.lookInterval)
        guard let second = await orders.askForProbe() else { return try await complainUnlessGone(target, cluster) }
        // The wall clock is ahead by the jump and by what the monotonic one gained.
        let aheadNs = (second.wall_ns - second.true_wall_ns) - (second.monotonic_ns - second.true_monotonic_ns)
        guard abs(aheadNs - jumpNs) <= Self.readingNs else {
            throw FaultFailure("the wall clock of \(target) is ahead by \(aheadNs) ns, and was to be by \(jumpNs)")
        }
        let passedNs = Double(second.true_monotonic_ns - first.true_monotonic_ns)
        guard passedNs > 0 else { return try await complainUnlessGone(target, cluster) }
        let gainedPpm = (Double(second.monotonic_ns - first.monotonic_ns) / passedNs - 1) * 1e6
        guard abs(gainedPpm - Double(ratePpm)) <= max(500, abs(Double(ratePpm)) * Self.tolerance) else {
            throw FaultFailure("the clock of \(target) gains \(Int(gainedPpm)) ppm, and was to gain \(ratePpm)")
        }
    }

    private func complainUnlessGone(_ target: NodeName, _ cluster: RunningCluster) async throws(FaultFailure) {
        // A process that another fault has killed meanwhile finds the order in its next life.
        guard await cluster.isRunning(target) else { return }
        throw FaultFailure("\(target) did not say what its clocks show")
    }
}
