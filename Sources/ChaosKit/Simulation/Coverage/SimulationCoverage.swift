// What simulations reached: fault points, messages, judgements of the log, states and roles, each by a name, and how often.

import Ringmaster
import RingmasterProtocol

/// Sums over seeds.
public struct SimulationCoverage: Sendable, Codable, Equatable {
    public struct Count: Sendable, Codable, Equatable {
        /// How often it was reached in all.
        public var times = 0
        /// In how many seeds it was.
        public var seeds = 0
    }

    public private(set) var counts: [String: Count] = [:]

    public init() {}

    /// Of one seed.
    init(times: [String: Int]) {
        counts = times.mapValues { Count(times: $0, seeds: 1) }
    }

    public mutating func add(_ other: SimulationCoverage) {
        for (name, count) in other.counts {
            counts[name, default: Count()].times += count.times
            counts[name, default: Count()].seeds += count.seeds
        }
    }

    public func count(of name: String) -> Count { counts[name] ?? Count() }

    /// What there is and was never reached, in the order of `everything`.
    public var unreached: [String] { Self.everything.filter { counts[$0] == nil } }

    // MARK: What there is

    public static let everything: [String] = points + messages + answers + judgements + entries + slots + roles + rounds

    private static let points = FaultPoint.allCases.map { CoverageItem.point($0) }
    private static let messages =
        (SimulatedMethods.used + CoverageItem.raftKinds.dropLast().map { "cluster.raft \($0)" }).flatMap {
            [CoverageItem.sent($0), CoverageItem.received($0)]
        }
    /// Those that the cluster's own methods give.
    private static let answers = [
        .badParams, .deadlineExceeded, .overloaded, .notLeader, .wrongOwner, .sessionExpired, .notMember,
    ].map { (code: RPCErrorCode) in CoverageItem.answer(code) }
    private static let judgements = [
        "accepted", "duplicate", "already acknowledged", "session unknown", "stale owner", "stale base", "session full",
    ].map(CoverageItem.delta)
    private static let entries = [
        "founded", "founded before", "session opened", "session closed", "session closed before", "sessions expired",
        "intent accepted", "intent refused", "view committed", "commit refused",
    ].map(CoverageItem.entry)
    private static let slots = [
        SlotGates.SlotState.notOwned, .serving, .draining, .stopped, .loading, .loaded, .recovering,
    ].map { CoverageItem.slot($0) }
    private static let roles = ["leader", "follower", "candidate"].map(CoverageItem.role)
    private static let rounds = ["committed", "superseded", "leadershipLost"].map(CoverageItem.round)

    /// What is there live and no simulation can reach, with the reason.
    public static let notSimulated: [(name: String, reason: String)] =
        SimulatedMethods.unused.map {
            (CoverageItem.sent($0), "asked by administrators and programs, or in a change of coordinators")
        } + [
            (CoverageItem.sent("cluster.raft timeout-now"), "the office is not handed over"),
            (CoverageItem.role("removed"), "coordinators do not change"),
            (CoverageItem.answer(.unauthorised), "there is no security"),
            (CoverageItem.answer(.handlerFailed), "the suite's handlers do not throw"),
            (CoverageItem.answer(.cancelled), "the load cancels nothing"),
        ]
}

/// The names of what can be reached.
enum CoverageItem {
    static let raftKinds = [
        "append-entries", "append-entries-result", "request-vote", "request-vote-result", "install-snapshot",
        "timeout-now",
    ]

    static func point(_ point: FaultPoint) -> String { "point \(point.rawValue)" }
    static func sent(_ method: String) -> String { "sent \(method)" }
    static func received(_ method: String) -> String { "received \(method)" }
    static func answer(_ code: RPCErrorCode) -> String { "answer \(code)" }
    static func delta(_ judgement: String) -> String { "delta \(judgement)" }
    static func entry(_ outcome: String) -> String { "entry \(outcome)" }
    static func slot(_ state: SlotGates.SlotState) -> String { "slot \(state)" }
    static func role(_ role: String) -> String { "role \(role)" }
    static func round(_ end: String) -> String { "round \(end)" }
}
