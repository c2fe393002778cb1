// The state of a small cluster: the production cores, and around them what their hosts hold. A value, so that an exploration can
// take the same state into each of its futures. +Coordinators, +Ring and +Jobs do what the hosts do, +Steps says what may
// happen next, +Promises what must hold, +Code makes states comparable.

import RingmasterProtocol

/// A promise that a step has broken.
public struct BrokenPromise: Error, Equatable, Sendable, CustomStringConvertible {
    /// The invariant of the design, as "I1".
    public let invariant: String
    public let reason: String

    public var description: String { "\(invariant): \(reason)" }

    init(_ invariant: String, _ reason: String) {
        self.invariant = invariant
        self.reason = reason
    }
}

/// Everything there is. The log is one sequence: `leader` has applied all that is committed. Of what is on its way into the log
/// only what the leader proposes is kept: a delta may be proposed when it is committed, as nobody sees a difference.
struct SmallCluster {
    let setting: ExploreSetting
    /// What the state machine made of its entries before.
    let memory: LogMemory
    /// A former leader that does not know it, if there is one, and the leader.
    var offices: [Office]
    var proposals: [Proposal] = []
    /// By the place of their names; nil where no process runs.
    var workers: [WorkerProcess?]
    /// How often a process of each name was started, and which lives they had.
    var starts: [Int]
    var lives: [UInt64]
    /// Orders that were sent. They stay: each may come late, again, or never.
    var orders: [OrderSent] = []
    /// Answers to them that have not come.
    var answers: [AnswerSent] = []
    /// Deltas of lives that are over, on their way to the leader.
    var leftDeltas: [WireDelta] = []
    /// The deltas that the log has accepted, for the promises: whose, and which job.
    var accepted: [WireDelta] = []
    var client = ClientSide()
    /// All committed views.
    var views: [ClusterView]
    var budget: FaultBudget

    /// The one moment at which everything happens. Time passes by events alone.
    static let start = ContinuousClock.now

    var leader: Int { offices.count - 1 }
    var machine: StateMachine { offices[offices.count - 1].machine }
}

/// A coordinator in office.
struct Office {
    var keeper: RingKeeper
    /// What it has applied.
    var state: LogMemory.State
    /// The workers to which it has lines, by the place of their names.
    var links: [MemberRecord?]
    /// Whose wish to leave waits for an answer, by place.
    var leaveWaiters: [Bool]

    var machine: StateMachine { state.machine }
}

/// A command of the log.
enum Proposal: Hashable, Sendable {
    case intent(Intent)
    case commit(Epoch)
    case delta(WireDelta)
    case expiry
    /// The first entry: the cluster, and the client's session.
    case founding
}

/// A delta of a job on the one key there is.
struct WireDelta: Hashable, Sendable {
    let place: Int
    let incarnation: Incarnation
    let sequence: UInt64
    let acked: UInt64
    let base: UInt64
    /// The state that the job leaves: the sequences that were appended.
    let list: [UInt8]

    var reply: UInt8 { UInt8(list.count) }
}

/// An order on its way to a worker's endpoint, over the line to one of its lives.
struct OrderSent: Equatable, Sendable {
    /// Whose it is; negative where that leader is gone.
    let office: Int
    let place: Int
    let endpoint: String
    let line: Incarnation
    let epoch: Epoch
    let order: SyncMessage.Order
}

/// An answer on its way to a coordinator, over the line on which the order came.
struct AnswerSent: Equatable, Sendable {
    let office: Int
    let place: Int
    let line: Incarnation
    let event: RingKeeper.Event
}

/// The client, as far as the cluster can tell: some jobs, in one session.
struct ClientSide: Sendable, Equatable {
    /// Jobs 1...begun have come to a worker.
    var begun: UInt64 = 0
    /// By job, from 1 on: bits.
    var answered: UInt8 = 0
    /// Below what the client had been done with when each began.
    var ackedAtBegin: [UInt64] = []
    /// Jobs that began when all before them were answered: they come later in the log.
    var later: UInt8 = 0
    /// Jobs that the client was told can never be known of.
    var given: UInt8 = 0

    func has(_ bits: UInt8, _ job: UInt64) -> Bool { bits & (1 << UInt8(job)) != 0 }

    /// The lowest job whose reply is still wanted.
    var acked: UInt64 {
        var lowest: UInt64 = 1
        while lowest <= begun, has(answered | given, lowest) { lowest += 1 }
        return lowest
    }
}

/// How often each fault may still come.
struct FaultBudget: Equatable, Sendable {
    var leaves, crashes, restarts, leaderChanges, silences, copies, expiries: Int

    init(_ setting: ExploreSetting) {
        leaves = setting.leaves
        crashes = setting.crashes
        restarts = setting.restarts
        leaderChanges = setting.leaderChanges
        silences = setting.silences
        copies = setting.copies
        expiries = setting.expiries
    }
}
