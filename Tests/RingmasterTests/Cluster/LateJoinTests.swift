// A request to join that comes when its worker has begun another life since, as one that lay in a connection which broke.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct LateJoinTests {
    /// The worker is alive and has a lease: to give its slots away on the word of its own past would have two serve them.
    @Test func aRequestOfAFormerLifeLeavesTheWorkerWhereItIs() async throws {
        let cluster = try await ClusterFixture()
        let (worker, run) = cluster.startWorker("w1")
        try await cluster.waitForMembers(["w1"])
        let before = try #require(await cluster.coordinator.status.workers.first)
        let epoch = await cluster.coordinator.status.epoch
        let former = MemberRecord(
            member: Member("w1"),
            incarnation: Incarnation(rawValue: before.incarnation - 1),
            endpoint: before.endpoint
        )
        let client = try await RPCClient(cluster.coordinator.endpoint)
        await #expect {
            _ = try await client.call(ClusterMethods.join, payload: JoinRequest.encode(former))
        } throws: { error in
            guard case RPCError.remote(let refusal) = error else { return false }
            return refusal.code == .notMember
        }
        #expect(await cluster.coordinator.status.epoch == epoch)
        let after = try #require(await cluster.coordinator.status.workers.first)
        #expect(after.incarnation == before.incarnation && after.slots == before.slots)
        await client.close()
        worker.leave()
        try await run.value
        await cluster.coordinator.close()
    }
}
