// A leader whose host refuses connections is dead: the others do not wait for its silence to tell.

import Ringmaster
import RingmasterProtocol
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LeaderDeathTests {
    @Test func aLeaderThatEndsIsReplacedLongBeforeTheElectionTimeout() async throws {
        let folder = TemporaryFolder()
        let peers = try #require(FreePort.take(3)).enumerated().map { index, port in
            CoordinatorConfiguration.Peer(raftID: UInt64(index + 1), endpoint: try Endpoint("tcp://127.0.0.1:\(port)"))
        }
        var coordinators: [Coordinator] = []
        for peer in peers {
            var configuration = CoordinatorConfiguration(
                name: try CoordinatorID(validating: "c\(peer.raftID)"),
                raftID: peer.raftID,
                endpoint: peer.endpoint,
                peers: peers,
                dataDirectory: folder.file("log-\(peer.raftID)")
            )
            configuration.electionTimeout = .seconds(3)
            coordinators.append(try await Coordinator(configuration, logger: ClusterFixture.quiet))
        }
        let first = try #require(await leader(of: coordinators, within: .seconds(20)))
        // All follow it, so all have a line to it.
        try await Task.sleep(for: .milliseconds(200))
        let ended = coordinators.remove(at: first)
        let began = ContinuousClock.now
        await ended.close()
        _ = try #require(await leader(of: coordinators, within: .seconds(20)))
        #expect(ContinuousClock.now - began < .seconds(2))
        for coordinator in coordinators { await coordinator.close() }
    }

    private func leader(of coordinators: [Coordinator], within limit: Duration) async -> Int? {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            for (place, coordinator) in coordinators.enumerated() where await coordinator.status.role == "leader" {
                return place
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }
}
