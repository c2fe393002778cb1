// Jobs on a cluster: applied once, in order, through changes of the ring.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ClusterJobTests {
    @Test
    func aJobChangesTheStateOfItsKeyAndReplies() async throws {
        let cluster = try await ClusterFixture()
        let (worker, run) = cluster.startWorker("w1")
        try await cluster.waitForMembers(["w1"])
        let client = try await cluster.client()
        let first: Int = try await client.submit("deposit", key: "alice", 5)
        let second: Int = try await client.submit("deposit", key: "alice", 7)
        let other: Int = try await client.submit("deposit", key: "bob", 1)
        #expect((first, second, other) == (5, 12, 1))
        let state = try await client.read(Account.self, key: "alice")
        #expect(state?.history == [5, 7])
        #expect(try await client.read(Account.self, key: "nobody") == nil)
        await client.close()
        worker.leave()
        try await run.value
        await cluster.coordinator.close()
    }

    @Test
    func aHandlersErrorIsTheJobsReplyAndLeavesTheState() async throws {
        let cluster = try await ClusterFixture()
        let (worker, run) = cluster.startWorker("w1")
        try await cluster.waitForMembers(["w1"])
        let client = try await cluster.client()
        let error = await #expect(throws: ClusterError.self) {
            let _: Int = try await client.submit("deposit", key: "alice", 0)
        }
        #expect(error == .handlerFailed(job: "deposit", message: "nothing to deposit"))
        await #expect(throws: ClusterError.unknownJob("withdraw")) {
            let _: Int = try await client.submit("withdraw", key: "alice", 1)
        }
        let balance: Int = try await client.submit("deposit", key: "alice", 3)
        #expect(balance == 3)
        await client.close()
        worker.leave()
        try await run.value
        await cluster.coordinator.close()
    }

    @Test
    func jobsSubmittedTogetherKeepTheOrderOfTheirKey() async throws {
        let cluster = try await ClusterFixture()
        let workers = ["w1", "w2", "w3"].map { cluster.startWorker(WorkerID(stringLiteral: $0)) }
        try await cluster.waitForMembers(["w1", "w2", "w3"])
        let client = try await cluster.client()
        let jobs = (0..<2000).map { (key: Array("key-\($0 % 10)".utf8), argument: [UInt8($0 / 10 % 256)]) }
        let results = await client.submitAll("append", jobs, window: 256)
        for (index, result) in results.enumerated() {
            #expect(try result.get().count == index / 10 + 1)
        }
        for key in 0..<10 {
            #expect(try await client.readRaw(key: Array("key-\(key)".utf8)) == (0..<200).map { UInt8($0) })
        }
        await client.close()
        for (worker, run) in workers {
            worker.leave()
            try await run.value
        }
        await cluster.coordinator.close()
    }

    @Test
    func aWorkerThatNobodyReleasesEndsInTimeWithAnError() async throws {
        let cluster = try await ClusterFixture()
        let (worker, run) = cluster.startWorker("w1")
        try await cluster.waitForMembers(["w1"])
        await cluster.coordinator.close()
        worker.leave(within: .milliseconds(300))
        await #expect(throws: ClusterError.notReleased(after: .milliseconds(300))) { try await run.value }
    }

    @Test
    func noJobFailsWhileWorkersJoinAndLeave() async throws {
        let cluster = try await ClusterFixture()
        let first = cluster.startWorker("w1")
        try await cluster.waitForMembers(["w1"])
        let client = try await cluster.client()
        let load = Task {
            var results: [[UInt8]: [[UInt8]]] = [:]
            for round in 0..<40 {
                let jobs = (0..<100).map { (key: Array("key-\($0)".utf8), argument: [UInt8(round)]) }
                for (job, result) in zip(jobs, await client.submitAll("append", jobs, window: 100)) {
                    results[job.key, default: []].append(try result.get())
                }
            }
            return results
        }
        let second = cluster.startWorker("w2")
        let third = cluster.startWorker("w3")
        try await cluster.waitForMembers(["w1", "w2", "w3"])
        first.worker.leave()
        try await first.run.value
        try await cluster.waitForMembers(["w2", "w3"])
        for (_, replies) in try await load.value {
            #expect(replies.map(\.count) == Array(1...40))
            #expect(replies.last == (0..<40).map { UInt8($0) })
        }
        await client.close()
        for (worker, run) in [second, third] {
            worker.leave()
            try await run.value
        }
        await cluster.coordinator.close()
    }
}
