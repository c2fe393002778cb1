// One cell, tried on a cluster that stands. MatrixResult.swift has what comes of it.

import Foundation
import Ringmaster

/// Tries a cell and leaves the cluster as it was. Owned by one task.
struct MatrixTrial {
    static let members = ["w1", "w2", "w3"]
    static let joiner = "joiner"
    /// How soon after the healing all must be settled and served.
    static let bound: Duration = .seconds(10)
    /// How long a step may take to be reached.
    static let reachLimit: Duration = .seconds(4)
    /// Longer than a lease and its margin, and elections: what is stopped so long is given up.
    static let pause: Duration = .milliseconds(900)
    /// How long a process that was killed is away.
    static let absence: Duration = .milliseconds(150)

    let cluster: TrialCluster
    let cell: MatrixCell
    let number: Int
    /// Where the histories go.
    let folder: String
    let client: Client

    private var order: FaultPointOrder {
        FaultPointOrder(cell.point, cell.strike == .kill ? .kill : .pause(nil))
    }
    private var keys: [String] { (0..<24).map { "m\(number)-\($0)" } }
    private var historyPath: String { "\(folder)/\(number).jsonl" }

    func run() async throws -> MatrixResult {
        // Of an earlier matrix in the same place.
        for path in [historyPath, clientNotesPath] { try? FileManager.default.removeItem(atPath: path) }
        let notes = TrialNotes()
        let watch = await cluster.beginWatch(notes)
        let last = TrialOperations(client: client, process: "before-and-after") { notes.add($0) }
        for key in keys { await last.append(notes.freshValue(), to: key) }
        // To be looked up, a job has to be under way at the moment of the death.
        let isBusy = cell.point.rawValue.hasPrefix("worker.look-up.") || cell.isServedWhileLeaving
        let load = TrialLoad(
            notes,
            clients: [client],
            keys: keys,
            lanes: isBusy ? 16 : 3,
            pause: isBusy ? .zero : .milliseconds(2)
        )
        var struck: TrialProcess?
        var failure: MatrixResult.Outcome?
        do throws(TrialError) {
            struck = try await strike(notes)
        } catch {
            failure = .notReached("\(error)")
        }
        var healing = ContinuousClock.now
        if let struck {
            notes.add(.nemesis(.faultBegan(FaultID(1), kind: "\(order)", target: struck.name, isVerified: true)))
            try await heal(struck)
            healing = .now
            notes.add(.nemesis(.faultEnded(FaultID(1), isVerified: true)))
            do throws(TrialError) {
                try await cluster.settle(members: membersAfter, within: Self.bound)
            } catch {
                failure = .violation("not settled within \(Self.bound): \(error)")
            }
        }
        let settled = ContinuousClock.now - healing
        let boundNs = Int64(Self.bound.components.seconds) * 1_000_000_000
        if struck != nil { notes.add(.nemesis(.healed(boundNs: boundNs))) }
        do throws(TrialError) {
            try await load.stop(within: Self.bound * 2)
        } catch {
            failure = failure ?? .violation("\(error)")
        }
        if let process = clients.process, process.isRunning {
            process.endInput()
            try? await TrialWait.until("the client to end", within: Self.bound) { !process.isRunning }
        }
        await withTaskGroup { group in
            for (index, key) in (keys + clientKeys).enumerated() {
                let reader = TrialOperations(client: client, process: .text("reader-\(index)")) { notes.add($0) }
                group.addTask { _ = await reader.read(key, timeout: Self.bound) }
            }
        }
        if struck != nil, failure == nil {
            // Somebody may have been given up since: that round is to be over, too.
            do throws(TrialError) {
                try await cluster.settle(members: membersAfter, within: Self.bound)
            } catch {
                failure = .violation("not settled at the end: \(error)")
            }
        }
        await cluster.end(watch)
        for status in await cluster.quiescent() { notes.add(status) }
        TrialClientNotes.read(clientNotesPath, into: notes)
        let verdict = try notes.judge(path: historyPath)
        try await restore()
        return MatrixResult(
            cell: cell,
            outcome: failure ?? outcome(verdict),
            settled: struck == nil ? nil : settled
        )
    }

