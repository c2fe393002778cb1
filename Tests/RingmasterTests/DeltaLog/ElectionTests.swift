// That a majority that can talk elects a leader, whatever terms and logs a time of faults has left it with.

import Testing

@testable import Ringmaster

@Suite(.serialized) struct ElectionTests {
    private let cluster = LogClusterFixture()

    /// The kinds of messages of docs/CLUSTER.md that an election needs.
    private enum Kind {
        static let requestVote: UInt8 = 3
        static let voteResult: UInt8 = 4
    }

    private func kind(_ message: [UInt8]) -> UInt8 { message[1] }

    private func term(_ message: [UInt8]) -> UInt64 {
        message.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: UInt64.self) }
    }

    /// libraft alone answers a question for votes with the asker's own term, and so never tells it of a newer one: the one with the longest
    /// log is refused for its old term for ever, the others for their shorter logs.
    @Test func theOneWithTheLongestLogLearnsTheNewestTerm() throws {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let first = try cluster.leader()
        try first.propose(["kept"])
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts == ["kept"] } })
        let term = first.raftLog.term
        let restless = cluster.servers.first { $0 !== first }!
        let third = cluster.servers.first { $0 !== first && $0 !== restless }!

        // One wins the questions for votes, and none of the votes: its term grows.
        var votes: [UInt64: [UInt8]] = [:]
        cluster.isolated = [first.id]
        cluster.passes = { from, to, message in
            guard from == restless.id else { return kind(message) == Kind.voteResult }
            let isVote = kind(message) == Kind.requestVote && self.term(message) == restless.raftLog.term
            if isVote, to == third.id { votes[restless.raftLog.term] = message }
            return kind(message) == Kind.requestVote && !isVote
        }
        #expect(cluster.run { restless.raftLog.term >= term + 5 })
        cluster.passes = { _, _, _ in true }

        // The others go on by themselves, and one of them has more than the other.
        cluster.isolated = [restless.id]
        let leader = try cluster.leader()
        try leader.propose(["more"], from: 2)
        let other = leader === first ? third : first
        #expect(cluster.run { other.texts == ["kept", "more"] })
        cluster.isolated = [1, 2, 3]
        let last = leader.raftLog.lastIndex
        try leader.propose(["most"], from: 3)
        #expect(cluster.run { leader.raftLog.lastIndex > last })
        cluster.close(leader)
        let longest = try cluster.start(leader.id, of: 3)
        #expect(longest.raftLog.lastIndex > other.raftLog.lastIndex)

        // The other hears late of an election, and learns a term by it.
        #expect(cluster.run { other.log.role == .candidate })
        let late = try #require(votes[longest.raftLog.term + 2])
        late.withUnsafeBytes { other.log.receive($0, from: restless.id) }
        #expect(cluster.run { other.raftLog.term == self.term(late) })
        try #require(restless.raftLog.term >= other.raftLog.term + 2)

        // After a restart, all of them ask before they elect.
        for server in [restless, other] {
            cluster.close(server)
            try cluster.start(server.id, of: 3)
        }
        cluster.isolated = []
        let elected = try cluster.leader()
        try elected.propose(["last"], from: 10)
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts.last == "last" } })
    }

    /// Of three, five times: whoever is left stands in turn, and nobody waits for the time-out.
    @Test func aDeadLeaderIsReplacedBeforeItsSilenceWouldTell() throws {
        cluster.adjust = { $0.electionTimeout = .seconds(3) }
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        // The first leader comes by the time-out.
        var dead = try cluster.leader()
        for round in 0..<5 {
            try dead.propose(["round \(round)"], from: 1)
            #expect(cluster.run { cluster.servers.allSatisfy { $0.texts.count == round + 1 } })
            let died = MonotonicTime.now
            cluster.close(dead)
            for server in cluster.servers { server.log.noteDeath(of: dead.id) }
            let next = try cluster.leader()
            #expect(MonotonicTime.now.since(died) < .seconds(2))
            try cluster.start(dead.id, of: 3)
            _ = try cluster.leader()
            dead = next
        }
    }

    @Test func aLeaderThatWasTakenForDeadGoesOn() throws {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let leader = try cluster.leader()
        let term = leader.raftLog.term
        let follower = cluster.servers.first { $0 !== leader }!
        // One follower alone is told so: the other has its leader, and votes for nobody.
        follower.log.noteDeath(of: leader.id)
        #expect(follower.log.role == .follower(leader: nil))
        try leader.propose(["on"])
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts == ["on"] } })
        #expect(try cluster.leader() === leader)
        #expect(leader.raftLog.term == term)
    }
}
