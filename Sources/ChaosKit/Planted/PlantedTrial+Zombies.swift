// Situations around workers that sleep and wake.

import Ringmaster

extension PlantedTrial {
    private func isMember(_ name: String, of cluster: TrialCluster) async -> Bool {
        await cluster.leaderStatus().map { $0.workers.contains { $0.name == name } && $0.intentEpoch == 0 } ?? true
    }

    /// Under a lease that has run out nothing is served.
    func readsWaitForAZombie() async throws {
        try await readsWait { try await $0.pause() }
    }

    /// A lease counts from when it was asked for, however late the answer is read.
    func readsWaitWithALeaseOnItsWay() async throws {
        try await readsWait { worker in
            let granted = FaultPointOrder(.workerLeaseGranted, .pause(nil))
            try await worker.arm(granted)
            try await TrialWait.until("w1 to stop with a lease", within: .seconds(5)) { worker.hasReached(granted) }
        }
    }

    private func readsWait(stop: (TrialProcess) async throws -> Void) async throws {
        let (cluster, client, operations) = try await begin()
        let owned = try await cluster.view().view.keys(keys, of: "w1")
        let endpoint = try await cluster.endpoint(ofWorker: "w1")
        var readers: [(client: StubbornClient, key: String)] = []
        for (index, key) in owned.enumerated() {
            let stubborn = try await StubbornClient(endpoint, notes: notes, name: "late-\(index)")
            // The connection is to stand before the worker sleeps.
            await stubborn.read(key)
            readers.append((stubborn, key))
        }
        try await stop(cluster.workers["w1"]!)
        try await TrialWait.until("w1 to be given up", within: .seconds(5)) { await !isMember("w1", of: cluster) }
        await appendAndReadAll(operations)
        let reads = readers.map { reader in Task { _ = await reader.client.read(reader.key, timeout: .seconds(2)) } }
        try? await Task.sleep(for: .milliseconds(50))
        cluster.workers["w1"]!.wake()
        for read in reads { await read.value }
        try await cluster.settle(members: Set(MatrixTrial.members), within: .seconds(10))
        await appendAndReadAll(operations)
        await client.close()
    }

    /// A worker that may hold a lease is not given up.
    func silenceShorterThanTheLease() async throws {
        try await sleepsWithinTheLease { _ in }
    }

    /// Nor is it when another process comes under its name.
    func aTwinComesWithinTheLease() async throws {
        try await sleepsWithinTheLease { cluster in _ = try cluster.startTwin(of: "w1") }
    }

