// A job as a handler sees it, and as a worker carries it from its arrival to its commit.

import RingmasterProtocol

/// What a handler may know of the job it runs.
///
/// A handler's effect (the key's state and the reply) is applied once. What it does beyond that, to the outside world, can
/// happen more than once when a worker dies in the middle: make it idempotent by `client` and `sequence`, which name the job
/// for ever, and let newer `epoch`s win over older ones.
public struct Job: Sendable {
    /// The session of the client that submitted it.
    public let client: ClientID
    /// Its number in that session. With `client` it names the job; a resend has the same.
    public let sequence: UInt64
    /// The key's bytes.
    public let key: [UInt8]
    /// The epoch of the view under which this worker runs it: a fencing token.
    public let epoch: Epoch
}

/// The state of a key in the hands of a raw handler.
public struct RawState: Sendable {
    /// The state; nil where the key does not exist. Set it to write, set it to nil to remove the key.
    public var bytes: [UInt8]? {
        didSet { isChanged = true }
    }
    private(set) var isChanged = false

    init(_ bytes: [UInt8]?) {
        self.bytes = bytes
    }
}

/// A job in a worker's hands: where its reply goes, what is to run, and what came of it. Confined to the loop's thread.
///
/// @unchecked Sendable: as the reply is.
final class WorkerJob: DeferredReply, @unchecked Sendable {
    let client: ClientID
    let sequence: UInt64
    /// Every job of the client below this sequence is done with.
    let acked: UInt64
    let attempt: UInt64
    let handler: JobHandlers.Handler
    let argument: [UInt8]
    let slot: Slot
    /// Resends of it that came meanwhile.
    var resends: [DeferredReply] = []
    /// Its key, once it was let in.
    @exclusivity(unchecked) var work: KeyWork!
    @exclusivity(unchecked) var isEnded = false

    // Once it has run:
    /// The key's version that it ran on.
    @exclusivity(unchecked) var base: UInt64 = 0
    @exclusivity(unchecked) var change = KeyChange.unchanged
    @exclusivity(unchecked) var reply = JobReply.success([])

    init(_ address: ReplyAddress, _ request: JobRequest, handler: JobHandlers.Handler, slot: Slot) {
        client = request.client
        sequence = request.sequence
        acked = request.acked
        attempt = request.attempt
        argument = Array(request.argument)
        self.handler = handler
        self.slot = slot
        super.init(address)
    }

    var name: JobName { JobName(client: client, sequence: sequence) }
}

/// What names a job for ever.
struct JobName: Hashable {
    let client: ClientID
    let sequence: UInt64
}

/// What a job does to the state of its key.
enum KeyChange {
    case unchanged
    case removed
    case bytes([UInt8])
}
