// A leader whose writes fail while its followers' succeed.

import Glibc
import Testing

@testable import Ringmaster

@Suite(.serialized) struct FailingWriteTests {
    private let cluster = LogClusterFixture()

    /// libraft takes what it could not write out of its log. A follower that has it is then ahead, which libraft takes for one that is far
    /// behind, and sends it the snapshot: of which there is none.
    @Test func aLeaderWhoseWritesFailSendsNoSnapshotThatThereIsNot() throws {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let leader = try cluster.leader()
        let large = String(repeating: "x", count: 64 << 10)
        try leader.propose((0..<24).map { "\($0) \(large)" })
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts.count == 24 } })
        // Their files begin anew; the leader's is long.
        for server in cluster.servers where server !== leader {
            cluster.close(server)
            let again = try cluster.start(server.id, of: 3)
            #expect(cluster.run { again.log.role == .follower(leader: leader.id) && again.texts.count == 24 })
        }
        // And are made: nothing that they need meets the limit.
        try leader.propose(["short"], from: 50)
        let followers = cluster.servers.filter { $0 !== leader }
        #expect(
            cluster.run {
                followers.allSatisfy { follower in
                    let made = cluster.folder.names(in: "server-\(follower.id)").filter { $0.hasPrefix("open-") }
                    return follower.texts.last == "short" && made.count == 3
                }
            }
        )
        let limit = FileSizeLimit(bytes: 512 << 10)
        // Time goes by while libraft works, so that it has to send again before anybody hears of the failure.
        leader.sendTakes = 15_000
        for round in 0..<8 {
            guard leader.failures.isEmpty else { break }
            try leader.propose(["round \(round)"], from: UInt64(100 + round))
            for _ in 0..<4 { cluster.step() }
        }
        #expect(cluster.run { !leader.failures.isEmpty })
        limit.end()
        leader.sendTakes = 0
        #expect(leader.ended.values.allSatisfy { $0 == .applied || $0 == .lost })
        cluster.close(leader)
        let next = try cluster.leader()
        try next.propose(["on"], from: 1)
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts.last == "on" } })
    }

    /// libraft goes on where it could not cut a file, and writes what is to be there instead beside what should have gone.
    @Test func aLogThatCannotBeCutForWantOfRoomStartsAgain() throws {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let former = try cluster.leader()
        let large = String(repeating: "x", count: 64 << 10)
        try former.propose((0..<24).map { "\($0) \(large)" })
        #expect(cluster.run { cluster.servers.allSatisfy { $0.texts.count == 24 } })
        // It alone has one more, in the file that has the others, and hears of other entries in its place.
        cluster.isolated = [former.id]
        try former.propose(["never"], from: 100)
        let next = try cluster.leader()
        try next.propose(["kept"], from: 200)
        #expect(cluster.run { cluster.servers.allSatisfy { $0 === former || $0.texts.last == "kept" } })
        let limit = FileSizeLimit(bytes: 512 << 10)
        cluster.isolated = []
        #expect(cluster.run { !former.failures.isEmpty })
        limit.end()
        cluster.close(former)
        let again = try cluster.start(former.id, of: 3)
        #expect(cluster.run { again.texts.last == "kept" })
    }
}

/// No file of this process is written beyond so many bytes; what tries to fails.
private final class FileSizeLimit {
    private var before = rlimit()
    private var hasEnded = false

    init(bytes: Int) {
        signal(SIGXFSZ, SIG_IGN)
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
        var limit = before
        limit.rlim_cur = rlim_t(bytes)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
    }

    deinit { end() }
}