    /// Stops w1 for less than its lease, and asks it again.
    private func sleepsWithinTheLease(meanwhile: (TrialCluster) throws -> Void) async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false)
        for attempt in 0..<3 {
            let owned = try await cluster.view().view.keys(keys, of: "w1")
            let endpoint = try await cluster.endpoint(ofWorker: "w1")
            let stubborn = try await StubbornClient(endpoint, notes: notes, name: "late-\(attempt)")
            let sleeper = cluster.workers["w1"]!
            guard let key = owned.first, await stubborn.read(key) else { continue }
            let incarnation = await incarnation(of: "w1", in: cluster)
            // Of about this moment is the lease that it may hold.
            let asked = FaultPointOrder(.workerLeaseSent, .pause(nil))
            try await sleeper.arm(asked)
            try await TrialWait.until("w1 to stop", within: .seconds(5)) { sleeper.hasReached(asked) }
            let began = ContinuousClock.now
            try meanwhile(cluster)
            try? await TrialWait.until("w1 to be given up", within: .milliseconds(380)) {
                await self.incarnation(of: "w1", in: cluster) != incarnation
            }
            if ContinuousClock.now - began < .milliseconds(380) {
                await operations.append(notes.freshValue(), to: key, timeout: .milliseconds(200))
            }
            let reading = Task { await stubborn.read(key, timeout: .milliseconds(300)) }
            sleeper.wake()
            _ = await reading.value
            if sleeper !== cluster.workers["w1"] { sleeper.kill() }
            try await cluster.settle(members: Set(MatrixTrial.members), within: .seconds(10))
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// In which of its lives a worker is a member by a view that is settled; nil: in none.
    private func incarnation(of name: String, in cluster: TrialCluster) async -> UInt64? {
        guard let leader = await cluster.leaderStatus() else { return nil }
        return leader.workers.first { $0.name == name }?.incarnation
    }

    /// What a worker ran in a life that is over is not accepted, though it is a member in another.
    func aFormerLifeWakesWithAJob() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false, workers: ["w1"])
        let (key, job, former) = try await sleepWithAJob(cluster)
        let incarnation = await incarnation(of: "w1", in: cluster)
        _ = try cluster.startTwin(of: "w1")
        try await TrialWait.until("w1 to be a member in a new life", within: .seconds(5)) {
            let present = await self.incarnation(of: "w1", in: cluster)
            return present != nil && present != incarnation
        }
        await operations.read(key)
        former.wake()
        await job.value
        former.kill()
        await readAll(operations)
        await appendAndReadAll(operations)
        await client.close()
    }

    /// What a worker ran for slots that it owns no more is not accepted.
    func zombieHasAJob() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false)
        for _ in 0..<3 {
            let (key, job, worker) = try await sleepWithAJob(cluster)
            try await TrialWait.until("w1 to be given up", within: .seconds(5)) { await !isMember("w1", of: cluster) }
            await operations.read(key)
            worker.wake()
            await job.value
            await operations.read(key)
            try await cluster.settle(members: Set(MatrixTrial.members), within: .seconds(10))
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// A worker that is taken for dead gets nothing into the log from the moment at which its slots may be handed over.
    func zombieWakesInTheRound() async throws {
        let (cluster, client, operations) = try await begin(coordinators: 1, isDurable: false)
        for _ in 0..<3 {
            let (key, job, worker) = try await sleepWithAJob(cluster)
            let slow = FaultPointOrder(.workerPhase2Loaded, .pause(.milliseconds(300)))
            try await cluster.workers["w2"]!.arm(slow)
            try await TrialWait.until("w2 to load", within: .seconds(5)) { cluster.workers["w2"]!.hasReached(slow) }
            // The other gainer loads as well.
            try? await Task.sleep(for: .milliseconds(50))
            worker.wake()
            await job.value
            // It must not come back before the others are asked.
            worker.kill()
            try await TrialWait.until("the round to end", within: .seconds(5)) { await !isMember("w1", of: cluster) }
            await operations.read(key)
            try cluster.start(worker: "w1")
            try await cluster.settle(members: Set(MatrixTrial.members), within: .seconds(10))
        }
        await appendAndReadAll(operations)
        await client.close()
    }

    /// Has w1 run a job of a late client, and stop before it hands the delta to the leader.
    private func sleepWithAJob(
        _ cluster: TrialCluster
    ) async throws -> (key: String, job: Task<Void, Never>, worker: TrialProcess) {
        let worker = cluster.workers["w1"]!
        guard let key = try await cluster.view().view.keys(keys, of: "w1").first else {
            throw TrialError.didNotHappen("a key of w1")
        }
        let session = try await cluster.openSession()
        let endpoint = try await cluster.endpoint(ofWorker: "w1")
        let stubborn = try await StubbornClient(endpoint, notes: notes, name: "late-\(session)")
        await stubborn.read(key)
        let order = FaultPointOrder(.workerDeltasSending, .pause(nil))
        try await worker.arm(order)
        let value = notes.freshValue()
        let job = Task { await stubborn.append(value, to: key, session: session, sequence: 1) }
        try await TrialWait.until("w1 to stop with a job", within: .seconds(5)) { worker.hasReached(order) }
        return (key, job, worker)
    }

    /// What ran on a state that never came to be is not accepted.
    func jobOnTopOfARefusedOne() async throws {
        let (cluster, client, operations) = try await begin()
        let owned = try await cluster.view().view.keys(keys, of: "w1")
        let endpoint = try await cluster.endpoint(ofWorker: "w1")
        let closed = try await cluster.openSession()
        try await cluster.closeSession(closed)
        let session = try await cluster.openSession()
        let first = try await StubbornClient(endpoint, notes: notes, name: "refused")
        let second = try await StubbornClient(endpoint, notes: notes, name: "accepted")
        guard let key = owned.first else { throw TrialError.didNotHappen("a key of w1") }
        await first.read(key)
        await second.read(key)
        for sequence in 1...50 as ClosedRange<UInt64> {
            let (one, other) = (notes.freshValue(), notes.freshValue())
            let refused = Task { await first.append(one, to: key, session: closed, sequence: sequence) }
            let accepted = Task { await second.append(other, to: key, session: session, sequence: sequence) }
            await refused.value
            await accepted.value
        }
        await appendAndReadAll(operations)
        await client.close()
    }
}
