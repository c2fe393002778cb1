// What the parent tells its children and what they answer: one line of JSON each.

import BenchResults
import Measurement

/// Which server a child is to be.
struct ServerOrder: Codable {
    var variant: Variant
    /// Where to listen; a wildcard port is resolved in the answer.
    var endpoint: String
    var coalesced: Bool
}

/// Which client a child is to be. It connects to every endpoint.
struct ClientOrder: Codable {
    var variant: Variant
    var endpoints: [String]
    var coalesced: Bool
    var payloadBytes: Int
    /// Requests in flight on each connection.
    var inFlight: Int
}

/// One run of a client's load.
struct LoadOrder: Codable {
    enum Pattern: String, Codable {
        /// One request after the other, awaited.
        case sequential
        /// A window of requests, a new one for each reply.
        case pipelined
        /// Requests at fixed times.
        case openLoop
        /// Idempotent calls, one after the other, sent again until they are answered.
        case probe
        /// As `sequential`, from a task that does not run on the client's loop.
        case elsewhere
    }

    var pattern: Pattern
    /// The run ends after so long...
    var seconds: Double
    /// ...or after so many requests on all connections together; nil: no limit.
    var requests: Int?
    /// Of an open loop, on all connections together.
    var requestsPerSecond: Double?
    /// Every so-manieth request is timed.
    var sampleEvery = 1
}

/// What a run of load came to.
struct LoadReport: Codable {
    /// Requests answered rightly.
    var requests = 0
    /// Replies that were wrong, and requests that failed.
    var errors = 0
    /// The first of them, for a person.
    var firstError: String?
    /// Open loop: requests sent more than 1 ms after they were due.
    var late = 0
    /// From the start to the last reply.
    var elapsedNs: Int64 = 0
    /// Of the client's process in that time.
    var account = ProcessAccount()
    /// Timed requests.
    var latency = LatencyHistogram()
    /// Of a probe: when the reply before the longest silence came, and the one after it, on the monotonic clock in ns.
    var silence: ClosedRange<Int64>?
}

/// What a process used. The difference of two says what happened in between.
struct ProcessAccount: Codable {
    var cpuNs: Int64 = 0
    /// Heap allocations but libzmq's own.
    var ownAllocations: UInt64 = 0
    var transportAllocations: UInt64 = 0
    /// Resident now, in bytes.
    var residentBytes = 0

    /// What happened since `earlier`; memory is as it is now.
    func since(_ earlier: ProcessAccount) -> ProcessAccount {
        ProcessAccount(
            cpuNs: cpuNs - earlier.cpuNs,
            ownAllocations: ownAllocations - earlier.ownAllocations,
            transportAllocations: transportAllocations - earlier.transportAllocations,
            residentBytes: residentBytes
        )
    }
}
