// Group commit: commands gather while proposals are under way, and go into the log as one entry.

import RingmasterProtocol

/// What became of a command that was handed to the log.
enum CommandResult {
    /// Committed and applied, with this outcome.
    case applied(CommandOutcome)
    /// Not proposed, or proposed by a leader that lost its office: it may yet be applied, or never.
    case lost
}

/// The commands of a leader on their way into the log. Confined to the loop's thread.
///
/// Commands of one turn of the loop share an entry, as do those that arrive while `ClusterLimits.proposalsInFlightMax`
/// entries are under way: a busy log gets few large entries, an idle one gets each command at once.
final class CommandQueue: Flushable {
    typealias Completion = (CommandResult) -> Void

    private let loop: EventLoop
    private let log: any DeltaLog
    /// The leader's wall clock in ms, stamped on each entry.
    private let logTimeMs: () -> UInt64
    private var gathered: CommandWriter?
    private var waiters: [Completion] = []
    private var proposed: [UInt64: [Completion]] = [:]
    /// Bytes of the entry before, with some to spare: the next one is likely to be as large, and moving it costs a copy.
    private var entryBytes = 1024
    private var nextID: UInt64 = 1
    private var isFlushing = false
    /// Outcomes of the entry that was applied last, until its proposal ends.
    private var outcomes: [CommandOutcome] = []

    /// Entries proposed, and commands in them.
    private(set) var entryCount = 0
    private(set) var commandCount = 0

    init(loop: EventLoop, log: any DeltaLog, logTimeMs: @escaping () -> UInt64) {
        self.loop = loop
        self.log = log
        self.logTimeMs = logTimeMs
    }

    /// Entries that are proposed and not applied yet.
    var inFlight: Int { proposed.count }

    /// Takes the one command that `write` writes. `completion` is called on the loop, once.
    func add(_ completion: @escaping Completion = { _ in }, write: (inout CommandWriter) -> Void) {
        var entry = gathered.take() ?? CommandWriter(timeMs: logTimeMs(), capacity: entryBytes)
        write(&entry)
        waiters.append(completion)
        precondition(entry.count == waiters.count, "one command was to be written")
        commandCount += 1
        let isFull = entry.bytes.count >= ClusterLimits.entryBytesMax
        gathered = entry
        if isFull { propose() }
        flushSoon()
    }

    private func flushSoon() {
        guard !isFlushing, !waiters.isEmpty else { return }
        isFlushing = true
        loop.flushLater(self)
    }

    func flush() {
        isFlushing = false
        guard proposed.count < ClusterLimits.proposalsInFlightMax else { return }
        propose()
    }

    private func propose() {
        guard let entry = gathered.take() else { return }
        let completions = waiters
        waiters = []
        let id = nextID
        nextID += 1
        entryCount += 1
        entryBytes = max(1024, min(entry.bytes.count * 5 / 4, ClusterLimits.entryBytesMax))
        proposed[id] = completions
        do {
            try log.propose(entry.bytes, id: id)
        } catch {
            ended(id, .lost)
        }
    }

    /// Notes what the entry that has just been applied came to; its proposal, if it is this process's, ends next.
    func applied(_ outcomes: [CommandOutcome]) {
        self.outcomes = outcomes
    }

    func ended(_ id: UInt64, _ outcome: ProposalOutcome) {
        guard let completions = proposed.removeValue(forKey: id) else { return }
        switch outcome {
        case .applied:
            let outcomes = outcomes
            self.outcomes = []
            precondition(outcomes.count == completions.count, "an entry has as many outcomes as commands")
            for (completion, outcome) in zip(completions, outcomes) { completion(.applied(outcome)) }
        case .lost:
            for completion in completions { completion(.lost) }
        }
        flushSoon()
    }

    /// Ends what was gathered and not proposed: leadership is gone.
    func dropGathered() {
        let completions = waiters
        waiters = []
        gathered = nil
        for completion in completions { completion(.lost) }
    }
}
