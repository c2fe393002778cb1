// A coordinator's disk that is slow, or fails.
//
// The process' calls of libc are taken over (CShim/Interposition): a synchronous write waits before it is made, or is not
// made and fails with EIO. Nothing is lost that was synchronized before.

import CShimInterposition
import Glibc

/// Verified by the process itself, which is asked to write and synchronize a file in its directory: that takes at least so
/// long, or fails with EIO; after the healing neither.
struct DiskFault: Fault {
    let targets: [NodeName]
    /// nil: it fails.
    let delayNs: Int64?

    /// Of a process' disk after the fault. Each is a write, which lasts as long as one that was under way before it.
    private static let healthLooksMax = 50

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        await cluster.allowEnd(of: targets, delayNs == nil)
        for target in targets {
            let orders = try StandingOrders(await cluster.ordersPath(target))
            if let delayNs { orders.slowDisk(delayNs: delayNs) } else { orders.failDisk() }
            guard await cluster.isRunning(target) else { continue }
            guard let probe = await orders.askForProbe() else {
                guard await cluster.isRunning(target) else { continue }
                throw FaultFailure("\(target) did not say what its disk is like")
            }
            if let delayNs, probe.error != 0 || probe.took_ns < delayNs {
                throw FaultFailure(
                    "a write of \(target) took \(probe.took_ns) ns, not \(delayNs) (error \(probe.error))"
                )
            }
            if delayNs == nil, probe.error != EIO {
                throw FaultFailure("a write of \(target) did not fail with EIO (error \(probe.error))")
            }
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        for target in targets {
            let orders = try StandingOrders(await cluster.ordersPath(target))
            orders.healDisk()
            if delayNs == nil {
                // What it could not save it does not acknowledge, for good: a person starts it again.
                try await cluster.startAnew([target])
            }
            guard await cluster.isRunning(target) else { continue }
            try await expectHealth(of: target, orders, in: cluster)
        }
        await cluster.allowEnd(of: targets, false)
    }

    /// Waits until a write of the process succeeds and none is slow or fails meanwhile: those that were under way end first.
    private func expectHealth(
        of target: NodeName,
        _ orders: StandingOrders,
        in cluster: RunningCluster
    ) async throws(FaultFailure) {
        var error: Int32 = -1
        for _ in 0..<Self.healthLooksMax {
            let counts = orders.diskCounts
            guard let probe = await orders.askForProbe() else { break }
            error = probe.error
            let isSame = orders.diskCounts.failed == counts.failed && orders.diskCounts.slowed == counts.slowed
            if error == 0, isSame { return }
        }
        throw FaultFailure("writes of \(target) were not seen to be well again (error \(error))")
    }
}

extension RunningCluster {
    /// Ends processes in order, where they run yet, and starts them: what a person does who has mended the cause.
    func startAnew(_ targets: [NodeName]) async throws(FaultFailure) {
        for target in targets {
            guard await terminate(target) != nil else {
                throw FaultFailure("\(target) had not ended \(Self.endTimeout) after SIGTERM")
            }
        }
        try await startAgain(targets)
    }
}
