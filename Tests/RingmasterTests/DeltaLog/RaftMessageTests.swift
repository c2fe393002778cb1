// Bytes from another server are never trusted.

import CShimDeltaLog
import Testing

@testable import Ringmaster

@Suite(.serialized) struct RaftMessageTests {
    /// Messages of every kind, from a cluster that elects, replicates, transfers and sends a snapshot.
    private func record(_ cluster: LogClusterFixture) throws -> [[UInt8]] {
        cluster.adjust = {
            $0.snapshotThreshold = 16
            $0.snapshotTrailing = 4
        }
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let leader = try cluster.leader()
        let behind = cluster.servers.first { $0 !== leader }!
        cluster.isolated = [behind.id]
        for index in 0..<60 {
            try leader.propose(["entry \(index)"], from: UInt64(index))
            #expect(cluster.run { leader.ended.count == index + 1 })
        }
        #expect(cluster.run { leader.raftLog.snapshotIndex > 30 })
        cluster.isolated = []
        #expect(cluster.run { behind.entries.count == 60 })
        var isDone = false
        leader.log.transferLeadership(to: behind.id) { _ in isDone = true }
        #expect(cluster.run { isDone })
        var kinds: [UInt8: [[UInt8]]] = [:]
        for message in cluster.recorded where kinds[message[1], default: []].count < 4 || message.count > 100 {
            if kinds[message[1], default: []].count < 12 { kinds[message[1], default: []].append(message) }
        }
        #expect(kinds.keys.sorted() == [1, 2, 3, 4, 5, 6])
        return kinds.values.flatMap { $0 }
    }

    @Test func everyTruncationIsRefusedAndNoMutationCrashes() throws {
        let cluster = LogClusterFixture()
        let messages = try record(cluster)
        for message in messages {
            #expect(message.withUnsafeBytes { rm_raft_check_message($0.baseAddress, $0.count) } == 0)
            for length in 0..<message.count {
                // In memory of exactly that length, so that a sanitizer sees a read beyond it.
                let status = Array(message[..<length]).withUnsafeBytes { rm_raft_check_message($0.baseAddress, length) }
                #expect(status == Int32(RM_RAFT_EMALFORMED))
            }
            #expect((message + [0]).withUnsafeBytes { rm_raft_check_message($0.baseAddress, $0.count) } != 0)
        }
        var random = SplitMix64(seed: 1)
        // To living servers: none may come down, whatever they make of it.
        for round in 0..<10_000 {
            var message = messages[Int(random.next() % UInt64(messages.count))]
            for _ in 0..<(1 + random.next() % 4) {
                let offset = Int(random.next() % UInt64(message.count))
                switch random.next() % 4 {
                case 0: message[offset] = UInt8(truncatingIfNeeded: random.next())
                case 1: message[offset] ^= 1 << UInt8(random.next() % 8)
                case 2: message.removeLast(min(message.count - 1, Int(random.next() % 16)))
                default: message[offset] = [0, 1, 0x7f, 0xff][Int(random.next() % 4)]
                }
            }
            let server = cluster.servers[Int(random.next() % 3)]
            let from = 1 + random.next() % 4
            message.withUnsafeBytes { server.log.receive($0, from: from) }
            server.outbox = []
            if round % 64 == 0 { cluster.loop.step() }
        }
        #expect(cluster.servers.reduce(0) { $0 + $1.raftLog.malformedMessages } > 1_000)
    }
}
