// SIGKILL, and a new start.

/// Verified by the system's word that the process ended by this signal.
struct KillFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        try await cluster.killAndVerify(targets)
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }
}

/// SIGKILL each time that the process has come up again, some times in a row; the last start is the healing.
struct CrashLoopFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        for kill in 1...RunLimits.crashLoopKills {
            if kill > 1 { try await cluster.startAgain(targets) }
            let met = try await cluster.killAndVerify(cluster.running.filter(targets.contains))
            if met.isEmpty, kill == 1 { return [] }
        }
        return targets
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        try await cluster.startAgain(targets)
    }
}

extension RunningCluster {
    func killAndVerify(_ targets: [NodeName]) async throws(FaultFailure) -> [NodeName] {
        let outcome = await kill(targets)
        guard outcome.alive.isEmpty else {
            let names = outcome.alive.map(\.description).joined(separator: ", ")
            throw FaultFailure("\(names) was not seen to go by SIGKILL")
        }
        return outcome.killed
    }
}
