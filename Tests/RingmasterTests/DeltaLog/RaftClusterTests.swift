// Three servers: elections, replication, partitions, catching up.

import Testing

@testable import Ringmaster

@Suite(.serialized) struct RaftClusterTests {
    private let cluster = LogClusterFixture()

    private func startThree() throws {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
    }

    @Test func oneIsElectedAndAllApplyTheSame() throws {
        try startThree()
        let leader = try cluster.leader()
        let texts = (0..<200).map { "\($0)" }
        try leader.propose(texts)
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts == texts } })
        #expect(leader.ended.count == 200)
        #expect(Set(cluster.servers.map(\.indices)).count == 1)
        let follower = cluster.servers.first { $0 !== leader }!
        #expect(throws: DeltaLogError.notLeader(leader: leader.id)) { try follower.propose(["no"]) }
    }

    @Test func aLeaderThatIsCutOffLosesItsOpenProposalsAndCatchesUp() throws {
        try startThree()
        let old = try cluster.leader()
        try old.propose(["kept"])
        #expect(cluster.run { old.ended[1] == .applied })
        cluster.isolated = [old.id]
        try old.propose(["lost a", "lost b"], from: 2)
        #expect(cluster.run { old.ended.count == 3 })
        #expect(old.ended[2] == .lost && old.ended[3] == .lost)
        let new = try cluster.leader()
        #expect(new !== old)
        try new.propose(["new"], from: 10)
        #expect(cluster.run { new.ended[10] == .applied })
        cluster.isolated = []
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts == ["kept", "new"] } })
    }

    @Test func aFollowerThatIsFarBehindGetsASnapshot() throws {
        cluster.adjust = {
            $0.snapshotThreshold = 32
            $0.snapshotTrailing = 8
        }
        try startThree()
        let leader = try cluster.leader()
        let behind = cluster.servers.first { $0 !== leader }!
        cluster.isolated = [behind.id]
        let texts = (0..<400).map { "\($0)" }
        for text in texts {
            try leader.propose([text], from: UInt64(text)!)
            #expect(cluster.run { leader.ended.count == Int(text)! + 1 })
        }
        #expect(cluster.run { leader.raftLog.snapshotIndex > 300 })
        cluster.isolated = []
        #expect(cluster.run { behind.texts == texts })
        #expect(behind.restores > 0)
    }

    @Test func entriesBeyondAMessagesSizeComeInSeveral() throws {
        cluster.adjust = { $0.messageBytesMax = 4096 }
        try startThree()
        let leader = try cluster.leader()
        let behind = cluster.servers.first { $0 !== leader }!
        cluster.isolated = [behind.id]
        let texts = (0..<200).map { String(repeating: "y", count: 300) + "\($0)" }
        try leader.propose(texts)
        #expect(cluster.run { leader.ended.count == 200 })
        cluster.isolated = []
        #expect(cluster.run { behind.texts == texts })
        #expect(cluster.recorded.allSatisfy { $0.count < 8192 })
    }

    @Test func aServerIsAddedTransferredToAndRemoved() throws {
        try cluster.start(1, of: 1)
        let first = try cluster.leader()
        try first.propose(["a"])
        let second = try cluster.start(2, of: 0)
        var results: [Result<Void, DeltaLogError>] = []
        first.log.addServer(id: 2, address: "server-2") { results.append($0) }
        #expect(cluster.run { results.count == 1 })
        #expect(throws: Never.self) { try results[0].get() }
        first.log.transferLeadership(to: 2) { results.append($0) }
        #expect(cluster.run { results.count == 2 })
        #expect(throws: Never.self) { try results[1].get() }
        #expect(cluster.run { second.isLeader })
        second.log.removeServer(id: 1) { results.append($0) }
        #expect(cluster.run { results.count == 3 })
        #expect(throws: Never.self) { try results[2].get() }
        try second.propose(["b"], from: 2)
        #expect(cluster.run { second.ended[2] == .applied })
        #expect(second.texts == ["a", "b"])
    }

    @Test func everyServerRestartsWithWhatWasAcknowledged() throws {
        try startThree()
        var expected: [String] = []
        for round in 0..<3 {
            let leader = try cluster.leader()
            let texts = (0..<20).map { "\(round) \($0)" }
            try leader.propose(texts)
            expected += texts
            #expect(cluster.run { leader.ended.count == 20 })
            cluster.closeAll()
            try startThree()
        }
        _ = try cluster.leader()
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts == expected } })
    }
}
