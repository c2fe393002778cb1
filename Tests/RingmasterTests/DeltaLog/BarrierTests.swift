// A log that is cut short while a snapshot of it is being written.

import Glibc
import Synchronization
import Testing

@testable import Ringmaster

@Suite(.serialized) struct BarrierTests {
    private let cluster = LogClusterFixture()

    /// Has a leader lose its office while its snapshot cannot be written, and get a log from the next one that is not its own:
    /// a cut that waits for the snapshot.
    private func cutDuringSnapshot(_ pool: ThreadPoolStop) throws -> LogServerFixture {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let old = try cluster.leader()
        let encoding = SnapshotEncoding()
        old.encoding = encoding
        // Entries that only it has, in the segment that its snapshot ends.
        old.log.takeSnapshot()
        try old.propose(["kept"])
        #expect(cluster.run { old.ended[1] == .applied && encoding.hasBegun })
        cluster.isolated = [old.id]
        try old.propose(["lost a", "lost b"], from: 2)
        // From here on the snapshot cannot be written.
        pool.begin()
        encoding.goOn()
        let new = try cluster.leader()
        #expect(cluster.run { old.ended.count == 3 })
        try new.propose(["new"], from: 10)
        #expect(cluster.run { new.ended[10] == .applied })
        #expect(old.raftLog.snapshotIndex == 0)
        // Its snapshot is under way still, and what it has beyond is not what the others have.
        cluster.isolated = []
        let last = new.raftLog.lastIndex
        #expect(cluster.run { old.log.role == .follower(leader: new.id) && old.raftLog.lastIndex == last })
        #expect(old.texts == ["kept"])
        return old
    }

    /// libraft alone forgets the truncation: two of its files then begin at one index, and the log does not start again.
    @Test func aLogIsCutShortWhileItsSnapshotIsWritten() throws {
        let pool = ThreadPoolStop()
        defer { pool.end() }
        let old = try cutDuringSnapshot(pool)
        pool.end()
        #expect(
            cluster.run(within: .seconds(5)) { old.texts == ["kept", "new"] },
            "what is behind the cut is not written"
        )
        #expect(cluster.run { old.raftLog.snapshotIndex > 0 })
        cluster.close(old)
        let again = try cluster.start(old.id, of: 3)
        #expect(cluster.run { again.texts == ["kept", "new"] })
    }

    @Test func aLogIsClosedWithACutThatWaits() throws {
        let pool = ThreadPoolStop()
        defer { pool.end() }
        let old = try cutDuringSnapshot(pool)
        let closing = Closing()
        old.log.close { closing.isOver = true }
        cluster.loop.step(maximumWait: .zero)
        pool.end()
        #expect(cluster.loop.step(until: { closing.isOver }), "the log does not close")
        cluster.servers.removeAll { $0 === old }
        let again = try cluster.start(old.id, of: 3)
        #expect(cluster.run { again.texts == ["kept", "new"] })
    }
}

private final class Closing {
    var isOver = false
}

/// The encoding of a snapshot on a thread of the pool, which waits until the test lets it go on.
final class SnapshotEncoding: Sendable {
    private let begun = Atomic(false)
    private let mayGoOn = Atomic(false)

    var hasBegun: Bool { begun.load(ordering: .acquiring) }

    func goOn() { mayGoOn.store(true, ordering: .releasing) }

    func wait() {
        begun.store(true, ordering: .releasing)
        while !mayGoOn.load(ordering: .acquiring) { usleep(100) }
    }
}
