// What can go wrong with the delta log, and who can do what about it.

/// An error of the delta log. Each names the thing, and `description` the remedy.
public enum DeltaLogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another server leads, or nobody does at the moment. Turn to the leader, or try again.
    case notLeader(leader: UInt64?)
    /// The log is closed, or not started.
    case closed
    /// The log failed earlier, for the reason given; `logFailed` told of it.
    case failed(String)
    /// As many proposals are under way as may be. Wait for one to end.
    case tooManyProposals(limit: Int)
    /// One entry may not have so many bytes. Make more entries.
    case entryTooLarge(bytes: Int, limit: Int)
    /// Another change of servers or transfer of leadership is under way. Wait for its end.
    case changeUnderWay
    /// The server did not catch up or take over in time.
    case serverUnreached(UInt64)
    /// The cluster has no such server, or has one of that id or address already.
    case invalidServer(String)
    /// Another process, or another log of this one, uses the directory.
    case directoryLocked(String)
    /// The directory belongs to another cluster or server than the one that was configured.
    case foreignDirectory(file: String, found: String, expected: String)
    /// A file is damaged: entries that were acknowledged may be missing.
    case corrupt(file: String, reason: String)
    /// The other servers know this one by another directory: what was in that one is forgotten here.
    case forgotten(directory: String, server: UInt64)
    /// The disk of the directory is full.
    case diskFull(directory: String)
    /// A setting is out of its range.
    case invalidSetting(String)
    /// Any other refusal of the operating system or of libraft, in its own words.
    case system(code: Int32, reason: String, doing: String)

    public var description: String {
        switch self {
        case .notLeader(let leader?):
            "This coordinator does not lead; server \(leader) does. Ask that one."
        case .notLeader(nil):
            "No coordinator leads at the moment. Try again; if it lasts, see whether a majority of them is running."
        case .closed:
            "The delta log is closed."
        case .failed(let reason):
            "The delta log failed: \(reason). Nothing more is acknowledged here; mend the cause and start again."
        case .tooManyProposals(let limit):
            "\(limit) proposals are under way, the most that may be. Wait for some to end."
        case .entryTooLarge(let bytes, let limit):
            "An entry of \(bytes) bytes is above the limit of \(limit). Propose less at once."
        case .changeUnderWay:
            "Another change of coordinators is under way. Try again when it has ended."
        case .serverUnreached(let id):
            "Server \(id) did not catch up or take over in time. See whether it runs and can be reached."
        case .invalidServer(let reason):
            "The coordinators cannot be changed so: \(reason)."
        case .directoryLocked(let directory):
            "\(directory) is in use by another process. End that one, or choose another directory."
        case .foreignDirectory(let file, let found, let expected):
            "\(file) says that the directory is of \(found), not of \(expected). Choose the right directory, or an empty one."
        case .corrupt(let file, let reason):
            """
            \(file) is damaged: \(reason). Nothing was changed. With other coordinators running: remove this one from the \
            cluster, and add another with a raft id of its own and an empty directory. Alone: bring the directory back from a copy.
            """
        case .forgotten(let directory, let server):
            """
            \(directory) is not the directory that the other coordinators know server \(server) by: its votes, and entries \
            that it acknowledged, are forgotten here. It takes no part. Bring that directory back; or remove server \(server) \
            (ringmaster coordinators remove \(server)), and add another with a raft id of its own and an empty directory \
            (ringmaster coordinator --joining).
            """
        case .diskFull(let directory):
            "The disk of \(directory) is full. Make room, and start again."
        case .invalidSetting(let reason):
            "The delta log cannot be set so: \(reason)."
        case .system(let code, let reason, let doing):
            "\(doing): \(reason) (\(code))."
        }
    }
}
