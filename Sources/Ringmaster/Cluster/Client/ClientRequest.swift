// A job, read or call in a client's hands, from its making to its end.

import RingmasterProtocol

/// Confined to the loop's thread once it has begun.
///
/// @unchecked Sendable: made by the caller, then handed to the loop, which alone touches it afterwards.
final class ClientRequest: @unchecked Sendable {
    enum Kind {
        /// Durable; numbered in its session when it begins.
        case job
        case read
        case call
    }

    let kind: Kind
    let method: String
    let key: [UInt8]
    let argument: [UInt8]
    let keyHash: KeyHash
    let timeout: Duration
    let isIdempotent: Bool
    /// Whoever waits; nil once it has ended.
    @exclusivity(unchecked) var waiter: Waiter?
    @exclusivity(unchecked) var deadline = MonotonicTime.distantFuture
    /// Of a job: its number.
    @exclusivity(unchecked) var sequence: UInt64 = 0
    /// Attempts made. A reply to an earlier one still counts.
    @exclusivity(unchecked) var attempt: UInt64 = 0
    /// Over which line the last attempt went; nil while it is parked.
    @exclusivity(unchecked) var sentTo: WorkerLine?
    /// Over which the first went.
    @exclusivity(unchecked) var firstSentTo: WorkerLine?
    /// Where it stands among the requests under way; negative while it does not.
    @exclusivity(unchecked) var place = -1
    /// Who carries it out, once it has begun.
    @exclusivity(unchecked) var core: ClusterClientCore?

    enum Waiter {
        case completion((Result<[UInt8], ClusterError>) -> Void)
        /// One of many, by its index.
        case run(SubmitRun, Int)
    }

    init(
        _ kind: Kind,
        method: String,
        key: [UInt8],
        argument: [UInt8],
        timeout: Duration,
        isIdempotent: Bool = true,
        waiter: Waiter
    ) {
        self.kind = kind
        self.method = method
        self.key = key
        self.argument = argument
        keyHash = KeyHash(of: key.span.bytes)
        self.timeout = timeout
        self.isIdempotent = isIdempotent
        self.waiter = waiter
    }

    /// Whether it has begun and not ended.
    @inline(__always)
    var isUnderWay: Bool { place >= 0 }
}

/// The requests under way, in no order. Confined to the loop's thread. O(1) each, no allocation once it has grown.
struct RequestTable {
    private(set) var all: [ClientRequest] = []

    mutating func add(_ request: ClientRequest) {
        request.place = all.count
        all.append(request)
    }

    @inline(__always)
    mutating func remove(_ request: ClientRequest) {
        let place = request.place
        request.place = -1
        let last = all.removeLast()
        guard last !== request else { return }
        all[place] = last
        last.place = place
    }
}

/// Which sequences of a session are done, so that the cluster can be told below which it may forget replies. O(1) a job.
struct SessionWindow {
    /// The lowest sequence that is not done.
    private(set) var lowest: UInt64 = 1
    private var next: UInt64 = 1
    /// Of each sequence of the window, by its lower bits.
    private var isDone = [Bool](repeating: false, count: ClusterLimits.jobsInFlightMax)

    /// Jobs between the lowest that is not done and the newest.
    var span: Int { Int(next - lowest) }

    /// Whether another job may begin.
    var hasRoom: Bool { span < isDone.count }

    /// - Precondition: There is room.
    mutating func begin() -> UInt64 {
        precondition(hasRoom, "a session has at most \(isDone.count) jobs in its window")
        defer { next += 1 }
        return next
    }

    mutating func end(_ sequence: UInt64) {
        isDone[place(of: sequence)] = true
        while lowest < next, isDone[place(of: lowest)] {
            isDone[place(of: lowest)] = false
            lowest += 1
        }
    }

    private func place(of sequence: UInt64) -> Int { Int(truncatingIfNeeded: sequence % UInt64(isDone.count)) }
}
