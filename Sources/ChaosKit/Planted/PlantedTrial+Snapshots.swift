// Situations around snapshots, and coordinators that start again from them.

import Ringmaster

extension PlantedTrial {
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
            try? await writeSnapshot(0, of: cluster)
            cluster.coordinators[0].kill()
            try? await cluster.begin(workers: MatrixTrial.members)
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// A snapshot has everything up to its index.
    func restartFromTheSecondSnapshot() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1)
        for _ in 0..<2 {
            try await writeSnapshot(0, of: cluster)
            await appendAndReadAll(operations)
        }
        try await writeSnapshot(0, of: cluster)
        cluster.coordinators[0].kill()
        for name in MatrixTrial.members { cluster.workers[name]!.kill() }
        try await cluster.begin(workers: MatrixTrial.members)
        await appendAndReadAll(operations)
        await client.close()
    }

    /// A round that was logged before a snapshot is known to whoever starts from it.
    ///
    /// The round cannot go on while jobs run on the slots that it moves.
    func aFollowerRestartsInARound() async throws {
        let (cluster, client, operations) = try await begin(hasSlowJobs: true)
        let leader = try await cluster.leader()
        let follower = cluster.coordinators.indices.first { $0 != leader }!
        let jobs = await beginSlowJobs(of: client, aKey: 10)
        try cluster.start(worker: "j")
        try await TrialWait.until("the round to begin", within: .seconds(5)) {
            await cluster.statuses().allSatisfy { $0.intentEpoch > 0 }
        }
        try await writeSnapshot(follower, of: cluster)
        cluster.coordinators[follower].kill()
        try cluster.coordinators[follower].start(planted: planted)
        for job in jobs { await job.value }
        _ = try? await cluster.settle(members: Set(MatrixTrial.members + ["j"]), within: .seconds(3))
        for status in await cluster.quiescent() { notes.add(status) }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// Has a coordinator write a snapshot, and waits until it is written.
    private func writeSnapshot(_ index: Int, of cluster: TrialCluster) async throws(TrialError) {
        let written = FaultPointOrder(.coordinatorSnapshotWritten, .pause(.milliseconds(1)))
        let coordinator = cluster.coordinators[index]
        try await coordinator.arm(written)
        await cluster.takeSnapshot(index)
        try await TrialWait.until("the snapshot", within: .seconds(5)) { coordinator.hasReached(written) }
    }
}
