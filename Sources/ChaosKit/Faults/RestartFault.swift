// SIGTERM, so that the process ends in order, and a new start: what an upgrade does.

/// Verified by the process' end with status 0.
struct RestartFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        for target in targets {
            // A worker that ends leaves, which faults all around may hold up.
            let limit = target.role == .worker ? RunningCluster.leaveTimeout : RunningCluster.endTimeout
            guard let end = await cluster.terminate(target, within: limit) else {
                throw FaultFailure("\(target) had not ended \(limit) after SIGTERM")
            }
            guard end == .exited(0) else { throw FaultFailure("\(target) \(end.text) at SIGTERM") }
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }
}
