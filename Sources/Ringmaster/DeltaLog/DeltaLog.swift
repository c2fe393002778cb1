// The replicated log as the coordinator sees it, whatever is below: memory alone, or libraft and a disk.

/// What this server is in the log's cluster.
enum LogRole: Equatable, Sendable {
    /// It may propose. Everything that was committed before has been applied here.
    case leader(term: UInt64)
    /// It follows the server of that raft id, or nobody yet.
    case follower(leader: UInt64?)
    /// It stands for election, or has won and does not have everything applied yet.
    case candidate
    /// It was removed from the log's servers: it keeps what it has, and stands for no election.
    case removed
    /// It takes no part: not started, closed, or failed for the reason given.
    case unavailable(String)
}

/// How a proposal ended.
enum ProposalOutcome: Equatable, Sendable {
    /// It was committed and applied here.
    case applied
    /// This server stopped being the leader first. Whether the entry is or will be committed is unknown.
    case lost
}

/// What the coordinator gives the log: the state machine and the network. Called on the loop's thread, at the end of a turn
/// or from inside of `start`, `receive` and `close`. From each of these the log may be called, but for `receive` and
/// `start`: messages of logs in one process go by way of a queue.
protocol LogApplier: AnyObject {
    /// Applies a committed entry; called in order of `index`, not for every index. The bytes live during the call.
    func apply(_ entry: UnsafeRawBufferPointer, index: UInt64)
    /// Captures the state at once; the closure encodes it on another thread.
    func captureSnapshot() -> @Sendable () -> [UInt8]
    /// Replaces the state, before anything later is applied. An error fails the log: the snapshot is damaged or newer
    /// than this program.
    func restore(_ snapshot: UnsafeRawBufferPointer) throws
    /// A proposal has ended; `.applied` comes after its `apply`. Once for each that was accepted.
    func proposalEnded(_ id: UInt64, _ outcome: ProposalOutcome)
    /// The role is another one. After the ends of what was proposed in the old one.
    func roleChanged(_ role: LogRole)
    /// Carries a message to another server, whose log's `receive` takes it. It may be lost, and need not be in order.
    func send(_ message: [UInt8], to raftID: UInt64)
    /// The log's servers are others. On a follower the change may not be committed yet, and may be taken back.
    func serversChanged(_ servers: [LogServer])
    /// The log cannot go on: nothing is acknowledged any more. Close it.
    func logFailed(_ error: DeltaLogError)
}

extension LogApplier {
    func serversChanged(_ servers: [LogServer]) {}
}

/// Which configuration of the log's servers somebody knows of.
struct LogConfigurationStamp: Hashable, Sendable {
    var term: UInt64
    /// The index of the entry that it came with.
    var index: UInt64
}

/// A log of entries that a majority of its servers keeps. Confined to its loop's thread. Whoever starts it closes it; its
/// applier outlives it.
protocol DeltaLog: AnyObject {
    var role: LogRole { get }
    /// The newest term that this server knows of; 0 where there is none.
    var term: UInt64 { get }
    /// The index of the last entry here, committed or not.
    var lastIndex: UInt64 { get }
    /// The index of the last entry applied here.
    var appliedIndex: UInt64 { get }

    /// Brings back what was kept (`restore`, `apply`), and takes part. O(bytes kept).
    func start() throws(DeltaLogError)
    /// Proposes an entry; it leaves at the end of the loop's turn. Any number up to `Limits.proposalsInFlightMax` may be
    /// under way at once; they are committed in order. `id` comes back in `proposalEnded`.
    /// - Throws: `.notLeader`, `.closed`, `.failed`, `.tooManyProposals`, `.entryTooLarge`; nothing was proposed then.
    func propose(_ entry: [UInt8], id: UInt64) throws(DeltaLogError)
    /// Takes a message of another server. Malformed ones are dropped and counted.
    func receive(_ message: UnsafeRawBufferPointer, from raftID: UInt64)
    /// Takes the caller's word that a server is dead: if it was the leader, the others elect another at once.
    func noteDeath(of server: UInt64)
    /// Takes a snapshot soon, besides those that the log takes by itself.
    func takeSnapshot()
    /// Ends every proposal and closes. `then` is called once it has let go of everything.
    func close(then: @escaping () -> Void)

    /// The servers of the present configuration, committed or not. Empty: none is known yet, or the log has none.
    var servers: [LogServer] { get }
    /// Which configuration that is.
    var configurationStamp: LogConfigurationStamp { get }
    /// Takes a leader's word that this server is none of the log's any more, unless it knows of a newer configuration.
    func noteRemoval(_ stamp: LogConfigurationStamp)
    /// The mark of this server's directory, which goes with its messages; 0 without one.
    var mark: UInt64 { get }
    /// Whether messages of a server from the directory of that mark count; see `PeerDirectories`.
    func recognise(_ server: UInt64, mark: UInt64) -> DirectoryRecognition
    /// Takes another server's word that this one was known by another directory: it fails, if it is this one's mark.
    func noteStrangeness(ofMark mark: UInt64)
    /// Adds a voting server: it first catches up, then votes. One change at a time, on the leader.
    func addServer(id: UInt64, address: String, then: @escaping (Result<Void, DeltaLogError>) -> Void)
    func removeServer(id: UInt64, then: @escaping (Result<Void, DeltaLogError>) -> Void)
    /// Hands leadership to another voting server.
    func transferLeadership(to id: UInt64, then: @escaping (Result<Void, DeltaLogError>) -> Void)
}
