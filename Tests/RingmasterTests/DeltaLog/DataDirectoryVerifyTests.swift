// The check of a directory while nobody uses it.

import Glibc
import RingmasterProtocol
import Testing

@testable import Ringmaster

@Suite(.serialized) struct DataDirectoryVerifyTests {
    private let cluster = LogClusterFixture()

    /// Names, sizes and bytes of everything in the directory.
    private func image() -> [String: [UInt8]] {
        var image: [String: [UInt8]] = [:]
        for name in cluster.folder.names(in: "server-1") { image[name] = cluster.folder.bytes(of: "server-1/\(name)") }
        return image
    }

    @Test func aLogIsBroughtBackAndNotChanged() throws {
        let path = cluster.folder.file("server-1")
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        var machine = StateMachine()
        for nonce in 0..<20 {
            var entry = CommandWriter(timeMs: UInt64(1_000 + nonce), capacity: 64)
            if nonce == 0 { entry.initialise(clusterID: 7, size: .standard) }
            entry.openSession(nonce: UInt64(nonce))
            let bytes = entry.bytes
            _ = try bytes.withUnsafeBytes { try machine.apply($0) }
            try server.log.propose(bytes, id: UInt64(nonce))
        }
        #expect(cluster.run { server.ended.count == 20 })
        #expect(throws: DeltaLogError.directoryLocked(path)) { try DataDirectory.verify(path: path) }
        let lastIndex = server.log.lastIndex
        cluster.close(server)
        let before = image()
        let report = try DataDirectory.verify(path: path)
        #expect(report.clusterID == 7 && report.raftID == 1 && report.isBootstrapped)
        #expect(report.lastIndex == lastIndex && report.snapshotIndex == 0 && report.tornBytes == 0)
        #expect(report.sessions == 20)
        #expect(report.stateHash == machine.hash)
        #expect(image() == before)
    }

    @Test func damageAndForeignPlacesAreTold() throws {
        let path = cluster.folder.file("server-1")
        cluster.close(try cluster.start(1, of: 1))
        let name = try #require(cluster.folder.names(in: "server-1").first { $0.hasPrefix("0") })
        cluster.folder.flip("server-1/\(name)", at: 40)
        #expect {
            try DataDirectory.verify(path: path)
        } throws: { error in
            guard case .corrupt(let file, _)? = error as? DeltaLogError else { return false }
            return file == "\(path)/\(name)"
        }
        #expect(throws: DeltaLogError.corrupt(file: "\(cluster.folder.path)/identity", reason: "it is missing")) {
            try DataDirectory.verify(path: cluster.folder.path)
        }
    }

    @Test func aCoordinatorsDirectoryHasTheStateThatItHad() async throws {
        let folder = TemporaryFolder()
        var configuration = CoordinatorConfiguration(endpoint: "tcp://127.0.0.1:*")
        configuration.dataDirectory = folder.file("log")
        configuration.snapshotThreshold = 16
        let cluster = try await ClusterFixture(configuration)
        let (worker, run) = cluster.startWorker("w1")
        let client = try await cluster.client()
        for amount in 1...40 {
            let _: Int = try await client.submit("deposit", key: "key-\(amount % 7)", amount)
        }
        await client.close()
        worker.leave()
        try await run.value
        let status = await cluster.coordinator.status
        await cluster.coordinator.close()
        let report = try DataDirectory.verify(path: folder.file("log"))
        #expect(report.keys == 7 && report.keys == status.keys)
        #expect(report.jobIndex == 40)
        #expect(report.epoch == status.epoch)
        #expect(report.stateHash == status.stateHash)
        #expect(report.snapshotIndex > 0 && report.lastIndex == status.logIndex)
    }
}
