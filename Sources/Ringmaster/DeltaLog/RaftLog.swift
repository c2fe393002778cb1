// The log on libraft: one libuv loop, embedded in the event loop.
//
// libuv's loop has one descriptor that is readable when it has something to do, and a time by which it must be asked in any
// case; between those it is pumped at the end of each turn in which the log was used. All of libraft happens in there, and
// in `receive`.

import CShimDeltaLog
import RingmasterProtocol

/// A log of one to a few servers, on disk: an entry is acknowledged when a majority has written and synchronized it.
final class RaftLog: DeltaLog, Flushable {
    let settings: RaftLogSettings
    private let loop: EventLoop
    unowned let applier: any LogApplier

    @exclusivity(unchecked) private(set) var role = LogRole.unavailable("not started")
    /// Messages dropped because no correct server sends such.
    private(set) var malformedMessages = 0
    @exclusivity(unchecked) private(set) var proposalsInFlight = 0

    /// Set from `start` until closed.
    @exclusivity(unchecked) var raft: OpaquePointer?
    private var directory: DataDirectory?
    private var peerDirectories: PeerDirectories?
    private var watch: DescriptorWatch?
    @exclusivity(unchecked) private var timer: LoopTimer?
    @exclusivity(unchecked) private var waiting: [(entry: [UInt8], id: UInt64)] = []
    @exclusivity(unchecked) private var isFlushPending = false
    /// Whether libraft is at work below, which nothing may call into then.
    @exclusivity(unchecked) private(set) var isPumping = false
    /// Whether committed entries wait until libraft has returned.
    @exclusivity(unchecked) private var defersWork = false
    @exclusivity(unchecked) private var committed = CommittedWork()
    /// What callbacks asked for, or what is to be told once libraft has returned.
    @exclusivity(unchecked) private var later: [() -> Void] = []
    @exclusivity(unchecked) private var failure: DeltaLogError?
    private var whenClosed: [() -> Void] = []
    @exclusivity(unchecked) private var isClosing = false
    /// Changes of servers under way, by the number that libraft's side knows them by.
    var changes: [UInt64: (server: UInt64, then: (Result<Void, DeltaLogError>) -> Void)] = [:]
    var lastChange: UInt64 = 0
    @exclusivity(unchecked) private(set) var servers: [LogServer] = []
    var term: UInt64 { raft.map { rm_raft_term($0) } ?? 0 }
    @exclusivity(unchecked) private var configurationIndex: UInt64 = 0
    @exclusivity(unchecked) private var patience = ElectionPatience()
    /// The configuration by which a leader said that this server is none of the log's.
    @exclusivity(unchecked) private var removal: LogConfigurationStamp?

    init(settings: RaftLogSettings, loop: EventLoop, applier: any LogApplier) {
        self.settings = settings
        self.loop = loop
        self.applier = applier
    }

    var lastIndex: UInt64 { raft.map { rm_raft_last_index($0) } ?? 0 }
    var appliedIndex: UInt64 { raft.map { rm_raft_last_applied($0) } ?? 0 }
    /// The index up to which the last snapshot goes; 0: there is none.
    var snapshotIndex: UInt64 { raft.map { rm_raft_snapshot_index($0) } ?? 0 }

    var configurationStamp: LogConfigurationStamp {
        LogConfigurationStamp(term: term, index: configurationIndex)
    }

    // MARK: Start and end

