// What `up` was asked for, against what the data directory holds already.

import Ringmaster

/// The settings of `up` that shape the cluster; nil where they were not given.
struct ClusterWish: Equatable, Sendable {
    var coordinators: Int?
    var workers: Int?
    var replicas: Int?
    var port: Int?
    var host: String?

    static let portStandard = 7400
    /// Workers' ports follow the coordinators' at this distance.
    static let workerPortOffset = 10

    /// The cluster to run: the one that is there, or a new one. Ports of new processes are asked for from `ports`.
    /// - Throws: `CommandFailure` where the wishes contradict each other or what is there.
    func plan(
        over present: ClusterFile?,
        in directory: String,
        clusterID: UInt64,
        ports: (_ preferred: Int?) throws(CommandFailure) -> UInt16
    ) throws(CommandFailure) -> ClusterFile {
        var file: ClusterFile
        if let present { file = try confirm(present, directory) } else { file = try begin(clusterID, ports) }
        let count = workers ?? present?.workers.count ?? 2
        while file.workers.count > count { file.workers.removeLast() }
        while file.workers.count < count { try addWorker(to: &file, ports) }
        return file
    }

    private func begin(
        _ clusterID: UInt64,
        _ ports: (_ preferred: Int?) throws(CommandFailure) -> UInt16
    ) throws(CommandFailure) -> ClusterFile {
        let replicas = self.replicas ?? self.coordinators ?? 1
        let coordinators = self.coordinators ?? max(1, replicas)
        guard ClusterFile.coordinatorCounts.contains(coordinators) else {
            throw CommandFailure(.usage, "--coordinators \(coordinators) is not possible: run 1, 3 or 5")
        }
        guard replicas == coordinators || replicas == 0 && coordinators == 1 else {
            let remedy =
                replicas == 0
                ? "a log in memory has one keeper: give --coordinators 1, or --replicas \(coordinators)"
                : "each coordinator keeps one replica: give --coordinators \(replicas), or --replicas \(coordinators)"
            throw CommandFailure(
                .usage,
                "--replicas \(replicas) and --coordinators \(coordinators) contradict each other; \(remedy)"
            )
        }
        let port = self.port ?? Self.portStandard
        var list: [ClusterFile.Coordinator] = []
        for index in 0..<coordinators {
            list.append(
                ClusterFile.Coordinator(
                    name: "coordinator-\(index + 1)",
                    raftID: UInt64(index + 1),
                    port: try ports(port == 0 ? nil : port + index)
                )
            )
        }
        return ClusterFile(
            clusterID: clusterID,
            replicas: replicas,
            host: host ?? "127.0.0.1",
            coordinators: list,
            workers: []
        )
    }

    private func confirm(_ file: ClusterFile, _ directory: String) throws(CommandFailure) -> ClusterFile {
        let held: [(String, Int?, Int)] = [
            ("--coordinators", coordinators, file.coordinators.count), ("--replicas", replicas, file.replicas),
            ("--port", port == 0 ? nil : port, file.coordinators.first.map { Int($0.port) } ?? 0),
        ]
        for (flag, wish, present) in held {
            guard let wish, wish != present else { continue }
            throw CommandFailure(
                .usage,
                "\(flag) \(wish) contradicts the cluster in '\(directory)', which has \(present); leave it out, or choose another --data"
            )
        }
        if let host, host != file.host {
            throw CommandFailure(
                .usage,
                "--host \(host) contradicts the cluster in '\(directory)', which has \(file.host)"
            )
        }
        return file
    }

    private func addWorker(
        to file: inout ClusterFile,
        _ ports: (_ preferred: Int?) throws(CommandFailure) -> UInt16
    ) throws(CommandFailure) {
        try file.addWorker(isAnyPort: port == 0, ports)
    }
}

extension ClusterFile {
    /// Adds a worker under a free name, on a port that `ports` gives.
    mutating func addWorker(
        isAnyPort: Bool,
        _ ports: (_ preferred: Int?) throws(CommandFailure) -> UInt16
    ) throws(CommandFailure) {
        let name = freeWorkerName
        let first = Int(coordinators[0].port) + ClusterWish.workerPortOffset
        var preferred = first
        while workers.contains(where: { Int($0.port) == preferred }) { preferred += 1 }
        workers.append(Worker(name: name, port: try ports(isAnyPort ? nil : preferred)))
    }
}
