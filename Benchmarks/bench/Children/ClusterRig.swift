// A cluster of real processes: coordinators with their directories, workers, and a client process that loads them.

import BenchResults
import Foundation
import Measurement
import Ringmaster
import RingmasterProtocol

/// Coordinators, workers and clients. Whoever makes it ends it.
final class ClusterRig {
    private(set) var coordinators: [CoordinatorProcess] = []
    private(set) var workers: [WorkerProcess] = []
    private(set) var client: ClusterClientProcess!
    private let directory: URL

    /// Starts a cluster and waits until its workers are on the ring and its client has a session.
    ///
    /// - Parameters:
    ///   - replicas: Coordinators with a disk; 0 is one coordinator with its log in memory.
    ///   - sessions: Clients in the one client process.
    init(replicas: Int, workers: Int, sessions: Int, in place: BenchPlace) throws {
        directory = place.disk.appending(path: "cluster-\(UInt32.random(in: 0 ... .max))")
        do {
            try startCoordinators(replicas)
            try client(sessions, workers)
        } catch {
            end()
            throw error
        }
    }

    private func startCoordinators(_ replicas: Int) throws {
        let peers = try Self.freePorts(max(1, replicas)).enumerated().map { index, port in
            CoordinatorOrder.Peer(raftID: UInt64(index + 1), endpoint: "tcp://127.0.0.1:\(port)")
        }
        for peer in peers {
            let data = directory.appending(path: "c\(peer.raftID)")
            if replicas > 0 { try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true) }
            coordinators.append(
                try CoordinatorProcess(
                    CoordinatorOrder(
                        raftID: peer.raftID,
                        endpoint: peer.endpoint,
                        peers: peers,
                        dataDirectory: replicas > 0 ? data.path(percentEncoded: false) : nil
                    )
                )
            )
        }
        for coordinator in coordinators { try coordinator.waitUntilReady() }
    }

    private func client(_ sessions: Int, _ count: Int) throws {
        for index in 0..<count { workers.append(try makeWorker("w\(index + 1)")) }
        for worker in workers { try worker.join() }
        try waitForMembers(workers.map(\.name))
        client = try ClusterClientProcess(ClusterClientOrder(coordinators: endpoints, sessions: sessions))
    }

    private var endpoints: [String] { coordinators.map(\.order.endpoint) }

    /// A worker's process, which joins when it is told to.
    func makeWorker(_ name: String) throws -> WorkerProcess {
        try WorkerProcess(WorkerOrder(name: name, coordinators: endpoints))
    }

    // MARK: What it is doing

    /// The coordinator that leads; waits for one.
    func leader() throws -> CoordinatorProcess {
        try Self.eventually("a leader") {
            try coordinators.first { try $0.status().role == "leader" }
        }
    }

    /// Waits until exactly these workers are on the ring and no round is under way.
    func waitForMembers(_ names: [String]) throws {
        _ = try Self.eventually("\(names.count) workers on the ring") {
            try coordinators.first {
                let status = try $0.status()
                return status.role == "leader" && Set(status.workers.map(\.name)) == Set(names)
                    && status.intentEpoch == 0
            }
        }
    }

    /// Waits until every coordinator has applied what the leader had.
    func waitUntilCaughtUp() throws {
        let index = try leader().status().appliedIndex
        _ = try Self.eventually("coordinators that have caught up") {
            try coordinators.allSatisfy { try $0.status().appliedIndex >= index } ? true : nil
        }
    }

    /// The view in force, as the leader tells it.
    func view() async throws -> ClusterView {
        let client = try await RPCClient(Endpoint(try leader().order.endpoint))
        let bytes = try await client.call("cluster.view", payload: [])
        await client.close()
        return try ClusterView(decoding: bytes)
    }

    /// What all processes but the client's have used so far.
    func accounts() throws -> [ProcessAccount] {
        try coordinators.map { try $0.account() } + workers.map { try $0.account() }
    }

    private static func eventually<Value>(_ what: String, _ look: () throws -> Value?) throws -> Value {
        let end = MonotonicTime.now.adding(nanoseconds: 20_000_000_000)
        while MonotonicTime.now < end {
            if let value = try look() { return value }
            usleep(2000)
        }
        throw ChildError("20 s went by without \(what)")
    }

    // MARK: Deaths

    /// SIGKILLs a worker, which is then none of the cluster's; `replace` starts its successor. Gives the time.
    func kill(_ worker: WorkerProcess) -> Int64 {
        workers.removeAll { $0 === worker }
        let now = MonotonicTime.now.nanoseconds
        worker.kill()
        return now
    }

    /// Starts a killed worker's successor of the same name, and waits for it to be on the ring.
    func replace(_ worker: WorkerProcess) throws {
        let successor = try makeWorker(worker.name)
        workers.append(successor)
        try successor.join()
        try waitForMembers(workers.map(\.name))
    }

    /// SIGKILLs a coordinator; `replace` starts it again. Gives the time.
    func kill(_ coordinator: CoordinatorProcess) -> Int64 {
        coordinators.removeAll { $0 === coordinator }
        let now = MonotonicTime.now.nanoseconds
        coordinator.kill()
        return now
    }

    /// Starts a killed coordinator again, on the same directory.
    func replace(_ coordinator: CoordinatorProcess) throws {
        let successor = try CoordinatorProcess(coordinator.order)
        coordinators.append(successor)
        try successor.waitUntilReady()
    }

    func end() {
        // All at once: each takes a moment to end. Whoever is dead already does not mind.
        client?.beginEnd()
        for worker in workers { worker.beginEnd() }
        for coordinator in coordinators { coordinator.beginEnd() }
        client?.end()
        for worker in workers { worker.end() }
        for coordinator in coordinators { coordinator.end() }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ports that nobody listens on at the moment.
    static func freePorts(_ count: Int) throws -> [UInt16] {
        guard let ports = FreePort.take(count) else { throw ChildError("no free ports on loopback") }
        return ports
    }
}