    func start() throws(DeltaLogError) {
        loop.checkIsolated()
        guard raft == nil, !isClosing, failure == nil else { throw .closed }
        try settings.check()
        if let disk = settings.virtualDisk { return try start(on: disk) }
        let directory = try DataDirectory(
            path: settings.directory,
            clusterID: settings.clusterID,
            raftID: settings.raftID
        )
        let peerDirectories = try PeerDirectories(directory: directory.path)
        if isPlanted(.voteForgotten) { directory.forgetVote() }
        // libraft takes damage for a write that was cut short, and cuts it away: it does not get to see any.
        let isChecked = directory.isBootstrapped && !isPlanted(.voteForgotten)
        let inventory = isChecked ? try LogInventory(directory: directory) : nil
        let raft = try open()
        do throws(DeltaLogError) {
            self.raft = raft
            if !directory.isBootstrapped {
                if !settings.initialServers.isEmpty { try bootstrap(raft) }
                try directory.noteBootstrap()
            }
            if let inventory, inventory.isVoteAheadOfLibraft {
                let status = rm_raft_restore_vote(raft)
                guard status == 0 else { throw error(status, doing: "writing the vote") }
            }
            isPumping = true
            let status = rm_raft_start(raft)
            isPumping = false
            guard status == 0 else { throw error(status, doing: "loading the log", isLoading: true) }
            do throws(TransportError) {
                watch = try loop.watch(descriptor: rm_raft_descriptor(raft)) { [self] in pump() }
            } catch {
                throw .system(code: 0, reason: error.description, doing: "watching the log")
            }
        } catch {
            isPumping = false
            isClosing = true
            rm_raft_destroy(raft)
            self.raft = nil
            throw error
        }
        self.directory = directory
        self.peerDirectories = peerDirectories
        timer = loop.timer { [self] in pump() }
        noteRole()
        flushSoon()
        arm()
    }

    /// On the disk of a simulation, which has no files.
    private func start(on disk: VirtualDisk) throws(DeltaLogError) {
        let raft = try open()
        self.raft = raft
        if !disk.isUsed, !settings.initialServers.isEmpty { try bootstrap(raft) }
        isPumping = true
        let status = rm_raft_start(raft)
        isPumping = false
        guard status == 0 else { throw error(status, doing: "loading the log", isLoading: true) }
        disk.pump = { [unowned self] in flushSoon() }
        timer = loop.timer { [self] in pump() }
        noteRole()
        flushSoon()
        arm()
    }

    func close(then: @escaping () -> Void) {
        loop.checkIsolated()
        guard let raft else {
            role = .unavailable("closed")
            isClosing = true
            then()
            return
        }
        whenClosed.append(then)
        guard !isClosing else { return }
        isClosing = true
        if !isPumping { beginClosing(raft) }
        flushSoon()
    }

    private func beginClosing(_ raft: OpaquePointer) {
        loseWaiting()
        rm_raft_close(raft)
        noteRole()
    }

    private func endClosing(_ raft: OpaquePointer) {
        if let watch { loop.remove(watch) }
        watch = nil
        if let timer { loop.disarm(timer) }
        timer = nil
        rm_raft_destroy(raft)
        self.raft = nil
        directory = nil
        runLater()
        let actions = whenClosed
        whenClosed = []
        for action in actions { action() }
    }

    // MARK: Use

    func propose(_ entry: [UInt8], id: UInt64) throws(DeltaLogError) {
        loop.checkIsolated()
        if let failure { throw .failed(failure.description) }
        guard raft != nil, !isClosing else { throw .closed }
        guard case .leader = role else {
            guard case .follower(let leader) = role else { throw .notLeader(leader: nil) }
            throw .notLeader(leader: leader)
        }
        guard entry.count <= Limits.logEntryBytesMax else {
            throw .entryTooLarge(bytes: entry.count, limit: Limits.logEntryBytesMax)
        }
        guard proposalsInFlight < Limits.proposalsInFlightMax else {
            throw .tooManyProposals(limit: Limits.proposalsInFlightMax)
        }
        proposalsInFlight += 1
        waiting.append((entry, id))
        flushSoon()
    }

    func receive(_ message: UnsafeRawBufferPointer, from raftID: UInt64) {
        loop.checkIsolated()
        precondition(!isPumping, "a message cannot be received inside of a callback of the log")
        guard let raft, !isClosing, failure == nil else { return }
        let status = inside { rm_raft_receive(raft, message.baseAddress, message.count, raftID) }
        if status == Int32(RM_RAFT_EMALFORMED) { malformedMessages += 1 }
        changePatience(raft) { $0.heard(raftID, now: loop.now) }
        noteRole()
        runLater()
        flushSoon()
    }

