// A small cluster of real processes for trials, and what it says of itself.

import Foundation
import Ringmaster

/// Coordinators with data on disk, and workers, each a process of `ringmaster`. All of them end with this value. Owned by one
/// task.
final class TrialCluster {
    let endpoints: [Endpoint]
    let coordinators: [TrialProcess]
    private(set) var workers: [String: TrialProcess] = [:]
    let planted: PlantedBug?
    private let folder: String
    private let hasSlowJobs: Bool
    private var lines: [RPCClient] = []
    private var twins = 0
    /// Whether its files stay when it goes away: the coordinators' logs show what went wrong.
    var keepsFiles = false

    /// - Parameters:
    ///   - hasSlowJobs: Whether its workers know `TrialWorker.slowJob`.
    ///   - folder: Where its files go; made, and removed at the end.
    init(
        coordinators count: Int,
        mode: ResizeMode,
        isDurable: Bool = true,
        planted: PlantedBug? = nil,
        hasSlowJobs: Bool = false,
        folder: String
    ) async throws {
        self.planted = planted
        self.hasSlowJobs = hasSlowJobs
        self.folder = folder
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw TrialError.cannotCreate(path: folder, reason: error.localizedDescription)
        }
        endpoints = try NodeOrders.freePorts(count).map { try Endpoint("tcp://\(NodeOrders.host):\($0)") }
        let peers = endpoints.enumerated().map { "\($0.offset + 1)=\($0.element)" }.joined(separator: ",")
        coordinators = try endpoints.enumerated().map { index, endpoint in
            let name = "c\(index + 1)"
            return try TrialProcess(
                name,
                TrialProcess.program("ringmaster"),
                [
                    "coordinator", "--listen", endpoint.text, "--raft-id", "\(index + 1)", "--peer", peers, "--name",
                    name, "--mode", mode == .barrier ? "barrier" : "handoff", "--supervised",
                ] + (isDurable ? ["--data", Self.dataDirectory(of: name, in: folder)] : []),
                folder: folder
            )
        }
        for endpoint in endpoints { lines.append(try await RPCClient(endpoint)) }
    }

    deinit {
        for process in workers.values { process.kill() }
        for process in coordinators { process.kill() }
        if !keepsFiles { try? FileManager.default.removeItem(atPath: folder) }
    }

    private static func dataDirectory(of coordinator: String, in folder: String) -> String {
        "\(folder)/\(coordinator)"
    }

    func dataDirectory(of coordinator: String) -> String { Self.dataDirectory(of: coordinator, in: folder) }

    /// Starts everything that does not run, and waits until it serves.
    func begin(workers names: [String], within limit: Duration = .seconds(15)) async throws(TrialError) {
        for process in coordinators where !process.isRunning { try process.start(planted: planted) }
        for name in names where workers[name]?.isRunning != true { try start(worker: name) }
        try await settle(members: Set(names), within: limit)
    }

    @discardableResult
    func start(worker name: String, _ order: FaultPointOrder? = nil) throws(TrialError) -> TrialProcess {
        let worker = try process(worker: name)
        try worker.start(order, planted: planted)
        return worker
    }

    /// The process of that worker, which may not run yet.
    func process(worker name: String) throws(TrialError) -> TrialProcess {
        if let worker = workers[name] { return worker }
        let worker = try newProcess(name, named: name)
        workers[name] = worker
        return worker
    }

    /// Starts a second process under a worker's name. From then on it is the worker of that name.
    /// - Returns: The first one, which ends when it is let go of.
    func startTwin(of name: String) throws(TrialError) -> TrialProcess {
        let first = workers[name]!
        let twin = try newProcess("\(name)-twin-\(twins)", named: name)
        twins += 1
        workers[name] = twin
        try twin.start(planted: planted)
        return first
    }

    private func newProcess(_ files: String, named name: String) throws(TrialError) -> TrialProcess {
        let cluster = endpoints.map(\.text).joined(separator: ",")
        let arguments = ["--name", name, "--cluster", cluster]
        return try TrialProcess(
            files,
            TrialProcess.program(hasSlowJobs ? "chaos" : "ringmaster"),
            hasSlowJobs ? ["trial-worker"] + arguments : ["worker"] + arguments + ["--supervised"],
            folder: folder
        )
    }

    func client(timeout: Duration = .seconds(10)) async throws -> Client {
        var configuration = ClientConfiguration(coordinators: endpoints)
        configuration.timeout = timeout
        return try await Client(configuration)
    }

    // MARK: What it says of itself

    /// Notes its rounds and epochs until `end`.
    func beginWatch(_ notes: TrialNotes) async -> TrialWatch {
        let watch = TrialWatch(notes)
        await watch.begin(watched)
        return watch
    }

    func end(_ watch: TrialWatch) async { await watch.stop(watched) }

    private var watched: [(line: RPCClient, life: LifeCount)] {
        zip(lines, coordinators).map { ($0, $1.life) }
    }

    private func status(_ index: Int) async -> CoordinatorStatus? {
        guard coordinators[index].isRunning, !coordinators[index].isStopped else { return nil }
        let options = CallOptions(timeout: .milliseconds(300))
        guard let bytes = try? await lines[index].call("cluster.status", payload: [], options: options) else {
            return nil
        }
        return try? MessagePackDecoder().decode(CoordinatorStatus.self, from: bytes)
    }

    /// What each coordinator that answers says.
    func statuses() async -> [CoordinatorStatus] {
        var statuses: [CoordinatorStatus] = []
        for index in coordinators.indices {
            if let status = await status(index) { statuses.append(status) }
        }
        return statuses
    }

    /// What the leader of the highest term says; nil without one.
    func leaderStatus() async -> CoordinatorStatus? {
        await statuses().filter { $0.role == "leader" }.max { $0.term < $1.term }
    }

    /// Which coordinator leads.
    func leader(within limit: Duration = .seconds(5)) async throws(TrialError) -> Int {
        var index: Int?
        try await TrialWait.until("a leader", within: limit) {
            index = await leaderStatus().map { Int($0.raftID) - 1 }
            return index != nil
        }
        return index!
    }

    /// Waits until these are the members, no round is under way and every coordinator answers and knows so (I5).
    @discardableResult
    func settle(members: Set<String>, within limit: Duration) async throws(TrialError) -> [CoordinatorStatus] {
        var last: [CoordinatorStatus] = []
        do throws(TrialError) {
            try await TrialWait.until("", within: limit) {
                last = await statuses()
                guard last.count == coordinators.count,
                    let leader = last.first(where: { $0.role == "leader" }),
                    last.allSatisfy({ $0.role == "leader" || $0.role == "follower" })
                else { return false }
                return Set(leader.workers.map(\.name)) == members && leader.intentEpoch == 0
                    && last.allSatisfy { $0.epoch == leader.epoch }
            }
        } catch {
            let leader = last.first { $0.role == "leader" }
            throw .didNotHappen(
                "members \(members.sorted().joined(separator: " ")); there are "
                    + (leader.map { "\($0.workers.map(\.name).joined(separator: " ")), intent \($0.intentEpoch)" }
                        ?? "no leader")
                    + ", \(last.count) coordinators answer: \(last.map(\.role).joined(separator: " "))"
            )
        }
        return last
    }

    /// What the coordinators say once nothing is asked of them any more: all of them at one index of the log, if they get there
    /// soon.
    func quiescent() async -> [CoordinatorStatus] {
        var last: [CoordinatorStatus] = []
        try? await TrialWait.until("", within: .seconds(1)) {
            last = await statuses()
            return last.count == coordinators.count && Set(last.map(\.appliedIndex)).count == 1
        }
        return last
    }

    /// Has a coordinator write a snapshot.
    func takeSnapshot(_ index: Int) async {
        _ = try? await lines[index].call(
            "cluster.snapshot",
            payload: [],
            options: CallOptions(timeout: .milliseconds(500))
        )
    }

    /// The endpoint of a member, as the leader knows it.
    func endpoint(ofWorker name: String) async throws -> Endpoint {
        guard let worker = await leaderStatus()?.workers.first(where: { $0.name == name }) else {
            throw TrialError.didNotHappen("the endpoint of \(name)")
        }
        return try Endpoint(worker.endpoint)
    }

    /// Calls a method of the leader.
    func callLeader(_ method: RPCMethod, _ payload: [UInt8]) async throws -> [UInt8] {
        try await lines[try await leader()].call(method, payload: payload, options: CallOptions(timeout: .seconds(5)))
    }
}
