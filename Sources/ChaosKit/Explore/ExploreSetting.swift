// What an exploration is of: how many workers, what they wish, and how often what may go wrong. docs/EXPLORE.md says what
// each fault is.

import RingmasterProtocol

/// A small cluster and the faults that it may meet. All of them may come at any time, in any order, or not at all.
public struct ExploreSetting: Equatable, Sendable {
    /// Workers that are members when it begins: `a`, `b`, ... in view 1.
    public var members = 2
    /// Workers that wish to join, named after those.
    public var joins = 1
    /// Members that may wish to leave: the last of them.
    public var leaves = 0
    public var mode = ResizeMode.handoff
    /// Jobs of one key, whose slot is one that the first join moves.
    public var jobs = 2
    /// Kills of workers.
    public var crashes = 1
    /// Starts of workers that were killed.
    public var restarts = 0
    public var leaderChanges = 1
    /// Whether a leader that has lost its office may go on for a while, unaware of it.
    public var formerLingers = false
    /// Workers that are silent so long that their lease runs out, and live.
    public var silences = 0
    /// Copies of a job that come although another is in hand, or after its answer.
    public var copies = 0
    /// Ends of the client's session in the log.
    public var expiries = 0
    public var planted: PlantedBug?

    public init() {}

    static let slotCount = 4
    /// Names are letters; a state grows with each, and the number of states by far more.
    public static let workersMax = 4
    /// The client's jobs are bits of a byte.
    public static let jobsMax = 3

    /// What is wrong with it: nil if it can be explored.
    public var mistake: String? {
        let counts = [
            members, joins, leaves, jobs, crashes, restarts, leaderChanges, silences, copies, expiries,
        ]
        if let negative = counts.first(where: { $0 < 0 }) {
            return "\(negative) of anything is not possible: give 0 or more"
        }
        if members + joins < 1 || members + joins > Self.workersMax {
            return "\(members + joins) workers are not possible: give 1 to \(Self.workersMax) in all"
        }
        if jobs > Self.jobsMax { return "\(jobs) jobs are not possible: give up to \(Self.jobsMax)" }
        if leaves > members { return "\(leaves) of \(members) members cannot leave" }
        return nil
    }

    /// What stands in the first line of a trace.
    public var line: String {
        var words = ["\(members) members", "\(joins) joining", "\(leaves) leaving", "\(mode)", "\(jobs) jobs"]
        let faults = [
            (crashes, "crashes"), (restarts, "restarts"), (leaderChanges, "leader changes"), (silences, "silences"),
            (copies, "copies"), (expiries, "expiries"),
        ]
        words += faults.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        if formerLingers { words.append("former leaders linger") }
        if let planted { words.append("planted \(planted.rawValue)") }
        return words.joined(separator: ", ")
    }

    var names: [WorkerID] {
        (0..<members + joins).map { place in
            switch place {
            case 0: "a"
            case 1: "b"
            case 2: "c"
            default: "d"
            }
        }
    }
}
