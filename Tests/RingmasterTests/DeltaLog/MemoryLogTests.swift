import Testing

@testable import Ringmaster

struct MemoryLogTests {
    private let loop = EventLoop.stepped()
    private let server = LogServerFixture(id: 1)

    init() throws {
        server.log = MemoryLog(loop: loop, applier: server)
        try server.log.start()
    }

    @Test func entriesAreAppliedInOrderAtTheEndOfTheTurn() throws {
        try server.propose(["a", "b", "c"])
        #expect(server.entries.isEmpty)
        loop.step()
        #expect(server.texts == ["a", "b", "c"])
        #expect(server.indices == [1, 2, 3])
        #expect(server.ended == [1: .applied, 2: .applied, 3: .applied])
        #expect(server.log.lastIndex == 3 && server.log.appliedIndex == 3)
    }

    @Test func itLeadsUntilItIsClosed() throws {
        #expect(server.roles == [.leader(term: 1)])
        try server.propose(["a"])
        var isClosed = false
        server.log.close { isClosed = true }
        #expect(isClosed)
        #expect(server.ended == [1: .lost])
        #expect(throws: DeltaLogError.closed) { try server.propose(["b"]) }
        loop.step()
        #expect(server.entries.isEmpty)
    }

    @Test func anEntryBeyondTheLimitIsRefused() {
        let bytes = [UInt8](repeating: 0, count: Limits.logEntryBytesMax + 1)
        #expect(throws: DeltaLogError.entryTooLarge(bytes: bytes.count, limit: Limits.logEntryBytesMax)) {
            try server.log.propose(bytes, id: 1)
        }
    }
}
