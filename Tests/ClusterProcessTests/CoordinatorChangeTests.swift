// Coordinators that are added and removed by the command, with real processes, under load.

import Foundation
import Ringmaster
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct CoordinatorChangeTests {
    @Test
    func everyCoordinatorIsReplacedTheLeaderFirst() async throws {
        let cluster = try ProcessCluster(coordinators: 3)
        try cluster.startCoordinators()
        for worker in ["w1", "w2"] { try cluster.startWorker(worker) }
        try await cluster.waitForMembers(["w1", "w2"])
        // Both know of the first three alone when they begin.
        let client = try await cluster.client()
        let load = AppendLoad(client)
        var old = [0, 1, 2]
        while let first = old.first {
            _ = try await cluster.addCoordinator()
            let leader = try await cluster.leaderIndex()
            let next = old.contains(leader) ? leader : first
            try await cluster.removeCoordinator(next)
            old.removeAll { $0 == next }
        }
        try await cluster.waitForReplicas(3)
        // A worker that leaves, and a leader that dies, find those that are there now.
        let leader = try await cluster.leaderIndex()
        cluster.coordinators[leader].kill()
        #expect(cluster.workers["w1"]?.terminate() == 0)
        try await cluster.waitForMembers(["w2"])
        try cluster.coordinators[leader].start()
        let (_, unknown) = try await load.stopAndCheck()
        #expect(unknown == 0, "\(unknown) jobs failed")
        try await cluster.expectEqualStates()
        await client.close()
    }

    @Test
    func aCoordinatorThatDiedIsReplacedWithoutItsDirectory() async throws {
        let cluster = try ProcessCluster(coordinators: 3)
        try cluster.startCoordinators()
        try cluster.startWorker("w1")
        try await cluster.waitForMembers(["w1"])
        let client = try await cluster.client()
        let load = AppendLoad(client)
        let dead = (try await cluster.leaderIndex() + 1) % 3
        cluster.coordinators[dead].kill()
        try await cluster.removeCoordinator(dead)
        _ = try await cluster.addCoordinator()
        let (_, unknown) = try await load.stopAndCheck()
        #expect(unknown == 0, "\(unknown) jobs failed")
        try await cluster.expectEqualStates()
        try await cluster.waitForReplicas(3)
        await client.close()
    }
}
