// SIGKILL, and a new start.

/// Verified by the system's word that the process ended by this signal.
struct KillFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.killAndVerify(targets)
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }
}

/// SIGKILL each time that the process has come up again, some times in a row; the last start is the healing.
struct CrashLoopFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) {
        for kill in 1...RunLimits.crashLoopKills {
            if kill > 1 { try await cluster.startAgain(targets) }
            try await cluster.killAndVerify(cluster.running.filter(targets.contains))
        }
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }
}

extension RunningCluster {
    fileprivate func killAndVerify(_ targets: [NodeName]) async throws(FaultFailure) {
        let alive = await kill(targets)
        guard alive.isEmpty else {
            throw FaultFailure("\(alive.map(\.description).joined(separator: ", ")) was not seen to go by SIGKILL")
        }
    }
}
