// A log as a crash leaves it, whole, cut short at its end, and damaged: the one comes back, the other is refused.

import Glibc
import Testing

@testable import Ringmaster

@Suite(.serialized) struct CrashedLogTests {
    private let cluster = LogClusterFixture()

    /// A copy of a running server's directory: entries 0..<count, each in a batch of its own, in an open file.
    private func crash(entries count: Int = 40, restarts: Int = 0) throws -> LogClusterFixture {
        for round in 0...restarts {
            let server = try cluster.start(1, of: 1)
            #expect(cluster.run { server.isLeader })
            for index in 0..<count {
                try server.propose(["\(round) \(index)"], from: UInt64(index))
                #expect(cluster.run { server.ended.count == index + 1 })
            }
            if round < restarts { cluster.close(server) }
        }
        let crashed = LogClusterFixture()
        cluster.folder.copy("server-1", to: crashed.folder)
        return crashed
    }

    /// The open file that has entries, and how many bytes of it.
    private func openFile(of crashed: LogClusterFixture) throws -> (name: String, used: Int) {
        let files = crashed.folder.names(in: "server-1").filter { $0.hasPrefix("open-") }.map { "server-1/\($0)" }
        let used = files.map { name in
            (name: name, used: (crashed.folder.bytes(of: name).lastIndex { $0 != 0 } ?? -1) + 1)
        }
        return try #require(used.first { $0.used > 0 })
    }

    /// Behind the last batch's zeros, which make it a multiple of 8 bytes long.
    private func endOfBatches(_ used: Int) -> Int { (used + 7) / 8 * 8 }

    private func inventory(of crashed: LogClusterFixture) throws -> LogInventory {
        try LogInventory(path: crashed.folder.file("server-1"), names: crashed.folder.names(in: "server-1"))
    }

