// The calls of a client that are in flight: found by msgid, without a dictionary.

/// One call in flight.
struct PendingCall {
    var msgid: UInt32 = 0
    var isBusy = false
    /// The pump that made the call; -1 where a task waits for it.
    var pump: Int32 = -1
    /// The pump's own number for it.
    var tag: UInt64 = 0
    var continuation: UnsafeContinuation<RawReply, Never>?
    /// What it takes to send it again; nil for a call that is sent once.
    var resend: Resend?
}

/// A table of slots indexed by the low bits of a msgid. Msgids count up, so one comes back only after 2^32 calls, and a
/// slot that is still busy is passed over.
///
/// The table has twice as many slots as calls may be in flight, so a free one is near. Claiming, finding and freeing are
/// O(1) and allocate nothing.
struct CallTable: ~Copyable {
    private let slots: UnsafeMutablePointer<PendingCall>
    private let mask: UInt32
    private var nextID: UInt32
    private(set) var count = 0
    let limit: Int

    var capacity: Int { Int(mask) + 1 }

    /// - Parameter firstID: The first msgid to be given.
    init(limit: Int, firstID: UInt32 = 0) {
        precondition((1...Limits.inFlightMax).contains(limit), "1 to \(Limits.inFlightMax) calls can be in flight")
        self.limit = limit
        var capacity = 2
        while capacity < 2 * limit { capacity *= 2 }
        mask = UInt32(capacity - 1)
        nextID = firstID
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: PendingCall(), count: capacity)
    }

    deinit {
        slots.deinitialize(count: capacity)
        slots.deallocate()
    }

    var isFull: Bool { count >= limit }

    /// Takes a slot; its call has a new msgid. The table must not be full.
    mutating func claim() -> UnsafeMutablePointer<PendingCall> {
        precondition(!isFull, "no call may be made beyond the limit")
        var slot = slots + Int(nextID & mask)
        while slot.pointee.isBusy {
            nextID &+= 1
            slot = slots + Int(nextID & mask)
        }
        slot.pointee.msgid = nextID
        slot.pointee.isBusy = true
        nextID &+= 1
        count += 1
        return slot
    }

    /// The call with this msgid; nil where none is in flight.
    func find(_ msgid: UInt32) -> UnsafeMutablePointer<PendingCall>? {
        let slot = slots + Int(msgid & mask)
        return slot.pointee.isBusy && slot.pointee.msgid == msgid ? slot : nil
    }

    /// The call in slot `index`; nil where the slot is free.
    func slot(_ index: Int) -> UnsafeMutablePointer<PendingCall>? {
        slots[index].isBusy ? slots + index : nil
    }

    /// The slot's number, as deadlines are kept by it.
    func index(of call: UnsafeMutablePointer<PendingCall>) -> Int {
        call - slots
    }

    /// Gives the slot back.
    mutating func free(_ call: UnsafeMutablePointer<PendingCall>) {
        call.pointee.isBusy = false
        call.pointee.continuation = nil
        if call.pointee.resend != nil { call.pointee.resend = nil }
        count -= 1
    }
}

/// What it takes to send an idempotent call again.
final class Resend {
    let method: RPCMethod
    /// Encoded params, header included.
    let params: [UInt8]
    let options: CallOptions
    let startedAt: MonotonicTime
    var attempt = 1
    /// Whether it waits for its back-off to pass rather than for a reply.
    var isBackingOff = false

    init(method: RPCMethod, params: [UInt8], options: CallOptions, startedAt: MonotonicTime) {
        self.method = method
        self.params = params
        self.options = options
        self.startedAt = startedAt
    }
}

/// How a call ended, as it passes from the socket to whoever waits. The bytes belong to a received message and are alive
/// until the jobs that this reply made ready have run once.
struct RawReply {
    enum Kind: UInt8 {
        /// A bin result: the bytes inside it.
        case payload
        /// Any other result, encoded.
        case value
        /// An encoded error.
        case remoteError
        case deadlineExceeded
        case attemptsSpent
        case cancelled
        case closed
    }

    var kind: Kind
    var bytes: UnsafeRawPointer?
    var count = 0
    var attempts = 0

    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }
}
