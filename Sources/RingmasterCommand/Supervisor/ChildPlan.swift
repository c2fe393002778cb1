// The command lines of a cluster's processes.

import Ringmaster

/// What every child gets besides what is its own.
struct ChildPlan: Equatable, Sendable {
    let directory: String
    /// Flags for keys and logs.
    let shared: [String]
    /// The first coordinator's port for metrics; the others' follow, workers' at a distance.
    let metricsPort: Int?

    func coordinator(_ coordinator: ClusterFile.Coordinator, of file: ClusterFile) -> [String] {
        var arguments = [
            "coordinator", "--supervised", "--name", coordinator.name, "--raft-id", "\(coordinator.raftID)", "--listen",
            "tcp://\(file.host):\(coordinator.port)", "--cluster-id", "\(file.clusterID)",
        ]
        if file.replicas > 0 {
            for peer in file.coordinators {
                arguments += ["--peer", "\(peer.raftID)=tcp://\(file.host):\(peer.port)"]
            }
            arguments += ["--data", "\(directory)/\(coordinator.name)"]
        }
        return arguments + metrics(Int(coordinator.raftID) - 1) + shared
    }

    func worker(_ worker: ClusterFile.Worker, of file: ClusterFile) -> [String] {
        [
            "worker", "--supervised", "--name", worker.name, "--listen", "tcp://\(file.host):\(worker.port)",
            "--cluster",
            file.coordinatorEndpoints.joined(separator: ","),
        ] + metrics(ClusterWish.workerPortOffset + (Int(worker.name.dropFirst()) ?? 1) - 1) + shared
    }

    private func metrics(_ offset: Int) -> [String] {
        metricsPort.map { ["--metrics", "\($0 + offset)"] } ?? []
    }
}
