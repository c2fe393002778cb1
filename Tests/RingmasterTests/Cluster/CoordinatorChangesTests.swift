// Coordinators come and go while jobs go on.

import Glibc
import Testing

@testable import Ringmaster

@Suite(.timeLimit(.minutes(2)))
struct CoordinatorChangesTests {
    private let folder = TemporaryFolder()

    private func start(_ id: Int, ports: [UInt16], of peers: [Int], isJoining: Bool = false) async throws -> Coordinator
    {
        var configuration = CoordinatorConfiguration(
            name: try CoordinatorID(validating: "c\(id)"),
            raftID: UInt64(id),
            endpoint: try Endpoint("tcp://127.0.0.1:\(ports[id - 1])"),
            peers: try peers.map {
                CoordinatorConfiguration.Peer(
                    raftID: UInt64($0),
                    endpoint: try Endpoint("tcp://127.0.0.1:\(ports[$0 - 1])")
                )
            },
            dataDirectory: folder.file("log-\(id)")
        )
        configuration.isJoining = isJoining
        // Wider than in production: other tests share the CPUs.
        configuration.electionTimeout = .milliseconds(150)
        configuration.raftHeartbeat = .milliseconds(20)
        return try await Coordinator(configuration, logger: ClusterFixture.quiet)
    }

    private func leader(of coordinators: [Int: Coordinator]) async throws -> Int {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            for (id, coordinator) in coordinators where await coordinator.status.role == "leader" { return id }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw NoLeader()
    }

    private struct NoLeader: Error {}

