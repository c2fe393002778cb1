// SIGSTOP, and SIGCONT after a while: a process that does nothing, knows nothing of it, and then goes on.

/// Verified by the state of the process as the system has it: stopped, and after the healing not.
struct PauseFault: Fault {
    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        var met: [NodeName] = []
        for target in targets {
            guard await cluster.pause(target) else { throw FaultFailure("\(target) was not seen to stop by SIGSTOP") }
            if await cluster.isRunning(target) { met.append(target) }
        }
        return met
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        for target in targets {
            guard await cluster.resume(target) else { throw FaultFailure("\(target) was not seen to go on by SIGCONT") }
        }
    }
}
