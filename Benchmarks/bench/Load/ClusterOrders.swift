// What the parent tells the processes of a cluster and what they answer: one line of JSON each.

import BenchResults
import Measurement

/// Which coordinator a child is to be.
struct CoordinatorOrder: Codable {
    struct Peer: Codable {
        var raftID: UInt64
        var endpoint: String
    }

    var raftID: UInt64
    var endpoint: String
    /// All coordinators, this one among them.
    var peers: [Peer]
    /// Nil: the log is in memory.
    var dataDirectory: String?
}

/// Which worker a child is to be.
struct WorkerOrder: Codable {
    var name: String
    var coordinators: [String]
}

/// Which client a child is to be.
struct ClusterClientOrder: Codable {
    var coordinators: [String]
    /// Clients of the cluster in the one process, each with a session of its own.
    var sessions: Int
}

/// The jobs that the workers of the benchmark know.
enum BenchJob {
    /// The argument becomes the key's state, and is the reply.
    static let overwrite = "overwrite"
    /// The state becomes as many bytes as the argument says, eight bytes, little-endian; the reply is empty.
    static let fill = "fill"
}

/// One order to a client.
struct ClusterLoadOrder: Codable {
    enum Pattern: String, Codable {
        /// A window of jobs over all keys, by `submitAll`.
        case pipelined
        /// One job after the other, awaited, on the client's loop.
        case sequential
        /// Makes the state of each key so large.
        case fill
        /// Begins to send jobs at fixed times, key by key; the answer comes at once.
        case beginPings
        /// Ends the pings and tells of them.
        case endPings
    }

    var pattern: Pattern
    var seconds = 0.0
    var payloadBytes = 64
    /// Jobs in flight, of all sessions together.
    var inFlight = 1
    /// How many keys: `key-0` and so on.
    var keys = 1
    /// Pings a second in all; beside a pipelined load, of jobs that are timed.
    var perSecond = 0.0
}

/// The pings of a run, each with its key. Parallel arrays keep the line short.
struct PingReport: Codable {
    var keys: [Int] = []
    /// When each was meant to be sent, on the monotonic clock in ns.
    var intendedNs: [Int64] = []
    /// When its acknowledgement came; 0: it failed.
    var ackedNs: [Int64] = []
    var firstError: String?
    var account = ProcessAccount()

    var failures: Int { ackedNs.count { $0 == 0 } }
}

/// Something that a coordinator said of itself, as it says it to its log.
struct CoordinatorEvent: Codable {
    /// On the monotonic clock, in ns.
    var atNs: Int64
    var what: String
    var details: [String: String]
}

/// What a coordinator's log was like for a while.
struct ProposalWatch: Codable {
    var samples = 0
    /// The sum of proposals in flight over the samples.
    var inFlight = 0

    var mean: Double { samples == 0 ? 0 : Double(inFlight) / Double(samples) }
}
