// A worker that is told to leave before it has begun to run, as a process that is ended while it starts.

import RingmasterProtocol
import Testing

@testable import Ringmaster

struct EarlyLeaveTests {
    @Test func aLeaveThatComesBeforeTheRunEndsIt() async throws {
        let cluster = try await ClusterFixture()
        let worker = Worker(
            WorkerConfiguration(name: "early", coordinators: [cluster.coordinator.endpoint]),
            logger: ClusterFixture.quiet
        )
        worker.leave()
        let began = ContinuousClock.now
        let run = Task { try await worker.run() }
        let giveUp = Task {
            try await Task.sleep(for: .seconds(10))
            run.cancel()
        }
        try await run.value
        giveUp.cancel()
        #expect(ContinuousClock.now - began < .seconds(10))
        // It was for that run alone: the next one serves.
        let again = Task { try await worker.run() }
        try await cluster.waitForMembers(["early"])
        worker.leave()
        try await again.value
    }
}
