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
    var completion: ((Result<[UInt8], ClusterError>) -> Void)?
    var deadline = MonotonicTime.distantFuture
    /// Of a job: its number.
    var sequence: UInt64 = 0
    /// Attempts made. A reply to an earlier one still counts.
    var attempt: UInt64 = 0
    /// To whom the last attempt went; nil while it is parked.
    var sentTo: WorkerIdentity?
    /// Where it stands among the requests that have begun.
    var id: UInt64 = 0

    init(
        _ kind: Kind,
        method: String,
        key: [UInt8],
        argument: [UInt8],
        timeout: Duration,
        isIdempotent: Bool = true,
        completion: @escaping (Result<[UInt8], ClusterError>) -> Void
    ) {
        self.kind = kind
        self.method = method
        self.key = key
        self.argument = argument
        keyHash = KeyHash(of: key.span.bytes)
        self.timeout = timeout
        self.isIdempotent = isIdempotent
        self.completion = completion
    }
}

/// Which sequences of a session are done, so that the cluster can be told below which it may forget replies. O(1) a job.
struct SessionWindow {
    /// The lowest sequence that is not done.
    private(set) var lowest: UInt64 = 1
    private var next: UInt64 = 1
    private var done: Set<UInt64> = []

    /// Jobs between the lowest that is not done and the newest.
    var span: Int { Int(next - lowest) }

    mutating func begin() -> UInt64 {
        defer { next += 1 }
        return next
    }

    mutating func end(_ sequence: UInt64) {
        guard sequence == lowest else {
            done.insert(sequence)
            return
        }
        lowest += 1
        while done.remove(lowest) != nil { lowest += 1 }
    }
}
