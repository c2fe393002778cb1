// Situations around the leader's office: a quorum that is lost, and an election.

import Ringmaster

extension PlantedTrial {
    /// On a machine that is busy with other things elections come to nothing for seconds.
    static let electionLimit = Duration.seconds(20)

    /// What a leader alone has is not acknowledged.
    func theLeaderLosesItsFollowers() async throws {
        let (cluster, client, operations) = try await begin()
        let leader = try await cluster.leader()
        let followers = cluster.coordinators.indices.filter { $0 != leader }
        // It is stopped with deltas in its hand, and takes itself for the leader when it wakes up alone.
        let received = FaultPointOrder(.coordinatorDeltasReceived, .pause(nil))
        try await cluster.coordinators[leader].arm(received)
        let jobs = beginAppends(to: keys.prefix(6), by: client, timeout: .seconds(5))
        try await TrialWait.until("the leader to get deltas", within: .seconds(5)) {
            cluster.coordinators[leader].hasReached(received)
        }
        for index in followers { cluster.coordinators[index].kill() }
        cluster.coordinators[leader].wake()
        for job in jobs { await job.value }
        cluster.coordinators[leader].kill()
        for index in followers { try cluster.coordinators[index].start(planted: planted) }
        // Before the old one is back, which may have what the others have not.
        try await TrialWait.until("another leader", within: Self.electionLimit) { await cluster.leaderStatus() != nil }
        try cluster.coordinators[leader].start(planted: planted)
        try await cluster.settle(members: Set(MatrixTrial.members), within: .seconds(10))
        await appendAndReadAll(operations)
        for status in await cluster.quiescent() { notes.add(status) }
        await client.close()
    }

    /// Whoever has voted in a term votes for nobody else in it, also after it was killed.
    ///
    /// One of two is elected, and stopped before it does anything. The other is killed and comes back, and so does the former
    /// leader: they must not elect another one in the same term.
    func aVoterIsKilledInATerm() async throws {
        let (cluster, client, operations) = try await begin()
        for _ in 0..<3 {
            let former = cluster.coordinators[try await cluster.leader()]
            let electors = cluster.coordinators.filter { $0 !== former }
            let elected = FaultPointOrder(.coordinatorElected, .pause(nil))
            for elector in electors { try await elector.arm(elected) }
            former.kill()
            try await TrialWait.until("an election", within: .seconds(5)) {
                electors.contains { $0.hasReached(elected) }
            }
            let first = electors.first { $0.hasReached(elected) }!
            let voter = electors.first { $0 !== first }!
            voter.kill()
            try former.start(planted: planted)
            try voter.start(planted: planted)
            try await TrialWait.until("another leader", within: Self.electionLimit) {
                await cluster.leaderStatus() != nil
            }
            await appendAndReadAll(operations)
            // It writes what a leader begins with, where the others have what was appended in the same term.
            first.wake()
            for status in await cluster.quiescent() { notes.add(status) }
            for key in keys { await operations.append(notes.freshValue(), to: key, timeout: .milliseconds(500)) }
            for status in await cluster.quiescent() { notes.add(status) }
            for coordinator in cluster.coordinators where !coordinator.isRunning {
                try coordinator.start(planted: planted)
            }
            guard (try? await cluster.settle(members: Set(MatrixTrial.members), within: .seconds(5))) != nil else {
                break
            }
        }
        // Everybody is there. Two that lead in one term may each keep the other from serving, where nothing is lost by them.
        notes.add(.nemesis(.healed(boundNs: Self.returnBound.milliseconds * 1_000_000)))
        for key in keys { await operations.read(key, timeout: .milliseconds(500)) }
        for status in await cluster.quiescent() { notes.add(status) }
        await client.close()
    }
}
