// SIGKILL, and the coordinator's directory is gone.
//
// A server of Raft that has forgotten its vote and its log must not come back as if it had not: it could vote twice in a
// term, or elect one that lacks what it had acknowledged. So the healing is what an operator does: the old one is removed,
// and another takes its place under a raft id that nobody had, empty; it counts once it holds what the others hold. Two at
// a time could be a majority of those that hold an entry: `RunningCluster.takeVictims` chooses nobody while one is healed.

import Glibc
import Ringmaster

/// Verified by the signal and the directory that is not there; the healing by the cluster's word that the new one votes.
struct LostDataFault: Fault {
    /// What the changes of coordinators may take, with other faults around that leave no majority for a time.
    private static let changeTimeout: Duration = .seconds(60)

    let targets: [NodeName]

    func apply(to cluster: RunningCluster) async throws(FaultFailure) -> [NodeName] {
        let met = try await cluster.killAndVerify(targets)
        for target in targets where !met.contains(target) { await cluster.hasData(target) }
        for target in met {
            let directory = await cluster.dataDirectory(target)
            guard access(directory, F_OK) == 0 else { throw FaultFailure("\(target) had no directory at \(directory)") }
            guard let folder = opendir(directory) else { throw FaultFailure("\(directory) cannot be read") }
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(directory)/\(name)")
            }
            closedir(folder)
            guard rmdir(directory) == 0, access(directory, F_OK) != 0 else {
                throw FaultFailure("\(directory) of \(target) is still there: \(String(cString: strerror(errno)))")
            }
        }
        return met
    }

    func heal(in cluster: RunningCluster) async throws(FaultFailure) {
        for target in targets where await cluster.isWithoutData(target) { try await replace(target, in: cluster) }
    }

    private func replace(_ target: NodeName, in cluster: RunningCluster) async throws(FaultFailure) {
        let endpoints = await cluster.endpoints
        let old = await cluster.raftID(target)
        do {
            var configuration = ClientConfiguration(coordinators: try endpoints.map { try Endpoint($0) })
            let security = cluster.network.security
            configuration.security = { _ in security }
            let admin = try await ClusterAdmin(configuration)
            try await insisting { try await admin.removeCoordinator(raftID: old, timeout: .seconds(5)) }
            await cluster.renew(target)
            try await cluster.start(target)
            let (new, endpoint) = (await cluster.raftID(target), try Endpoint(endpoints[target.number - 1]))
            try await insisting {
                try await admin.addCoordinator(raftID: new, endpoint: endpoint, timeout: .seconds(5))
            }
            await admin.close()
        } catch {
            throw FaultFailure("\(target) could not be replaced: \(error)")
        }
        await cluster.hasData(target)
    }

    /// Tries until it is done: who leads may change, or nobody lead for a while.
    private func insisting(_ change: () async throws -> Void) async throws {
        let end = ContinuousClock.now + Self.changeTimeout
        while true {
            do {
                return try await change()
            } catch {
                // Removed by an attempt whose answer was lost.
                if "\(error)".contains("has no coordinator") { return }
                guard ContinuousClock.now < end else { throw error }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
