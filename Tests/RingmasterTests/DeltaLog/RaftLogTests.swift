// One server with a disk: what was applied comes back.

import Glibc
import Testing

@testable import Ringmaster

@Suite(.serialized) struct RaftLogTests {
    private let cluster = LogClusterFixture()

    private func restart(_ server: LogServerFixture) throws -> LogServerFixture {
        cluster.close(server)
        let again = try cluster.start(1, of: 1)
        #expect(cluster.run { again.isLeader })
        return again
    }

    @Test func aRestartBringsBackEveryEntryInOrder() throws {
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        let texts = (0..<300).map { String(repeating: "x", count: $0 % 17) + "\($0)" }
        try server.propose(texts)
        #expect(cluster.run { server.ended.count == texts.count })
        #expect(server.texts == texts)
        #expect(server.indices == server.indices.sorted())
        #expect(server.ended.values.allSatisfy { $0 == .applied })
        let again = try restart(server)
        #expect(again.texts == texts)
    }

    /// libraft crashes where the earliest of several writes is the first that it is told has failed.
    @Test(arguments: 1...6) func aLeaderClosesInTheMiddleOfManyWrites(steps: Int) throws {
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        let entry = [UInt8](repeating: 7, count: 64 << 10)
        for step in 0..<steps {
            for index in 0..<4 { try server.log.propose(entry, id: UInt64(step * 4 + index)) }
            cluster.loop.step(maximumWait: .zero)
        }
        cluster.close(server)
        #expect(server.ended.count == steps * 4)
        let applied = server.ended.values.count { $0 == .applied }
        let again = try cluster.start(1, of: 1)
        #expect(cluster.run { again.isLeader })
        #expect(again.entries.count >= applied)
    }

    @Test func aProposalMadeInACallbackIsTaken() throws {
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        try server.propose([""])
        #expect(cluster.run { server.ended.count == 1 })
        #expect(server.entries == [[]])
    }

    @Test func aRestartBeginsWithTheSnapshot() throws {
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        try server.propose((0..<100).map { "\($0)" })
        #expect(cluster.run { server.ended.count == 100 })
        server.log.takeSnapshot()
        #expect(cluster.run { server.raftLog.snapshotIndex > 100 })
        try server.propose(["last"], from: 200)
        #expect(cluster.run { server.ended.count == 101 })
        let again = try restart(server)
        #expect(again.restores == 1)
        #expect(again.texts == (0..<100).map { "\($0)" } + ["last"])
        #expect(again.indices.count == 1)
    }

    @Test func snapshotsKeepTheDirectoryBounded() throws {
        cluster.adjust = {
            $0.snapshotThreshold = 64
            $0.snapshotTrailing = 16
        }
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        let entry = [UInt8](repeating: 7, count: 128 << 10)
        var sizes: [Int] = []
        for round in 0..<24 {
            for index in 0..<64 { try server.log.propose(entry, id: UInt64(round * 64 + index)) }
            #expect(cluster.run { server.ended.count == (round + 1) * 64 })
            // The state itself must not grow.
            server.entries = []
            sizes.append(
                cluster.folder.names(in: "server-1").reduce(0) { $0 + cluster.folder.size(of: "server-1/\($1)") }
            )
        }
        // 192 MiB went in.
        #expect(sizes.max()! < 96 << 20, "\(sizes)")
        _ = try restart(server)
    }

    @Test func aSecondOpenerOfADirectoryIsRefused() throws {
        let server = try cluster.start(1, of: 1)
        #expect(throws: DeltaLogError.directoryLocked(cluster.folder.file("server-1"))) { try cluster.start(1, of: 1) }
        cluster.close(server)
        try cluster.start(1, of: 1)
    }

    @Test func aDirectoryOfAnotherClusterOrServerIsRefused() throws {
        cluster.close(try cluster.start(1, of: 1))
        let file = cluster.folder.file("server-1/identity")
        cluster.adjust = { $0.clusterID = 8 }
        #expect(
            throws: DeltaLogError.foreignDirectory(
                file: file,
                found: "cluster 7 server 1",
                expected: "cluster 8 server 1"
            )
        ) { try cluster.start(1, of: 1) }
    }

    @Test func aFirstStartThatWasCutShortIsMadeGood() throws {
        cluster.close(try cluster.start(1, of: 1))
        // The state between the bootstrap's two files.
        for name in cluster.folder.names(in: "server-1") where name.hasPrefix("0") {
            unlink(cluster.folder.file("server-1/\(name)"))
        }
        let identity = cluster.folder.file("server-1/identity")
        let descriptor = open(identity, O_WRONLY | O_TRUNC)
        let text = Array("ringmaster log 1\ncluster 7 server 1\nnew\n".utf8)
        write(descriptor, text, text.count)
        close(descriptor)
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
    }
}