    private func outcome(_ verdict: Verdict) -> MatrixResult.Outcome {
        switch verdict.outcome {
        case .valid: .valid
        case .violation: .violation(verdict.anomalies.map(\.kind.rawValue).joined(separator: ", "))
        case .undecided: .undecided(verdict.problems.map(\.kind.rawValue).joined(separator: ", "))
        }
    }

    // MARK: The strike

    /// Brings the process to its step and waits until it is struck there.
    private func strike(_ notes: TrialNotes) async throws(TrialError) -> TrialProcess {
        let leader = try await cluster.leader()
        let armed = try await arm(leader)
        try await pull(leader, armed)
        var struck: TrialProcess?
        try await TrialWait.until("\(cell.role.rawValue) to come to \(cell.point.rawValue)", within: Self.reachLimit) {
            struck = armed.first { $0.hasReached(order) }
            return struck != nil
        }
        for other in armed where other !== struck! && other.isRunning {
            other.wake()
            try await other.arm(nil)
        }
        try await TrialWait.until("\(struck!.name) to be struck", within: .seconds(1)) {
            cell.strike == .kill ? !struck!.isRunning : struck!.isStopped
        }
        return struck!
    }

    /// Tells the processes that may come to the step. Those that come to it as they begin are told by `pull`.
    private func arm(_ leader: Int) async throws(TrialError) -> [TrialProcess] {
        let processes: [TrialProcess]
        switch cell.role {
        // Told as it begins.
        case .joining: return [try cluster.process(worker: Self.joiner)]
        // Told once it leaves.
        case .leaving where cell.isServedWhileLeaving: return [cluster.workers["w3"]!]
        case .leaving: processes = [cluster.workers["w3"]!]
        case .staying: processes = [cluster.workers["w1"]!]
        case .leader: processes = [cluster.coordinators[leader]]
        case .follower:
            let followers = cluster.coordinators.indices.filter { $0 != leader }.map { cluster.coordinators[$0] }
            // Any of them may be elected; else one, as two at once would take the quorum away.
            processes = cell.trigger == .leaderDeath ? followers : [followers[0]]
        case .client:
            let client = try clientProcess()
            guard cell.trigger != .session else { return [client] }
            try client.start()
            try await TrialWait.until("the client to work", within: .seconds(3)) {
                FileManager.default.fileExists(atPath: clientNotesPath)
            }
            processes = [client]
        }
        guard cell.trigger != .restart else { return [processes[0]] }
        for process in processes { try await process.arm(order) }
        return processes
    }

    /// Makes happen what leads to the step.
    private func pull(_ leader: Int, _ armed: [TrialProcess]) async throws(TrialError) {
        switch cell.trigger {
        case .join:
            try cluster.start(worker: Self.joiner, cell.role == .joining ? order : nil)
        case .leave:
            if cell.role == .leaving, cell.point.rawValue.hasPrefix("worker.lease.") || cell.isServedWhileLeaving {
                // A leave is over within a heartbeat, unless a gainer is slow.
                let slow = FaultPointOrder(.workerPhase2Loaded, .pause(.milliseconds(300)))
                try await cluster.workers["w1"]!.arm(slow)
            }
            cluster.workers["w3"]!.terminate()
            if cell.isServedWhileLeaving { try await cluster.workers["w3"]!.arm(order) }
        case .death: cluster.workers["w3"]!.kill()
        case .load: break
        case .snapshot:
            for index in cluster.coordinators.indices
            where armed.contains(where: { $0 === cluster.coordinators[index] }) {
                await cluster.takeSnapshot(index)
            }
        case .session:
            if cell.role == .client {
                try clientProcess().start(order)
            } else {
                let cluster = cluster.endpoints
                Task.detached {
                    let client = try? await Client(ClientConfiguration(coordinators: cluster))
                    await client?.close()
                }
            }
        case .leaderDeath: cluster.coordinators[leader].kill()
        case .leaderPause:
            try await cluster.coordinators[leader].pause()
            try await TrialWait.until("another leader", within: .seconds(5)) { await cluster.leaderStatus() != nil }
            cluster.coordinators[leader].wake()
        case .workerPause:
            try await armed[0].pause()
            try await TrialWait.until("\(armed[0].name) to be given up", within: .seconds(5)) {
                await cluster.leaderStatus().map { !$0.workers.contains { $0.name == armed[0].name } } ?? false
            }
            armed[0].wake()
        case .restart:
            if cell.point == .coordinatorSnapshotRestored {
                await cluster.takeSnapshot(cluster.coordinators.firstIndex { $0 === armed[0] }!)
                try? await Task.sleep(for: Self.absence)
            }
            armed[0].kill()
            try armed[0].start(order, planted: cluster.planted)
        case .end: armed[0].endInput()
        }
    }

