// Situations around rounds, views and whole crashes.

import Ringmaster

extension PlantedTrial {
    func begin(
        coordinators: Int = 3,
        isDurable: Bool = true,
        workers: [String] = MatrixTrial.members,
        hasSlowJobs: Bool = false
    ) async throws -> (cluster: TrialCluster, client: Client, operations: TrialOperations) {
        let cluster = try await TrialCluster(
            coordinators: coordinators,
            mode: .handoff,
            isDurable: isDurable,
            planted: planted,
            hasSlowJobs: hasSlowJobs,
            folder: "\(folder)/cluster"
        )
        try await cluster.begin(workers: workers)
        let client = try await cluster.client()
        let operations = operations(of: client, as: "client")
        for key in keys { await operations.append(notes.freshValue(), to: key) }
        return (cluster, client, operations)
    }

    func operations(of client: Client, as process: String) -> TrialOperations {
        TrialOperations(client: client, process: .text(process)) { [notes] in notes.add($0) }
    }

    /// Appends to these keys, all at the same time.
    func beginAppends(to keys: some Sequence<String>, by client: Client, timeout: Duration) -> [Task<Void, Never>] {
        keys.map { key in
            let (lane, value) = (operations(of: client, as: "lane-\(key)"), notes.freshValue())
            return Task { await lane.append(value, to: key, timeout: timeout) }
        }
    }

    /// Reads every key, before anything else is done to it: whoever owns it now has to know it.
    func readAll(_ operations: TrialOperations) async {
        for key in keys { await operations.read(key) }
    }

    /// Appends to every key and reads it: whoever owned it before has to see that.
    func appendAndReadAll(_ operations: TrialOperations) async {
        for key in keys {
            await operations.append(notes.freshValue(), to: key)
            await operations.read(key)
        }
    }

    /// Epochs do not go back.
    func oldViewComesLate() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1)
        let old = try await cluster.view().bytes
        try cluster.start(worker: "j")
        try await cluster.settle(members: Set(MatrixTrial.members + ["j"]), within: .seconds(10))
        let stubborn = try await StubbornClient(
            try await cluster.endpoint(ofWorker: "w1"),
            notes: notes,
            name: "late"
        )
        try await note(epochOf: stubborn)
        // A notification of views is not answered.
        _ = try? await stubborn.worker.call(
            "member.view",
            payload: old,
            options: CallOptions(timeout: .milliseconds(5))
        )
        try await note(epochOf: stubborn)
        await appendAndReadAll(operations)
        await client.close()
    }

    private func note(epochOf stubborn: StubbornClient) async throws {
        let bytes = try await stubborn.worker.call("member.status", payload: [])
        let status = try MessagePackDecoder().decode(WorkerStatus.self, from: bytes)
        notes.add(.nemesis(.epochSeen(process: status.name, incarnation: 1, Epoch(status.epoch))))
    }

    /// What a worker does not own any more it does not serve.
    func lateClientAsksFormerOwners() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1)
        try cluster.start(worker: "j")
        try await cluster.settle(members: Set(MatrixTrial.members + ["j"]), within: .seconds(10))
        await appendAndReadAll(operations)
        for worker in MatrixTrial.members {
            let endpoint = try await cluster.endpoint(ofWorker: worker)
            let stubborn = try await StubbornClient(endpoint, notes: notes, name: "late-\(worker)")
            for key in keys { await stubborn.read(key) }
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// Nobody waits for the dead.
    func joinerStaysDead() async throws {
        let (cluster, client, operations) = try await begin()
        let order = FaultPointOrder(.workerPhase2Received, .kill)
        let joiner = try cluster.start(worker: "j", order)
        try await TrialWait.until("the joiner to die", within: .seconds(5)) { joiner.hasReached(order) }
        noteFault("\(order)", of: "j")
        await noteRound(of: cluster)
        await noteReturn(of: cluster, operations)
        await client.close()
    }

    /// A round that was begun is driven on by whoever leads next.
    func leaderAndJoinerDieInARound() async throws {
        let (cluster, client, operations) = try await begin()
        let order = FaultPointOrder(.workerPhase2Loaded, .pause(nil))
        let joiner = try cluster.start(worker: "j", order)
        try await TrialWait.until("the joiner to load", within: .seconds(5)) { joiner.hasReached(order) }
        await noteRound(of: cluster)
        let leader = try await cluster.leader()
        cluster.coordinators[leader].kill()
        joiner.kill()
        noteFault("kill", of: "leader and j")
        try await TrialWait.until("another leader", within: Self.electionLimit) { await cluster.leaderStatus() != nil }
        try cluster.coordinators[leader].start(planted: planted)
        await noteReturn(of: cluster, operations)
        await client.close()
    }

    /// How soon service is to be back where it is the question.
    static let returnBound = Duration.seconds(5)

    func noteFault(_ kind: String, of target: String) {
        notes.add(.nemesis(.faultBegan(FaultID(1), kind: kind, target: target, isVerified: true)))
    }

    func noteHealed() {
        notes.add(.nemesis(.faultEnded(FaultID(1), isVerified: true)))
        notes.add(.nemesis(.healed(boundNs: Self.returnBound.milliseconds * 1_000_000)))
    }

    private func noteRound(of cluster: TrialCluster) async {
        if let leader = await cluster.leaderStatus(), leader.intentEpoch > 0 {
            notes.add(.nemesis(.roundBegan(Epoch(leader.intentEpoch), mode: "handoff", members: [])))
        }
    }

    /// From here on the fault is over, and the members that are left have to serve every key soon.
    private func noteReturn(of cluster: TrialCluster, _ operations: TrialOperations) async {
        noteHealed()
        let limit = Self.returnBound + .milliseconds(100)
        // Once the round has to be over, the history goes on: else it would not show that it was late.
        if (try? await cluster.settle(members: Set(MatrixTrial.members), within: limit)) != nil,
            let leader = await cluster.leaderStatus()
        {
            // It may have taken the place of the one that was noted.
            notes.add(.nemesis(.roundBegan(Epoch(leader.epoch), mode: "handoff", members: [])))
            notes.add(.nemesis(.roundCommitted(Epoch(leader.epoch))))
        }
        let end = ContinuousClock.now + limit
        await withTaskGroup { group in
            for key in keys {
                let reader = self.operations(of: operations.client, as: "reader-\(key)")
                group.addTask {
                    repeat {
                        if await reader.read(key, timeout: .milliseconds(100)) != nil { return }
                    } while ContinuousClock.now < end
                }
            }
        }
    }

    /// Whatever was acknowledged is in the log.
    func allDieWhileTheLeaderIsStopped() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1)
        try await cluster.coordinators[0].pause()
        for key in keys.prefix(6) {
            await operations.append(notes.freshValue(), to: key, timeout: .milliseconds(50))
            await operations.read(key, timeout: .milliseconds(50))
        }
        for name in MatrixTrial.members { cluster.workers[name]!.kill() }
        cluster.coordinators[0].kill()
        try await cluster.begin(workers: MatrixTrial.members)
        await appendAndReadAll(operations)
        await client.close()
    }
}
