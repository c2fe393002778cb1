// Clusters whose log is on disk: what was acknowledged is there after everything was ended and begun again.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DurableClusterTests {
    @Test
    func whatWasAcknowledgedIsThereAfterARestartOfEverything() async throws {
        let folder = TemporaryFolder()
        var configuration = CoordinatorConfiguration(endpoint: "tcp://127.0.0.1:*")
        configuration.dataDirectory = folder.file("log")
        for round in 1...3 {
            let cluster = try await ClusterFixture(configuration)
            let (worker, run) = cluster.startWorker("w1")
            let client = try await cluster.client()
            for amount in 1...20 {
                let balance: Int = try await client.submit("deposit", key: "alice", amount)
                #expect(balance == (round - 1) * 210 + amount * (amount + 1) / 2)
            }
            await client.close()
            worker.leave()
            try await run.value
            await cluster.coordinator.close()
        }
    }

    @Test
    func threeCoordinatorsReplicateAndSurviveTheEndOfTheirLeader() async throws {
        let folder = TemporaryFolder()
        let ports = try #require(FreePort.take(3))
        let peers = try ports.enumerated().map { index, port in
            CoordinatorConfiguration.Peer(raftID: UInt64(index + 1), endpoint: try Endpoint("tcp://127.0.0.1:\(port)"))
        }
        var coordinators: [Coordinator] = []
        for peer in peers {
            let configuration = CoordinatorConfiguration(
                name: try CoordinatorID(validating: "c\(peer.raftID)"),
                raftID: peer.raftID,
                endpoint: peer.endpoint,
                peers: peers,
                dataDirectory: folder.file("log-\(peer.raftID)")
            )
            coordinators.append(try await Coordinator(configuration, logger: ClusterFixture.quiet))
        }
        let worker = Worker(
            WorkerConfiguration(name: "w1", coordinators: peers.map(\.endpoint)),
            logger: ClusterFixture.quiet
        )
        worker.handleRaw("append") { state, argument, _ in
            state.bytes = (state.bytes ?? []) + argument
            return state.bytes ?? []
        }
        let run = Task { try await worker.run() }
        let client = try await Client(ClientConfiguration(coordinators: peers.map(\.endpoint)))
        let key = Array("k".utf8)
        for value in 0..<50 {
            let reply = try await client.submitRaw("append", key: key, [UInt8(value)])
            #expect(reply.count == value + 1)
        }
        var leader: Int?
        for (index, coordinator) in coordinators.enumerated() where await coordinator.status.role == "leader" {
            leader = index
        }
        let ended = try #require(leader)
        let load = Task {
            for value in 50..<100 {
                let reply = try await client.submitRaw("append", key: key, [UInt8(value)])
                #expect(reply.count == value + 1)
            }
        }
        await coordinators[ended].close()
        try await load.value
        #expect(try await client.readRaw(key: key) == (0..<100).map { UInt8($0) })
        coordinators.remove(at: ended)
        // The two that are left have applied the same, once both are at one index.
        let end = ContinuousClock.now + .seconds(5)
        var hashes: Set<UInt64> = []
        repeat {
            let states = [await coordinators[0].status, await coordinators[1].status]
            if states[0].appliedIndex == states[1].appliedIndex { hashes = Set(states.map(\.stateHash)) }
        } while hashes.isEmpty && ContinuousClock.now < end
        #expect(hashes.count == 1)
        // And what each has marked on its way.
        for value in 0..<40 { _ = try await client.submitRaw("append", key: Array("other".utf8), [UInt8(value & 7)]) }
        let marksEnd = ContinuousClock.now + .seconds(5)
        var marks: [UInt64: Set<UInt64>] = [:]
        repeat {
            let states = [await coordinators[0].status, await coordinators[1].status]
            marks = Dictionary(states.map { ($0.markIndex, [$0.markHash]) }) { $0.union($1) }
        } while (marks.count > 1 || marks[0] != nil) && ContinuousClock.now < marksEnd
        let (index, hash) = try #require(marks.first)
        #expect(marks.count == 1 && index > 0 && index.isMultiple(of: CoordinatorStatus.markInterval))
        #expect(hash.count == 1)
        // Followers know the term, too.
        let terms = Set([await coordinators[0].status.term, await coordinators[1].status.term])
        #expect(terms.count == 1 && !terms.contains(0), "terms \(terms)")
        await client.close()
        worker.leave()
        try await run.value
        for coordinator in coordinators { await coordinator.close() }
    }
}
