// SIGTERM, so that the process ends in order, and a new start: what an upgrade does.

/// Verified by the process' end with status 0.
struct RestartFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        for target in targets {
            guard let end = await cluster.terminate(target) else {
                throw FaultFailure("\(target) had not ended \(RunningCluster.endTimeout) after SIGTERM")
            }
            guard end == .exited(0) else { throw FaultFailure("\(target) \(end.text) at SIGTERM") }
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }
}