    private func wait(
        for role: String,
        of coordinator: Coordinator,
        within limit: Duration = .seconds(20)
    ) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if await coordinator.status.role == role { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    @Test
    func jobsGoOnWhileCoordinatorsAreAddedAndTheLeaderIsRemoved() async throws {
        let ports = try #require(FreePort.take(5))
        var coordinators: [Int: Coordinator] = [:]
        for id in 1...3 { coordinators[id] = try await start(id, ports: ports, of: [1, 2, 3]) }
        let endpoints = (1...3).map { coordinators[$0]!.endpoint }
        let worker = Worker(WorkerConfiguration(name: "w1", coordinators: endpoints), logger: ClusterFixture.quiet)
        worker.handleRaw("append") { state, argument, _ in
            state.bytes = (state.bytes ?? []) + argument
            return state.bytes ?? []
        }
        let run = Task { try await worker.run() }
        let client = try await Client(ClientConfiguration(coordinators: endpoints))
        let key = Array("k".utf8)
        let load = Task {
            var count = 0
            while !Task.isCancelled {
                do {
                    let reply = try await client.submitRaw("append", key: key, [UInt8(count % 256)])
                    count += 1
                    #expect(reply.count == count)
                } catch ClusterError.cancelled {
                    break
                }
            }
            return count
        }
        let changes = try await ClusterAdmin(ClientConfiguration(coordinators: endpoints))
        for id in 4...5 {
            // It knows of the one that is asked for the others.
            coordinators[id] = try await start(id, ports: ports, of: [1, id], isJoining: true)
            try await changes.addCoordinator(raftID: UInt64(id), endpoint: coordinators[id]!.endpoint)
        }
        // Again, which changes nothing.
        try await changes.addCoordinator(raftID: 5, endpoint: coordinators[5]!.endpoint)
        #expect(await coordinators[try leader(of: coordinators)]!.status.replicas == 5)

        let removed = try await leader(of: coordinators)
        try await changes.removeCoordinator(raftID: UInt64(removed))
        #expect(try await wait(for: "removed", of: coordinators[removed]!))
        let former = coordinators.removeValue(forKey: removed)!
        _ = try await leader(of: coordinators)
        await #expect(throws: ClusterError.self) { try await changes.removeCoordinator(raftID: 77) }

        // A follower that was away when it was removed does not know of it until it asks for votes.
        let leading = try await leader(of: coordinators)
        let away = coordinators.keys.sorted().first { $0 != leading }!
        await coordinators.removeValue(forKey: away)!.close()
        try await changes.removeCoordinator(raftID: UInt64(away))
        let back = try await start(away, ports: ports, of: [1, 2, 3])
        #expect(try await wait(for: "removed", of: back))

        // The other one comes back with its old directory, too.
        await former.close()
        let again = try await start(removed, ports: ports, of: [1, 2, 3])
        #expect(try await wait(for: "removed", of: again))
        let term = await coordinators[leading]!.status.term
        try await Task.sleep(for: .seconds(1))
        #expect(await coordinators[leading]!.status.term == term)
        #expect(await coordinators[leading]!.status.role == "leader")
        #expect(await again.status.role == "removed")

        load.cancel()
        let count = try await load.value
        #expect(count > 0)
        // The one that the end of the test cancelled may be applied, too.
        let applied = try await client.readRaw(key: key)?.count ?? 0
        #expect(applied == count || applied == count + 1)
        await client.close()
        worker.leave()
        try await run.value
        for coordinator in coordinators.values { await coordinator.close() }
        await back.close()
        await again.close()
    }

    @Test
    func linesFollowTheCoordinatorsThatThereAre() async throws {
        let ports = try #require(FreePort.take(4))
        var coordinators: [Int: Coordinator] = [:]
        for id in 1...3 { coordinators[id] = try await start(id, ports: ports, of: [1, 2, 3]) }
        let endpoints = (1...3).map { coordinators[$0]!.endpoint }
        let loop = EventLoop.start(name: "finder")
        let finder = try await loop.perform { () throws(TransportError) in
            let finder = try LeaderFinder(
                endpoints: endpoints,
                security: { _ in .none },
                context: .shared,
                loop: loop
            )
            finder.found = { [unowned finder] in finder.introduce() }
            finder.start()
            return LoopConfined(finder)
        }
        func waitForLines(to expected: Set<Endpoint>) async throws {
            let end = ContinuousClock.now + .seconds(10)
            var (lines, publishers): (Set<Endpoint>, Int) = ([], 0)
            while ContinuousClock.now < end {
                (lines, publishers) = await loop.perform {
                    (Set(finder.value.lineEndpoints), finder.value.publishers.count)
                }
                if lines == expected, publishers == expected.count { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("lines to \(lines) and \(publishers) publishers, not to \(expected)")
        }
        try await waitForLines(to: Set(endpoints))
        let admin = try await ClusterAdmin(ClientConfiguration(coordinators: endpoints))
        coordinators[4] = try await start(4, ports: ports, of: [4], isJoining: true)
        try await admin.addCoordinator(raftID: 4, endpoint: coordinators[4]!.endpoint)
        try await waitForLines(to: Set(coordinators.values.map(\.endpoint)))
        // It goes on, and says so to whoever asks; its line is closed nonetheless, though the finder was told of it at first.
        let leading = try await leader(of: coordinators)
        let removed = try #require((1...3).first { $0 != leading })
        try await admin.removeCoordinator(raftID: UInt64(removed))
        let former = coordinators.removeValue(forKey: removed)!
        try await waitForLines(to: Set(coordinators.values.map(\.endpoint)))
        await loop.perform { finder.value.close() }
        loop.stop()
        await admin.close()
        await former.close()
        for coordinator in coordinators.values { await coordinator.close() }
    }

    @Test
    func aCoordinatorThatIsNotTheOneToBeAddedIsRefused() async throws {
        let ports = try #require(FreePort.take(3))
        let cluster = try await start(1, ports: ports, of: [1])
        let other = try await start(2, ports: ports, of: [2])
        let joining = try await start(3, ports: ports, of: [3], isJoining: true)
        let admin = try await ClusterAdmin(ClientConfiguration(coordinators: [cluster.endpoint]))
        _ = try await admin.leader()
        #expect(try await wait(for: "leader", of: other))
        func expectRefusal(_ raftID: UInt64, _ endpoint: Endpoint, _ code: RPCErrorCode, _ words: String) async {
            await #expect {
                try await admin.addCoordinator(raftID: raftID, endpoint: endpoint, timeout: .milliseconds(500))
            } throws: { error in
                guard case .refused(let refusal)? = error as? ClusterError else { return false }
                return refusal.code == code && refusal.message.contains(words)
            }
        }
        await expectRefusal(2, other.endpoint, .badParams, "leads a cluster of its own")
        await expectRefusal(4, joining.endpoint, .badParams, "has the raft id 3, not 4")
        await expectRefusal(4, "tcp://127.0.0.1:1", .deadlineExceeded, "no coordinator answers")
        #expect(await cluster.status.replicas == 1)
        try await admin.addCoordinator(raftID: 3, endpoint: joining.endpoint)
        #expect(await cluster.status.replicas == 2)
        await admin.close()
        for coordinator in [cluster, other, joining] { await coordinator.close() }
    }

    @Test
    func aCoordinatorThatJoinsFoundsNothing() async throws {
        let ports = try #require(FreePort.take(2))
        let coordinator = try await start(2, ports: ports, of: [1, 2], isJoining: true)
        try await Task.sleep(for: .milliseconds(500))
        let status = await coordinator.status
        #expect(status.role == "follower" && status.logIndex == 0 && status.replicas == 0)
        await coordinator.close()
        var configuration = CoordinatorConfiguration(endpoint: "tcp://127.0.0.1:*")
        configuration.isJoining = true
        await #expect(throws: DeltaLogError.self) {
            try await Coordinator(configuration, logger: ClusterFixture.quiet)
        }
    }
}