    private func expectRefusal(_ crashed: LogClusterFixture, file: String? = nil, _ what: String) {
        #expect {
            try crashed.start(1, of: 1)
        } throws: { error in
            guard case .corrupt(let path, _)? = error as? DeltaLogError else {
                Issue.record("\(what): \(error)")
                return false
            }
            return file.map { path == crashed.folder.file($0) } ?? path.hasPrefix(crashed.folder.path)
        }
        crashed.closeAll()
    }

    @Test func everythingIsThereAfterACrash() throws {
        let crashed = try crash()
        let found = try inventory(of: crashed)
        #expect(found.tornBytes == 0)
        #expect(found.firstIndex == 1)
        #expect(found.lastIndex >= 41)
        let server = try crashed.start(1, of: 1)
        #expect(crashed.run { server.isLeader })
        #expect(server.texts.count == 40)
    }

    @Test func damageInTheMiddleOfAnOpenFileIsRefused() throws {
        let crashed = try crash()
        let (name, used) = try openFile(of: crashed)
        // The last batch alone may be one that was cut short: checksums, count, an entry's head, an entry.
        let lastBatch = 8 + 8 + 16 + 16
        for offset in [0, 8, 12, 16, 24, 40, used / 4, used / 2, used / 2 + 8, used - lastBatch - 16] {
            crashed.folder.flip(name, at: offset)
            expectRefusal(crashed, file: name, "flip at \(offset)")
            crashed.folder.flip(name, at: offset)
        }
        let bytes = crashed.folder.bytes(of: name)
        let end = endOfBatches(used)
        for size in [8, 100, used / 2, used - 1, end - 8, end + 8, bytes.count - 4096]
        where size < RaftLogSettings.segmentBytesMin {
            crashed.folder.truncate(name, to: size)
            expectRefusal(crashed, file: name, "cut to \(size)")
        }
        crashed.folder.write(bytes, to: name)
        let server = try crashed.start(1, of: 1)
        #expect(crashed.run { server.isLeader })
        #expect(server.texts.count == 40)
    }

    @Test func aWriteThatWasCutShortAtTheEndIsForgotten() throws {
        let crashed = try crash()
        let (name, used) = try openFile(of: crashed)
        var bytes = crashed.folder.bytes(of: name)
        for offset in (used - 4)..<used { bytes[offset] = 0 }
        crashed.folder.write(bytes, to: name)
        let found = try inventory(of: crashed)
        #expect(found.tornBytes > 0)
        let server = try crashed.start(1, of: 1)
        #expect(crashed.run { server.isLeader })
        #expect(server.texts == (0..<39).map { "0 \($0)" })
    }

    @Test func aFileThatWasCutToItsBatchesAndNotYetRenamedIsWhole() throws {
        let crashed = try crash()
        let (name, used) = try openFile(of: crashed)
        crashed.folder.truncate(name, to: endOfBatches(used))
        let found = try inventory(of: crashed)
        #expect(found.tornBytes == 0 && found.lastIndex >= 41)
        let server = try crashed.start(1, of: 1)
        #expect(crashed.run { server.isLeader })
        #expect(server.texts.count == 40)
    }

    @Test func anOpenFileBehindADamagedOneIsRefused() throws {
        let crashed = try crash()
        let (name, used) = try openFile(of: crashed)
        let later = "server-1/open-999"
        crashed.folder.write(crashed.folder.bytes(of: name), to: later)
        crashed.folder.flip(name, at: used - 1)
        expectRefusal(crashed, file: name, "a later file")
    }

    @Test func aFileThatIsMissingIsNoticed() throws {
        let crashed = try crash(entries: 5, restarts: 3)
        let closed = crashed.folder.names(in: "server-1").filter { $0.hasPrefix("0") }.map { "server-1/\($0)" }
        #expect(closed.count >= 3)
        for name in closed {
            let bytes = crashed.folder.bytes(of: name)
            unlink(crashed.folder.file(name))
            expectRefusal(crashed, "without \(name)")
            crashed.folder.write(bytes, to: name)
        }
        let (open, _) = try openFile(of: crashed)
        // Nothing tells of entries of which the record of the term does not know; it knows of those at the election.
        let bytes = crashed.folder.bytes(of: open)
        unlink(crashed.folder.file(open))
        unlink(crashed.folder.file(closed.last!))
        expectRefusal(crashed, "without \(open) and the one before it")
        crashed.folder.write(bytes, to: open)
    }

    @Test func theLastFileOfALogThatWasClosedIsMissed() throws {
        let server = try cluster.start(1, of: 1)
        #expect(cluster.run { server.isLeader })
        try server.propose(["a", "b"])
        #expect(cluster.run { server.ended.count == 2 })
        cluster.close(server)
        let last = try #require(cluster.folder.names(in: "server-1").filter { $0.hasPrefix("0") }.max())
        unlink(cluster.folder.file("server-1/\(last)"))
        expectRefusal(cluster, "without \(last)")
    }

    // MARK: Term and vote

    /// Three servers, and the folder of the one that leads: it has voted for itself.
    private func elect() throws -> (folder: String, id: UInt64, term: UInt64) {
        for id in 1...3 { try cluster.start(UInt64(id), of: 3) }
        let leader = try cluster.leader()
        guard case .leader(let term) = leader.log.role else { throw DeltaLogError.closed }
        return ("server-\(leader.id)", leader.id, term)
    }

    @Test func noFlippedBitChangesTheTermOrVote() throws {
        let (folder, id, term) = try elect()
        let copy = TreeFolder()
        cluster.folder.copy(folder, to: copy)
        let whole = try TermAndVote(directory: copy.file(folder))
        #expect(whole.term == term && whole.vote == id && !whole.isAheadOfLibraft)
        var refusals = 0
        for name in ["metadata1", "metadata2", "vote"] {
            for offset in 0..<copy.size(of: "\(folder)/\(name)") {
                copy.flip("\(folder)/\(name)", at: offset)
                do {
                    let found = try TermAndVote(directory: copy.file(folder))
                    // The file of the older term and vote, or what is not used: the newer ones hold.
                    #expect((found.term, found.vote) == (term, id), "\(name) at \(offset)")
                } catch {
                    refusals += 1
                }
                copy.flip("\(folder)/\(name)", at: offset)
            }
        }
        // Each byte of the newer metadata, and each of the newer record.
        #expect(refusals >= 32 + 48)
    }

    @Test func aVoteThatOnlyTheRecordHasIsKept() throws {
        let (folder, id, term) = try elect()
        let crashed = LogClusterFixture()
        cluster.folder.copy(folder, to: crashed.folder)
        // Without libraft's newer file there is the one from before the vote.
        let versions = ["metadata1", "metadata2"].map { ($0, crashed.folder.bytes(of: "\(folder)/\($0)")[8]) }
        let newer = versions.max { $0.1 < $1.1 }!.0
        unlink(crashed.folder.file("\(folder)/\(newer)"))
        let path = crashed.folder.file(folder)
        let found = try TermAndVote(directory: path)
        #expect(found.isAheadOfLibraft && found.term == term && found.vote == id)
        crashed.close(try crashed.start(id, of: 3))
        let mended = try TermAndVote(directory: path)
        #expect(!mended.isAheadOfLibraft && mended.term == term && mended.vote == id)
    }

    @Test func anOlderTermAndVoteAreRefused() throws {
        let (folder, id, term) = try elect()
        let names = ["metadata1", "metadata2"].map { "\(folder)/\($0)" }
        let old = names.map { cluster.folder.bytes(of: $0) }
        cluster.closeAll()
        var later = term
        while later < term + 2 {
            later = try elect().term
            cluster.closeAll()
        }
        for (name, bytes) in zip(names, old) { cluster.folder.write(bytes, to: name) }
        #expect {
            try cluster.start(id, of: 3)
        } throws: { error in
            guard case .corrupt(let file, _)? = error as? DeltaLogError else { return false }
            return file.contains("/metadata")
        }
    }
}
