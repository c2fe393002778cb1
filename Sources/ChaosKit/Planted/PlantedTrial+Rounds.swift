// Situations around rounds, views and whole crashes.

import Ringmaster

extension PlantedTrial {
    func begin(
        coordinators: Int = 3,
        isDurable: Bool = true
    ) async throws -> (cluster: TrialCluster, client: Client, operations: TrialOperations) {
        let cluster = try await TrialCluster(
            coordinators: coordinators,
            mode: .handoff,
            isDurable: isDurable,
            planted: planted,
            folder: "\(folder)/cluster"
        )
        try await cluster.begin(workers: MatrixTrial.members)
        let client = try await cluster.client()
        let operations = TrialOperations(client: client, process: "client") { [notes] in notes.add($0) }
        for key in keys { await operations.append(notes.freshValue(), to: key) }
        return (cluster, client, operations)
    }

    /// Appends to every key and reads it: whoever owned it before has to see that.
    func appendAndReadAll(_ operations: TrialOperations) async {
        for key in keys {
            await operations.append(notes.freshValue(), to: key)
            await operations.read(key)
        }
    }

    /// Between what a gainer loads and the commit nothing may be accepted from the loser.
    func joinsWithSlowGainer() async throws {
        let (cluster, client, operations) = try await begin()
        let load = TrialLoad(notes, clients: [client], keys: keys, lanes: 32, pause: .zero)
        for round in 0..<8 {
            let order = FaultPointOrder(.workerPhase2Loaded, .pause(.milliseconds(200)))
            let joiner = try cluster.start(worker: "j\(round)", order)
            try await TrialWait.until("the gainer to load", within: .seconds(5)) { joiner.hasReached(order) }
            let members = MatrixTrial.members + (0...round).map { "j\($0)" }
            try await cluster.settle(members: Set(members), within: .seconds(10))
        }
        try await load.stop()
        await appendAndReadAll(operations)
        await client.close()
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
        notes.add(.nemesis(.faultBegan(FaultID(1), kind: "\(order)", target: "j", isVerified: true)))
        if let leader = await cluster.leaderStatus(), leader.intentEpoch > 0 {
            notes.add(.nemesis(.roundBegan(Epoch(leader.intentEpoch), mode: "handoff", members: [])))
        }
        noteHealed(within: Self.returnBound)
        let limit = Self.returnBound + .milliseconds(100)
        if (try? await cluster.settle(members: Set(MatrixTrial.members), within: limit)) != nil,
            let leader = await cluster.leaderStatus()
        {
            notes.add(.nemesis(.roundCommitted(Epoch(leader.epoch))))
        }
        for key in keys { await operations.read(key, timeout: .milliseconds(100)) }
        await client.close()
    }

    /// How soon service is to be back where it is the question.
    private static let returnBound = Duration.seconds(2)

    private func noteHealed(within bound: Duration) {
        notes.add(.nemesis(.faultEnded(FaultID(1), isVerified: true)))
        notes.add(.nemesis(.healed(boundNs: bound.milliseconds * 1_000_000)))
    }

    /// A job whose reply was lost is known after a restart.
    func resendAfterASnapshot() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1)
        let stubborn = try await StubbornClient(
            try await cluster.endpoint(ofWorker: "w1"),
            notes: notes,
            name: "late"
        )
        guard let key = try await cluster.view().view.keys(keys, of: "w1").first else {
            throw TrialError.didNotHappen("a key of w1")
        }
        let (session, value) = (try await cluster.openSession(), notes.freshValue())
        await stubborn.append(value, to: key, session: session, sequence: 1, attempts: 2) {
            await cluster.takeSnapshot(0)
            try? await Task.sleep(for: .milliseconds(300))
            cluster.coordinators[0].kill()
            try? await cluster.begin(workers: MatrixTrial.members)
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// Whatever was acknowledged is in the log.
    func allDieWhileTheLeaderIsStopped() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1)
        cluster.coordinators[0].pause()
        for key in keys.prefix(6) {
            await operations.append(notes.freshValue(), to: key, timeout: .milliseconds(50))
        }
        for name in MatrixTrial.members { cluster.workers[name]!.kill() }
        cluster.coordinators[0].kill()
        try await cluster.begin(workers: MatrixTrial.members)
        await appendAndReadAll(operations)
        await client.close()
    }

    /// What a coordinator has promised in an election holds after it was killed.
    func crashLoop() async throws {
        let (cluster, client, operations) = try await begin()
        let load = TrialLoad(notes, clients: [client], keys: keys, lanes: 8, pause: .zero)
        notes.add(.nemesis(.faultBegan(FaultID(1), kind: "kill", target: "all coordinators", isVerified: true)))
        var isBack = true
        for _ in 0..<6 where isBack {
            for coordinator in cluster.coordinators { coordinator.kill() }
            isBack = (try? await cluster.begin(workers: MatrixTrial.members, within: .seconds(5))) != nil
            for status in await cluster.statuses() { notes.add(status) }
        }
        try await load.stop()
        noteHealed(within: Self.returnBound)
        if isBack { await appendAndReadAll(operations) }
        for key in keys { await operations.read(key, timeout: .milliseconds(100)) }
        for status in await cluster.quiescent() { notes.add(status) }
        await client.close()
    }
}
