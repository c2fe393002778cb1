// Every death of docs/CLUSTER.md and the design's list, with real processes and SIGKILL, under load.

import Foundation
import Ringmaster
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct DeathTests {
    /// A cluster with members settled, and load on it.
    private func begin(
        coordinators: Int = 1,
        workers: [String] = ["w1", "w2", "w3"]
    ) async throws -> (ProcessCluster, Client, AppendLoad) {
        let cluster = try ProcessCluster(coordinators: coordinators)
        try cluster.startCoordinators()
        try await cluster.waitForCoordinators()
        for worker in workers { try cluster.startWorker(worker) }
        try await cluster.waitForMembers(Set(workers))
        let client = try await cluster.client()
        let load = AppendLoad(client)
        try await Task.sleep(for: .milliseconds(200))
        return (cluster, client, load)
    }

    /// Ends the load, and checks that nothing was lost or failed.
    private func end(_ cluster: ProcessCluster, _ client: Client, _ load: AppendLoad) async throws {
        try await Task.sleep(for: .milliseconds(200))
        let (_, unknown) = try await load.stopAndCheck()
        #expect(unknown == 0, "\(unknown) jobs failed")
        if cluster.coordinators.allSatisfy(\.isRunning) { try await cluster.expectEqualStates() }
        await client.close()
    }

    @Test
    func aWorkerDies() async throws {
        let (cluster, client, load) = try await begin()
        cluster.workers["w2"]?.kill()
        try await cluster.waitForMembers(["w1", "w3"])
        try await end(cluster, client, load)
    }

    @Test
    func aWorkerDiesAndComesBackUnderItsName() async throws {
        let (cluster, client, load) = try await begin()
        for _ in 0..<3 {
            cluster.workers["w2"]?.kill()
            try cluster.startWorker("w2")
            try await cluster.waitForMembers(["w1", "w2", "w3"])
        }
        try await end(cluster, client, load)
    }

    @Test
    func aWorkerDiesDuringAResize() async throws {
        let (cluster, client, load) = try await begin()
        for round in 0..<4 {
            // The join's round and the death overlap, in one order or the other.
            try cluster.startWorker("new-\(round)")
            try await Task.sleep(for: .milliseconds(round * 7))
            cluster.workers["w2"]?.kill()
            try await cluster.waitForMembers(Set(["w1", "w3"] + (0...round).map { "new-\($0)" }))
            try cluster.startWorker("w2")
            try await cluster.waitForMembers(Set(["w1", "w2", "w3"] + (0...round).map { "new-\($0)" }))
        }
        try await end(cluster, client, load)
    }

    @Test
    func aJoiningWorkerDies() async throws {
        let (cluster, client, load) = try await begin()
        for delay in [10, 30, 50, 70, 90] {
            let joining = try cluster.startWorker("joining")
            try await Task.sleep(for: .milliseconds(delay))
            joining.kill()
            try await cluster.waitForMembers(["w1", "w2", "w3"])
        }
        try await end(cluster, client, load)
    }

    @Test
    func aLeavingWorkerDies() async throws {
        let (cluster, client, load) = try await begin()
        for _ in 0..<3 {
            let leaving = try #require(cluster.workers["w3"])
            let ended = Task.detached { [leaving = Unchecked(leaving)] in leaving.value.terminate() }
            leaving.kill()
            _ = await ended.value
            try await cluster.waitForMembers(["w1", "w2"])
            try cluster.startWorker("w3")
            try await cluster.waitForMembers(["w1", "w2", "w3"])
        }
        try await end(cluster, client, load)
    }

    @Test
    func aWorkerLeavesWithStatusZero() async throws {
        let (cluster, client, load) = try await begin()
        #expect(cluster.workers["w3"]?.terminate() == 0)
        try await cluster.waitForMembers(["w1", "w2"])
        try await end(cluster, client, load)
    }

    @Test
    func aPausedWorkerWakesAfterItsSlotsAreGivenAway() async throws {
        let (cluster, client, load) = try await begin()
        cluster.workers["w1"]?.pause()
        try await cluster.waitForMembers(["w2", "w3"])
        cluster.workers["w1"]?.wake()
        try await cluster.waitForMembers(["w1", "w2", "w3"])
        try await end(cluster, client, load)
    }

    @Test
    func allWorkersDie() async throws {
        let (cluster, client, load) = try await begin()
        for worker in cluster.workers.values { worker.kill() }
        try await cluster.waitForMembers([])
        try cluster.startWorker("w4")
        try await cluster.waitForMembers(["w4"])
        try await end(cluster, client, load)
    }

    @Test
    func theLeaderDies() async throws {
        let (cluster, client, load) = try await begin(coordinators: 3)
        let leader = try await cluster.leaderIndex()
        cluster.coordinators[leader].kill()
        _ = try await cluster.leaderIndex()
        try await Task.sleep(for: .milliseconds(300))
        try cluster.startCoordinators()
        try await end(cluster, client, load)
    }

    @Test
    func theLeaderDiesDuringAResize() async throws {
        let (cluster, client, load) = try await begin(coordinators: 3)
        for round in 0..<4 {
            let leader = try await cluster.leaderIndex()
            try cluster.startWorker("new-\(round)")
            try await Task.sleep(for: .milliseconds(30 + round * 12))
            cluster.coordinators[leader].kill()
            try await cluster.waitForMembers(Set(["w1", "w2", "w3"] + (0...round).map { "new-\($0)" }))
            try cluster.startCoordinators()
        }
        try await end(cluster, client, load)
    }

    @Test
    func aFollowerDies() async throws {
        let (cluster, client, load) = try await begin(coordinators: 3)
        let leader = try await cluster.leaderIndex()
        let follower = (leader + 1) % 3
        cluster.coordinators[follower].kill()
        try await Task.sleep(for: .milliseconds(300))
        try cluster.startCoordinators()
        try await end(cluster, client, load)
    }

    @Test
    func withoutQuorumJobsWaitAndServiceComesBackByItself() async throws {
        let (cluster, client, load) = try await begin(coordinators: 3)
        let leader = try await cluster.leaderIndex()
        for index in 0..<3 where index != leader { cluster.coordinators[index].kill() }
        // A job of little patience fails with a clear error, and nothing is acknowledged.
        try await Task.sleep(for: .milliseconds(400))
        let error = await #expect(throws: ClusterError.self) {
            let _: Int = try await client.submit("append", key: "hasty", "x", timeout: .milliseconds(300))
        }
        switch error {
        case .deadlineExceeded, .noQuorum: break
        default: Issue.record("a job without quorum failed with \(String(describing: error))")
        }
        try cluster.startCoordinators()
        try await end(cluster, client, load)
    }

    @Test(arguments: [1, 3])
    func everythingDiesAtOnceAndEveryAcknowledgedJobIsThereOnce(coordinators: Int) async throws {
        let (cluster, client, load) = try await begin(coordinators: coordinators)
        for _ in 0..<2 {
            for node in cluster.coordinators + Array(cluster.workers.values) { node.kill() }
            try cluster.startCoordinators()
            for worker in ["w1", "w2", "w3"] { try cluster.startWorker(worker) }
            try await cluster.waitForMembers(["w1", "w2", "w3"])
            try await Task.sleep(for: .milliseconds(300))
        }
        try await end(cluster, client, load)
    }
}
