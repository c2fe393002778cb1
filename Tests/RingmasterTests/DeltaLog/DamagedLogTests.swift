// Damage on disk is told, never passed over.

import Testing

@testable import Ringmaster

@Suite(.serialized) struct DamagedLogTests {
    private let cluster = LogClusterFixture()

    /// A closed directory with a snapshot and entries behind it.
    private func prepare() throws -> [String] {
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        try server.propose((0..<50).map { "before \($0)" })
        #expect(cluster.run { server.ended.count == 50 })
        server.log.takeSnapshot()
        #expect(cluster.run { server.raftLog.snapshotIndex > 50 })
        try server.propose((0..<50).map { "behind \($0)" }, from: 100)
        #expect(cluster.run { server.ended.count == 100 })
        cluster.close(server)
        return cluster.folder.names(in: "server-1").map { "server-1/\($0)" }
    }

    private func expectDamage(of name: String) {
        #expect {
            try cluster.start(1, of: 1)
        } throws: { error in
            switch error as? DeltaLogError {
            case .corrupt(let file, let reason):
                return file.hasPrefix(cluster.folder.file("server-1")) && !reason.isEmpty
            // A bit of the identity makes it another's.
            case .foreignDirectory: return true
            default:
                Issue.record("\(name): \(error)")
                return false
            }
        }
        cluster.closeAll()
    }

    @Test(arguments: ["0", "snapshot-", "identity"]) func aFlippedBitIsFound(prefix: String) throws {
        let names = try prepare().filter { $0.hasPrefix("server-1/\(prefix)") }
        #expect(!names.isEmpty)
        for name in names {
            let size = cluster.folder.size(of: name)
            for offset in [0, 9, size / 2, size - 1] {
                cluster.folder.flip(name, at: offset)
                expectDamage(of: "\(name) at \(offset)")
                cluster.folder.flip(name, at: offset)
            }
        }
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        #expect(server.texts.count == 100)
    }

    @Test(arguments: ["0", "snapshot-", "identity"]) func aFileThatWasCutIsFound(prefix: String) throws {
        let names = try prepare().filter { $0.hasPrefix("server-1/\(prefix)") }
        #expect(!names.isEmpty)
        let name = names.last!
        cluster.folder.truncate(name, to: cluster.folder.size(of: name) - 1)
        expectDamage(of: name)
        cluster.folder.truncate(name, to: cluster.folder.size(of: name) / 2)
        expectDamage(of: name)
    }

    @Test func aTermAndVoteThatWereCutAreFound() throws {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        _ = try cluster.leader()
        cluster.closeAll()
        // One has voted, which made both files.
        let voter = try #require((1...3).first { cluster.folder.names(in: "server-\($0)").contains("metadata2") })
        cluster.folder.truncate("server-\(voter)/metadata1", to: 16)
        cluster.folder.truncate("server-\(voter)/metadata2", to: 32)
        #expect {
            try cluster.start(UInt64(voter), of: 3)
        } throws: { error in
            guard case .corrupt(let file, _)? = error as? DeltaLogError else { return false }
            return file.hasSuffix("/metadata1")
        }
    }
}
