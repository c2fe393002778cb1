// A whole cluster of processes with data on disk, and what a test wants to know of it.

import Foundation
import Ringmaster
import Testing

/// Coordinators and workers of one cluster, each a process. All of them end with this value.
final class ProcessCluster {
    /// By raft id less one; removed ones stay here, and are not running.
    private(set) var coordinators: [NodeProcess] = []
    private(set) var endpoints: [Endpoint] = []
    private(set) var workers: [String: NodeProcess] = [:]
    private let folder: URL
    private var highestEpoch: UInt64 = 0

    init(coordinators count: Int) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ringmaster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let ports = try #require(FreePort.take(count))
        endpoints = try ports.map { try Endpoint("tcp://127.0.0.1:\($0)") }
        let peers = endpoints.enumerated().map { "\($0.offset + 1)=\($0.element)" }.joined(separator: ",")
        coordinators = endpoints.enumerated().map { coordinator($0 + 1, at: $1, ["--peer", peers]) }
    }

    private func coordinator(_ id: Int, at endpoint: Endpoint, _ more: [String]) -> NodeProcess {
        let data = folder.appending(path: "c\(id)").path(percentEncoded: false)
        let arguments = ["--listen", endpoint.text, "--raft-id", "\(id)", "--name", "c\(id)", "--data", data]
        return NodeProcess("c\(id)", ["coordinator"] + arguments + more)
    }

    // MARK: Its coordinators

    /// Starts one more coordinator and has it added; gives its index.
    func addCoordinator() async throws -> Int {
        let endpoint = try Endpoint("tcp://127.0.0.1:\(#require(FreePort.take(1))[0])")
        let id = coordinators.count + 1
        let joining = coordinator(id, at: endpoint, ["--joining"])
        try joining.start()
        try await order("coordinators", "add", "\(id)=\(endpoint)")
        coordinators.append(joining)
        endpoints.append(endpoint)
        return id - 1
    }

    /// Has a coordinator removed, and ends its process then.
    func removeCoordinator(_ index: Int) async throws {
        try await order("coordinators", "remove", "\(index + 1)")
        coordinators[index].kill()
    }

    /// Runs a command of `ringmaster` on those of the coordinators that run.
    private func order(_ arguments: String...) async throws {
        let running = zip(coordinators, endpoints).filter(\.0.isRunning).map(\.1.text).joined(separator: ",")
        let command = NodeProcess("order", arguments + ["--cluster", running, "--timeout", "30s"])
        try command.start()
        let status = await command.waitForEnd()
        guard status == 0 else { throw OrderFailed(arguments: arguments, status: status) }
    }

    deinit {
        for worker in workers.values { worker.kill() }
        for coordinator in coordinators { coordinator.kill() }
        try? FileManager.default.removeItem(at: folder)
    }

    func startCoordinators() throws {
        for coordinator in coordinators where !coordinator.isRunning { try coordinator.start() }
    }

    @discardableResult
    func startWorker(_ name: String) throws -> NodeProcess {
        let cluster = endpoints.map(\.text).joined(separator: ",")
        let worker = workers[name] ?? NodeProcess(name, ["worker", "--name", name, "--cluster", cluster])
        workers[name] = worker
        try worker.start()
        return worker
    }

    func client(timeout: Duration = .seconds(20)) async throws -> Client {
        var configuration = ClientConfiguration(coordinators: endpoints)
        configuration.timeout = timeout
        return try await Client(configuration)
    }

    // MARK: What it says of itself

    /// What each coordinator that answers says. Checks that no epoch goes back (I4).
    func statuses() async -> [CoordinatorStatus] {
        var statuses: [CoordinatorStatus] = []
        for (coordinator, endpoint) in zip(coordinators, endpoints) where coordinator.isRunning {
            guard let client = try? await RPCClient(endpoint) else { continue }
            if let bytes = try? await client.call(
                "cluster.status",
                payload: [],
                options: CallOptions(timeout: .milliseconds(500))
            ),
                let status = try? MessagePackDecoder().decode(CoordinatorStatus.self, from: bytes)
            {
                statuses.append(status)
            }
            await client.close()
        }
        let leading = statuses.filter { $0.role == "leader" }.map(\.epoch).max() ?? 0
        if leading > 0 {
            #expect(leading >= highestEpoch, "the epoch went back from \(highestEpoch) to \(leading)")
            highestEpoch = max(highestEpoch, leading)
        }
        return statuses
    }

    func leaderIndex(within limit: Duration = .seconds(10)) async throws -> Int {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if let leader = await statuses().first(where: { $0.role == "leader" }) { return Int(leader.raftID) - 1 }
        }
        throw WaitedTooLong(what: "a leader")
    }

    /// Waits until every coordinator that was started answers.
    func waitForCoordinators(within limit: Duration = .seconds(15)) async throws {
        let end = ContinuousClock.now + limit
        while await statuses().count < coordinators.count {
            guard ContinuousClock.now < end else {
                let names = coordinators.filter { !$0.isRunning }.map(\.name)
                throw WaitedTooLong(what: "all coordinators, of which \(names) do not run")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits until every coordinator that runs knows of so many: a follower hears of a change after the leader has told of it.
    func waitForReplicas(_ count: Int, within limit: Duration = .seconds(10)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let known = await statuses().map(\.replicas)
            if known.count == count, Set(known) == [count] { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw WaitedTooLong(what: "\(count) replicas")
    }

    /// Waits until the ring has these members and no round is under way (I5).
    func waitForMembers(_ names: Set<String>, within limit: Duration = .seconds(15)) async throws {
        let end = ContinuousClock.now + limit
        var last: [String] = []
        while ContinuousClock.now < end {
            if let leader = await statuses().first(where: { $0.role == "leader" }) {
                last = leader.workers.map(\.name)
                if Set(last) == names, leader.intentEpoch == 0 { return }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw WaitedTooLong(what: "members \(names.sorted()), which are \(last)")
    }

    /// Waits until all coordinators are at one index, and compares their states (I7).
    func expectEqualStates(within limit: Duration = .seconds(10)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let statuses = await statuses()
            guard statuses.count == coordinators.count(where: \.isRunning), Set(statuses.map(\.appliedIndex)).count == 1
            else { continue }
            #expect(
                Set(statuses.map(\.stateHash)).count == 1,
                "coordinators differ at index \(statuses[0].appliedIndex)"
            )
            return
        }
        throw WaitedTooLong(what: "all coordinators at one index")
    }
}

struct OrderFailed: Error, CustomStringConvertible {
    let arguments: [String]
    let status: Int32
    var description: String { "ringmaster \(arguments.joined(separator: " ")) ended with \(status)" }
}

struct WaitedTooLong: Error, CustomStringConvertible {
    let what: String
    var description: String { "waited too long for \(what)" }
}
