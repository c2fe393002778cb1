// Situations around slots that change hands: what is handed over, and who serves meanwhile.

import Ringmaster

extension PlantedTrial {
    /// What a loser accepts is in what its gainer loads.
    ///
    /// A job of every key is under way when the round begins, and is done after the gainers could have loaded, were they not
    /// to wait. More jobs come once they have.
    func jobsRunWhileARoundBegins() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false, hasSlowJobs: true)
        let logged = FaultPointOrder(.coordinatorIntentLogged, .pause(nil))
        try await cluster.coordinators[0].arm(logged)
        let loaded = FaultPointOrder(.workerPhase2Loaded, .pause(nil))
        let joiner = try cluster.start(worker: "j", loaded)
        try await TrialWait.until("the round to begin", within: .seconds(5)) {
            cluster.coordinators[0].hasReached(logged)
        }
        let jobs = await beginSlowJobs(of: client)
        cluster.coordinators[0].wake()
        try await TrialWait.until("the joiner to load", within: .seconds(5)) { joiner.hasReached(loaded) }
        for job in jobs { await job.value }
        for job in beginAppends(to: keys, by: client, timeout: .milliseconds(60)) { await job.value }
        joiner.wake()
        try await cluster.settle(members: Set(MatrixTrial.members + ["j"]), within: .seconds(10))
        await readAll(operations)
        await appendAndReadAll(operations)
        await client.close()
    }

    /// Has a job of every key under way, or several that run one after the other.
    func beginSlowJobs(of client: Client, aKey: Int = 1) async -> [Task<Void, Never>] {
        let jobs = keys.flatMap { key in
            (0..<aKey).map { number in
                let (slow, value) = (operations(of: client, as: "slow-\(key)-\(number)"), notes.freshValue())
                return Task { await slow.append(value, to: key, by: TrialWorker.slowJob) }
            }
        }
        // Until they are in the workers' hands.
        try? await Task.sleep(for: .milliseconds(30))
        return jobs
    }

    /// A gainer has all of its slots' state, however much that is.
    func aLargeStateChangesHands() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false, workers: ["w1"])
        var writer = MessagePackWriter()
        writer.writeBinary([UInt8](repeating: 7, count: Self.ballastBytes))
        for number in 0..<Self.ballastKeys {
            _ = try await client.submitRaw("set", key: Array("ballast-\(number)".utf8), writer.bytes)
        }
        try cluster.start(worker: "j")
        try await cluster.settle(members: ["w1", "j"], within: .seconds(20))
        await readAll(operations)
        await appendAndReadAll(operations)
        await client.close()
    }

    /// The half of it, which the joiner gets, fills several chunks.
    private static let ballastKeys = 64
    private static let ballastBytes = 100_000

    /// What was done to slots while another owned them, their owner knows when they are back: all of them, as it is alone.
    func slotsGoAwayAndComeBack() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false, workers: ["w1"])
        try cluster.start(worker: "j")
        try await cluster.settle(members: ["w1", "j"], within: .seconds(10))
        await appendAndReadAll(operations)
        cluster.workers["j"]!.terminate()
        try await cluster.settle(members: ["w1"], within: .seconds(10))
        await readAll(operations)
        await appendAndReadAll(operations)
        await client.close()
    }
}
