// The calls of a client that are in flight: found by msgid, without a dictionary.

import RingmasterProtocol

/// One call in flight.
struct PendingCall {
    var msgid: UInt32 = 0
    var isBusy = false
    /// Cancelled between taking the slot and sending the request.
    var isCancelled = false
    /// The pipeline that made the call; nil where a task waits for it. The client's core keeps the pipeline alive while
    /// it has calls in flight.
    var pipeline: Unmanaged<CallPipeline>?
    /// The pipeline's own number for the call.
    var tag: UInt64 = 0
    /// The task that waits, and how it wants the reply.
    var waiter: CallWaiter?
    /// What is called with the reply, in place, where neither a pipeline nor a task waits.
    var completion: ((RawReply) -> Void)?
    /// What it takes to send it again; nil for a call that is sent once.
    var resend: Resend?
}

/// A table of slots indexed by the low bits of a msgid. Msgids count up, so one comes back only after 2^32 calls, and a
/// slot that is still busy is passed over.
///
/// The table has at least twice as many slots as calls are in flight, so a free one is near. Claiming, finding and freeing
/// are O(1) and allocate nothing. It begins small and grows with what is in flight: room for 65,536 calls is 13 MB, whose
/// first touch would keep a loop from everything else for milliseconds each time that it makes a client.
struct CallTable: ~Copyable {
    private static let firstCapacity = 256

    private var slots: UnsafeMutablePointer<PendingCall>
    private var mask: UInt32
    private var nextID: UInt32
    private(set) var count = 0
    /// So many calls in flight fill half of the slots.
    private var crowd: Int
    let limit: Int

    var capacity: Int { Int(mask) + 1 }

    /// - Parameter firstID: The first msgid to be given.
    init(limit: Int, firstID: UInt32 = 0) {
        precondition((1...Limits.inFlightMax).contains(limit), "1 to \(Limits.inFlightMax) calls can be in flight")
        self.limit = limit
        var capacity = 2
        while capacity < min(2 * limit, Self.firstCapacity) { capacity *= 2 }
        mask = UInt32(capacity - 1)
        crowd = capacity / 2
        nextID = firstID
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: PendingCall(), count: capacity)
    }

    deinit {
        slots.deinitialize(count: capacity)
        slots.deallocate()
    }

    @inline(__always)
    var isFull: Bool { count >= limit }

    /// Whether it has to grow before the next call.
    @inline(__always)
    var isCrowded: Bool { count >= crowd }

    /// Where the call of a busy slot will be when the table has grown.
    func indexAfterGrowth(_ index: Int) -> Int {
        Int(slots[index].msgid & (mask << 1 | 1))
    }

    /// Doubles the slots. Pointers and indices from before are void; msgids hold. O(slots).
    mutating func grow() {
        let former = (slots: slots, capacity: capacity)
        slots = .allocate(capacity: 2 * former.capacity)
        slots.initialize(repeating: PendingCall(), count: 2 * former.capacity)
        mask = mask << 1 | 1
        crowd = former.capacity
        // Calls that had slots of their own by fewer bits of their msgids have so by one bit more.
        for index in 0..<former.capacity where former.slots[index].isBusy {
            slots[Int(former.slots[index].msgid & mask)] = former.slots[index]
        }
        former.slots.deinitialize(count: former.capacity)
        former.slots.deallocate()
    }

    /// Takes a slot; its call has a new msgid. The table must be neither full nor crowded.
    @inline(__always)
    mutating func claim() -> UnsafeMutablePointer<PendingCall> {
        precondition(!isFull && !isCrowded, "no call may be made beyond the limit")
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
    @inline(__always)
    func find(_ msgid: UInt32) -> UnsafeMutablePointer<PendingCall>? {
        let slot = slots + Int(msgid & mask)
        return slot.pointee.isBusy && slot.pointee.msgid == msgid ? slot : nil
    }

    /// The msgid of the call in slot `index`; nil where the slot is free.
    func msgid(inSlot index: Int) -> UInt32? {
        slots[index].isBusy ? slots[index].msgid : nil
    }

    /// The msgids of all calls in flight. O(slots).
    var msgids: [UInt32] { (0..<capacity).compactMap { msgid(inSlot: $0) } }

    /// The slot's number, as deadlines are kept by it.
    @inline(__always)
    func index(of call: UnsafeMutablePointer<PendingCall>) -> Int {
        call - slots
    }

    /// Gives the slot back.
    @inline(__always)
    mutating func free(_ call: UnsafeMutablePointer<PendingCall>) {
        call.pointee.isBusy = false
        call.pointee.isCancelled = false
        call.pointee.waiter = nil
        call.pointee.pipeline = nil
        if call.pointee.completion != nil { call.pointee.completion = nil }
        if call.pointee.resend != nil { call.pointee.resend = nil }
        count -= 1
    }
}

/// What it takes to send an idempotent call again.
final class Resend {
    let method: RPCMethod
    /// The payload of a raw call, or the encoded params of another.
    let content: [UInt8]
    let isPayload: Bool
    let options: CallOptions
    let policy: RetryPolicy
    let startedAt: MonotonicTime
    var sentAt: MonotonicTime
    var attempt: UInt32 = 1
    /// Whether it waits for its back-off to pass rather than for a reply.
    var isBackingOff = false

    init(
        method: RPCMethod,
        content: [UInt8],
        isPayload: Bool,
        options: CallOptions,
        policy: RetryPolicy,
        now: MonotonicTime
    ) {
        self.method = method
        self.content = content
        self.isPayload = isPayload
        self.options = options
        self.policy = policy
        startedAt = now
        sentAt = now
    }
}

/// A task that waits for a reply, and how it wants it. It may resume on any thread, so it gets what outlives the message.
///
/// @unchecked Sendable: the caller of the buffer is suspended until the loop has filled it.
struct CallWaiter: @unchecked Sendable {
    enum Form {
        /// The bytes of a payload, in an array.
        case payload
        /// The bytes of a payload, in a buffer that is used again and again.
        case payloadInto(Unmanaged<ReplyBuffer>)
        /// The result with its MessagePack header.
        case value
    }

    let continuation: Resumption<CallOutcome>
    let form: Form

    /// Resumes the task. The reply's bytes may be gone afterwards.
    @inline(__always)
    func resume(_ reply: RawReply) {
        var outcome = CallOutcome(kind: reply.kind, attempts: reply.attempts)
        switch (form, reply.kind) {
        case (.payload, .payload), (_, .remoteError): outcome.bytes = Array(reply.buffer)
        case (.payloadInto(let buffer), .payload): buffer._withUnsafeGuaranteedRef { $0.fill(reply.buffer) }
        case (.value, .payload), (.value, .value): outcome.bytes = Array(reply.valueBuffer)
        default: break
        }
        continuation.resume(returning: outcome)
    }
}

/// How a call ended, on its way to the task that waits.
struct CallOutcome: Sendable {
    var kind: RawReply.Kind
    /// The reply or the encoded error, where it is not in a buffer of the caller's.
    var bytes: [UInt8] = []
    var attempts = 0
}

/// How a call ended, in place. The bytes belong to a received message and are alive until it is released.
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
        case overloaded
        case closed
        case disconnected
    }

    var kind: Kind
    var bytes: UnsafeRawPointer?
    var count = 0
    /// Of a payload: how many bytes of MessagePack header stand before it.
    var headerCount = 0
    var attempts = 0

    @inline(__always)
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

    /// The result with its MessagePack header.
    var valueBuffer: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.map { $0 - headerCount }, count: count + headerCount)
    }
}