    func noteDeath(of server: UInt64) {
        loop.checkIsolated()
        outside { [self] in
            guard let raft, !isClosing, failure == nil else { return }
            // One stands after the other, so that they do not split the votes. Who has too short a log is refused, and the next one stands.
            let rank = servers.count { $0.isVoter && $0.id != server && $0.id < settings.raftID }
            let heartbeatMs = settings.heartbeat.nanosecondsClamped / 1_000_000
            let delayMs = UInt32(clamping: Self.heartbeatsBetween * heartbeatMs * Int64(rank))
            guard rm_raft_server_died(raft, server, delayMs) != 0 else { return }
            patience.leaderDied()
            noteRole()
        }
    }

    /// libraft looks at its clock once a heartbeat, so that two who are to stand at different times may come one closer; an election takes
    /// a part of another.
    private static let heartbeatsBetween: Int64 = 3

    func takeSnapshot() {
        loop.checkIsolated()
        outside { [self] in
            guard let raft, !isClosing, failure == nil else { return }
            _ = rm_raft_take_snapshot(raft)
        }
    }

    /// Runs `action` now, or as soon as libraft has returned, and pumps at the end of the turn.
    func outside(_ action: @escaping () -> Void) {
        if isPumping { later.append(action) } else { action() }
        flushSoon()
    }

    private func runLater() {
        guard !later.isEmpty else { return }
        // What they ask for in turn waits for the next time.
        let actions = later
        later = []
        for action in actions { action() }
    }

    // MARK: Turning

    func flushSoon() {
        guard !isFlushPending else { return }
        isFlushPending = true
        loop.flushLater(self)
    }

    func flush() {
        isFlushPending = false
        guard let raft, !isPumping else { return }
        let batch = waiting
        waiting = []
        for proposal in batch {
            let status = proposal.entry.withUnsafeBytes {
                rm_raft_propose(raft, $0.baseAddress, $0.count, proposal.id)
            }
            guard status != 0 else { continue }
            proposalEnded(proposal.id, status)
            if status == Int32(RM_RAFT_EIO) || status == Int32(RM_RAFT_ENOSPACE) { fail(status) }
        }
        pump()
    }

    /// Lets libraft do what is to be done, and notes what came of it.
    private func pump() {
        guard let raft, !isPumping else { return }
        let status = inside { rm_raft_pump(raft) }
        if isClosing {
            beginClosing(raft)
            runLater()
            if rm_raft_is_closed(raft) != 0 { return endClosing(raft) }
        } else {
            if status != 0 { fail(status) }
            noteRole()
            runLater()
        }
        arm()
    }

    /// Lets libraft work, and carries out what it has committed once it has returned: its next write is under way then.
    private func inside(_ work: () -> Int32) -> Int32 {
        isPumping = true
        defersWork = true
        let status = work()
        defersWork = false
        carryOut()
        isPumping = false
        return status
    }

    /// Carries out what libraft has committed. A snapshot is taken or restored only after this.
    func carryOut() {
        while !committed.isEmpty {
            let work = committed.take()
            work.forEach {
                applier.apply($0, index: $1)
            } ended: {
                proposalEnded($0, $1)
            }
            committed.reuse(work)
        }
    }

    /// libraft has committed an entry.
    func apply(_ entry: UnsafeRawBufferPointer, index: UInt64) {
        if defersWork { committed.apply(entry, index: index) } else { applier.apply(entry, index: index) }
    }

    /// A proposal has ended in libraft.
    func ended(_ id: UInt64, _ status: Int32) {
        if defersWork { committed.proposalEnded(id, status) } else { proposalEnded(id, status) }
    }

    private func arm() {
        guard let raft, let timer else { return }
        let timeoutMs = rm_raft_timeout_ms(raft)
        guard timeoutMs >= 0 else { return loop.disarm(timer) }
        loop.arm(timer, at: loop.refreshNow().adding(nanoseconds: Int64(timeoutMs) * 1_000_000))
    }

    /// What cannot be saved cannot be acknowledged.
    private func fail(_ status: Int32) {
        fail(error(status, doing: "writing the log"))
    }