    // MARK: The healing

    /// Whom the ring has once the trigger and the strike are over.
    private var membersAfter: Set<String> {
        switch cell.trigger {
        case .join: Set(Self.members + [Self.joiner])
        // A leaver that was killed is started again.
        case .leave: cell.role == .leaving && cell.strike == .kill ? Set(Self.members) : Set(Self.members.dropLast())
        default: Set(Self.members)
        }
    }

    private func heal(_ struck: TrialProcess) async throws(TrialError) {
        switch cell.strike {
        case .kill:
            try? await Task.sleep(for: Self.absence)
            if struck !== clients.process { try struck.start(planted: cluster.planted) }
        case .pause:
            try? await Task.sleep(for: Self.pause)
            struck.wake()
        }
        for process in cluster.coordinators where !process.isRunning { try process.start(planted: cluster.planted) }
        if cell.trigger == .death { try cluster.start(worker: "w3") }
    }

    /// Brings back what the next cell begins with.
    private func restore() async throws(TrialError) {
        clients.process?.wake()
        clients.process?.kill()
        clients.process = nil
        for process in cluster.coordinators + cluster.workers.values where process.isStopped { process.wake() }
        for process in cluster.coordinators where process.isRunning { try await process.arm(nil) }
        cluster.workers[Self.joiner]?.kill()
        if let leaver = cluster.workers["w3"], leaver.isRunning, cell.trigger == .leave { leaver.kill() }
        for name in Self.members where cluster.workers[name]!.isRunning { try await cluster.workers[name]!.arm(nil) }
        try await cluster.begin(workers: Self.members)
    }

    // MARK: The client as a process

    private final class Clients {
        var process: TrialProcess?
    }

    private let clients = Clients()
    private var clientNotesPath: String { "\(folder)/\(number).client" }
    private var clientKeys: [String] { cell.role == .client ? (0..<6).map { "m\(number)-c\($0)" } : [] }

    private func clientProcess() throws(TrialError) -> TrialProcess {
        if let process = clients.process { return process }
        let process = try TrialProcess(
            "client-\(number)",
            TrialProcess.program("chaos"),
            [
                "trial-client", "--cluster", cluster.endpoints.map(\.text).joined(separator: ","), "--keys",
                clientKeys.joined(separator: ","), "--process", "client", "--first-value", "1000000", "--notes",
                clientNotesPath,
            ],
            folder: folder
        )
        clients.process = process
        return process
    }

    init(cluster: TrialCluster, cell: MatrixCell, number: Int, folder: String, client: Client) {
        self.cluster = cluster
        self.cell = cell
        self.number = number
        self.folder = folder
        self.client = client
    }
}

extension TrialNotes {
    /// Notes a coordinator's state.
    func add(_ status: CoordinatorStatus) {
        let hash = String(status.stateHash, radix: 16)
        add(.nemesis(.replicaHash(process: status.name, logIndex: Int64(clamping: status.appliedIndex), hash: hash)))
    }
}
