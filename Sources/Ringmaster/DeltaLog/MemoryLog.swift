// The log without replicas (n = 0): for speed and tests. What it holds is gone with the process.

/// A log of one server that keeps nothing: it always leads, and applies what is proposed at the end of the turn.
final class MemoryLog: DeltaLog, Flushable {
    private let loop: EventLoop
    private unowned let applier: any LogApplier
    private var waiting: [(entry: [UInt8], id: UInt64)] = []
    private var isFlushPending = false

    let term: UInt64 = 1
    private(set) var role = LogRole.unavailable("not started")
    private(set) var lastIndex: UInt64 = 0
    private(set) var appliedIndex: UInt64 = 0

    let servers: [LogServer] = []
    let configurationStamp = LogConfigurationStamp(term: 0, index: 0)

    init(loop: EventLoop, applier: any LogApplier) {
        self.loop = loop
        self.applier = applier
    }

    func start() throws(DeltaLogError) {
        loop.checkIsolated()
        guard role == .unavailable("not started") else { throw .closed }
        role = .leader(term: term)
        applier.roleChanged(role)
    }

    func propose(_ entry: [UInt8], id: UInt64) throws(DeltaLogError) {
        loop.checkIsolated()
        guard case .leader = role else { throw .closed }
        guard entry.count <= Limits.logEntryBytesMax else {
            throw .entryTooLarge(bytes: entry.count, limit: Limits.logEntryBytesMax)
        }
        guard waiting.count < Limits.proposalsInFlightMax else {
            throw .tooManyProposals(limit: Limits.proposalsInFlightMax)
        }
        lastIndex += 1
        waiting.append((entry, id))
        flushSoon()
    }

    func flush() {
        isFlushPending = false
        let batch = waiting
        waiting = []
        for (offset, proposal) in batch.enumerated() {
            // Closed by what was applied.
            guard case .leader = role else {
                for later in batch[offset...] { applier.proposalEnded(later.id, .lost) }
                return
            }
            appliedIndex += 1
            proposal.entry.withUnsafeBytes { applier.apply($0, index: appliedIndex) }
            applier.proposalEnded(proposal.id, .applied)
        }
    }

    func receive(_ message: UnsafeRawBufferPointer, from raftID: UInt64) {}

    func noteDeath(of server: UInt64) {}

    func takeSnapshot() {}

    func close(then: @escaping () -> Void) {
        loop.checkIsolated()
        role = .unavailable("closed")
        let batch = waiting
        waiting = []
        for proposal in batch { applier.proposalEnded(proposal.id, .lost) }
        then()
    }

    let mark: UInt64 = 0

    func recognise(_ server: UInt64, mark: UInt64) -> DirectoryRecognition { .known }

    func noteStrangeness(ofMark mark: UInt64) {}

    func noteRemoval(_ stamp: LogConfigurationStamp) {}

    func addServer(id: UInt64, address: String, then: @escaping (Result<Void, DeltaLogError>) -> Void) {
        then(.failure(.invalidServer("a log without replicas has no servers")))
    }

    func removeServer(id: UInt64, then: @escaping (Result<Void, DeltaLogError>) -> Void) {
        then(.failure(.invalidServer("a log without replicas has no servers")))
    }

    func transferLeadership(to id: UInt64, then: @escaping (Result<Void, DeltaLogError>) -> Void) {
        then(.failure(.invalidServer("a log without replicas has no servers")))
    }

    private func flushSoon() {
        guard !isFlushPending else { return }
        isFlushPending = true
        loop.flushLater(self)
    }
}