    /// The log takes no part from here on.
    private func fail(_ error: DeltaLogError) {
        guard failure == nil, let raft else { return }
        failure = error
        loseWaiting()
        rm_raft_close(raft)
        noteRole()
        applier.logFailed(error)
    }

    private func loseWaiting() {
        let batch = waiting
        waiting = []
        for proposal in batch { proposalEnded(proposal.id, Int32(RM_RAFT_ELOST)) }
    }

    private func noteRole() {
        guard let raft else { return }
        noteServers(raft)
        let present: LogRole
        switch rm_raft_state(raft) {
        case Int32(RM_RAFT_LEADER): present = .leader(term: rm_raft_term(raft))
        case Int32(RM_RAFT_CANDIDATE) where isRemoved, Int32(RM_RAFT_FOLLOWER) where isRemoved: present = .removed
        case Int32(RM_RAFT_CANDIDATE): present = .candidate
        case Int32(RM_RAFT_FOLLOWER):
            let leader = rm_raft_leader(raft)
            present = .follower(leader: leader == 0 ? nil : leader)
        default:
            present = .unavailable(
                failure?.description ?? (isClosing ? "closed" : String(cString: rm_raft_error(raft)))
            )
        }
        noteElections(raft, present)
        guard present != role else { return }
        role = present
        applier.roleChanged(present)
        // libraft leaves without a word when it cannot save its term or vote.
        if case .unavailable = present, !isClosing, failure == nil { fail(Int32(RM_RAFT_EIO)) }
    }

    private func noteElections(_ raft: OpaquePointer, _ present: LogRole) {
        let leader: ElectionPatience.Leader =
            switch present {
            case .leader: .itself
            case .follower(let leader): leader.map { .other($0) } ?? .none
            case .candidate, .removed, .unavailable: .none
            }
        changePatience(raft) { $0.note(leader, term: term, now: loop.now) }
    }

    private func changePatience(_ raft: OpaquePointer, _ change: (inout ElectionPatience) -> Void) {
        let before = patience.factor
        change(&patience)
        guard patience.factor != before else { return }
        let timeoutMs = settings.electionTimeout.nanosecondsClamped / 1_000_000 * Int64(patience.factor)
        rm_raft_set_election_timeout(raft, UInt32(clamping: timeoutMs))
    }

    // MARK: Servers

    private var isRemoved: Bool {
        removal != nil || !servers.isEmpty && !servers.contains { $0.id == settings.raftID }
    }

    private func noteServers(_ raft: OpaquePointer) {
        let index = rm_raft_configuration_index(raft)
        // Every change comes with an entry of its own.
        guard index != configurationIndex else { return }
        configurationIndex = index
        servers = readServers(raft)
        // It was added again.
        if let removal, index > removal.index { self.removal = nil }
        rm_raft_retire(raft, removal == nil ? 0 : 1)
        applier.serversChanged(servers)
    }

    func noteRemoval(_ stamp: LogConfigurationStamp) {
        loop.checkIsolated()
        outside { [self] in
            guard let raft, !isClosing, stamp.term >= rm_raft_term(raft), stamp.index > configurationIndex,
                !servers.isEmpty
            else { return }
            removal = stamp
            rm_raft_retire(raft, 1)
            noteRole()
        }
    }

    var mark: UInt64 { settings.virtualDisk?.mark ?? directory?.mark ?? 0 }

    func recognise(_ server: UInt64, mark: UInt64) -> DirectoryRecognition {
        loop.checkIsolated()
        if let disk = settings.virtualDisk { return disk.recognise(server, mark: mark) }
        return peerDirectories?.recognise(server, mark: mark) ?? .notKept
    }

    func noteStrangeness(ofMark mark: UInt64) {
        loop.checkIsolated()
        outside { [self] in
            guard !isClosing, mark == self.mark else { return }
            fail(.forgotten(directory: settings.directory, server: settings.raftID))
        }
    }

    private func proposalEnded(_ id: UInt64, _ status: Int32) {
        proposalsInFlight -= 1
        applier.proposalEnded(id, status == 0 ? .applied : .lost)
    }
}
