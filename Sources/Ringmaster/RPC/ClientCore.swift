// The client's inside: one connection, the calls in flight on it, their deadlines and resends. `RPCClient` is its front.
//
// Pattern: the Lazy Pirate of the ZeroMQ guide (chapter 4), on a DEALER and for many calls at once.

import CShim
import RingmasterProtocol

/// Everything a client owns.
///
/// @unchecked Sendable: confined to the loop's thread, which every way in checks; other threads only pass it on.
final class ClientCore: SocketHandler, Flushable, @unchecked Sendable {
    // Exclusivity is left unchecked for what each request touches: one thread, and no access lasts over a call out. The
    // checks would cost a tenth of a request.
    let loop: EventLoop
    let endpoint: Endpoint
    let configuration: RPCClientConfiguration
    @exclusivity(unchecked) private(set) var isClosed = false
    @exclusivity(unchecked) private var counts = RPCClientStatistics()

    private let context: MessagingContext
    private let identity: [UInt8]
    private let pool: OpaquePointer
    private let batch: OpaquePointer
    @exclusivity(unchecked) private var socket: LoopSocket
    @exclusivity(unchecked) private var outbox: Outbox
    @exclusivity(unchecked) private var calls: CallTable
    @exclusivity(unchecked) private var wheel: DeadlineWheel
    private var wheelTimer: LoopTimer!
    @exclusivity(unchecked) private var wheelWakesAt = MonotonicTime.distantFuture
    @exclusivity(unchecked) private var gathering = GatheringClock()
    @exclusivity(unchecked) private var lastID: UInt32 = 0
    private var holdTimer: LoopTimer!
    @exclusivity(unchecked) private var pipelines: [CallPipeline] = []
    @exclusivity(unchecked) private var waiting = WaitingCalls()
    /// Who is asked first when room is shared: a pipeline by its index, or the callers that wait behind the last.
    private var firstInRoom = 0
    private var connectedAt: MonotonicTime
    private var lastHeard: MonotonicTime
    /// How long the present connection may be silent from its beginning.
    private var patience = Duration.zero
    private var suspension: SuspensionWatch!
    /// Told what becomes of the connection, on the loop. Only where calls fail when it breaks.
    var connectionChanged: ((ConnectionEvent) -> Void)?

    init(
        endpoint: Endpoint,
        configuration: RPCClientConfiguration,
        context: MessagingContext,
        loop: EventLoop,
        suspendedNs: (() -> Int64)? = nil
    ) throws(TransportError) {
        loop.checkIsolated()
        self.loop = loop
        self.endpoint = endpoint
        self.configuration = configuration
        self.context = context
        var random = loop.host.random
        let identity = configuration.identity ?? (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        precondition((1...16).contains(identity.count), "a client's identity has 1 to 16 bytes")
        self.identity = identity
        let events = ConnectionReports()
        socket = try Self.connect(to: endpoint, as: identity, configuration, context, loop, events)
        pool = makePool()
        batch = makeBatch(parts: 1)
        outbox = Outbox(pool: pool, framesMax: configuration.coalescing ? configuration.framesPerMessageMax : 1)
        // A client that comes back under its identity must not take replies to its previous life for its own.
        calls = CallTable(limit: configuration.inFlightMax, firstID: .random(in: .min ... .max, using: &random))
        connectedAt = loop.refreshNow()
        lastHeard = loop.now
        wheel = DeadlineWheel(capacity: calls.capacity, now: loop.now)
        socket.handler = self
        wheelTimer = loop.timer { [unowned self] in expireDeadlines() }
        holdTimer = loop.timer { [unowned self] in flush() }
        suspension = SuspensionWatch(loop: loop, suspendedNs: suspendedNs ?? loop.host.suspendedNs) { [unowned self] in
            resetConnection()
        }
        events.receiver = self
    }

    deinit {
        precondition(isClosed, "a client must be closed before it is let go")
        rm_batch_destroy(batch)
        rm_pool_destroy(pool)
    }

    private static func connect(
        to endpoint: Endpoint,
        as identity: [UInt8],
        _ configuration: RPCClientConfiguration,
        _ context: MessagingContext,
        _ loop: EventLoop,
        _ events: ConnectionReports
    ) throws(TransportError) -> LoopSocket {
        let socket = try LoopSocket(
            kind: RM_DEALER,
            settings: configuration.socket,
            security: configuration.security,
            context: context,
            loop: loop
        )
        do {
            try socket.set(ZMQ_ROUTING_ID, identity)
            if configuration.failsWhenDisconnected { try socket.monitor { events.receive($0) } }
            try socket.connect(endpoint)
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    // MARK: Calls

    /// Whether a call can begin now.
    @inline(__always)
    var hasRoom: Bool { !calls.isFull && !isClosed }

    /// Calls in flight.
    var inFlight: Int { calls.count }

    /// Calls that wait for room.
    var waitingCount: Int { waiting.count }

    var statistics: RPCClientStatistics {
        var counts = counts
        counts.droppedFrames = outbox.droppedFrames
        return counts
    }

    /// Takes a slot for a call; its deadline runs. There must be room.
    @inline(__always)
    func reserve(_ options: CallOptions) -> UInt32 {
        claim(options).pointee.msgid
    }

    /// Sends the call in a reserved slot and has its end resume `waiter`.
    @inline(__always)
    func send(
        _ msgid: UInt32,
        _ method: RPCMethod,
        payload: UnsafeRawBufferPointer,
        _ options: CallOptions,
        _ waiter: CallWaiter
    ) {
        guard let call = awaited(msgid, waiter) else { return }
        if let policy = options.retry {
            call.pointee.resend = Resend(
                method: method,
                content: Array(payload),
                isPayload: true,
                options: options,
                policy: policy,
                now: loop.now
            )
        }
        writePayload(msgid, method, payload, options, budgetNs: options.timeoutNs, attempt: 1)
    }

    private func send(
        _ msgid: UInt32,
        _ method: RPCMethod,
        params: [UInt8],
        _ options: CallOptions,
        _ waiter: CallWaiter
    ) {
        guard let call = awaited(msgid, waiter) else { return }
        if let policy = options.retry {
            call.pointee.resend = Resend(
                method: method,
                content: params,
                isPayload: false,
                options: options,
                policy: policy,
                now: loop.now
            )
        }
        writeParams(msgid, method, params, options, budgetNs: options.timeoutNs, attempt: 1)
    }

    /// The call in a reserved slot, with its waiter; nil where it ended before it was sent.
    @inline(__always)
    private func awaited(_ msgid: UInt32, _ waiter: CallWaiter) -> UnsafeMutablePointer<PendingCall>? {
        guard let call = calls.find(msgid) else {
            waiter.resume(RawReply(kind: isClosed ? .closed : .deadlineExceeded))
            return nil
        }
        call.pointee.waiter = waiter
        guard !call.pointee.isCancelled else {
            endCancelled(call)
            return nil
        }
        return call
    }

    /// Sends a call of a pipeline.
    @inline(__always)
    func send(from pipeline: CallPipeline, _ payload: UnsafeRawBufferPointer, tag: UInt64) {
        precondition(payload.count <= Limits.payloadBytesMax, "the payload is above Limits.payloadBytesMax")
        let options = pipeline.options
        let call = claim(options)
        call.pointee.pipeline = Unmanaged.passUnretained(pipeline)
        call.pointee.tag = tag
        if let policy = options.retry {
            call.pointee.resend = Resend(
                method: pipeline.method,
                content: Array(payload),
                isPayload: true,
                options: options,
                policy: policy,
                now: loop.now
            )
        }
        writePayload(call.pointee.msgid, pipeline.method, payload, options, budgetNs: options.timeoutNs, attempt: 1)
    }

    /// Sends a call whose reply is given to `completion` on the loop; its bytes are alive until that returns.
    func call(
        _ method: RPCMethod,
        _ payload: [UInt8],
        _ options: CallOptions,
        _ completion: @escaping (RawReply) -> Void
    ) {
        guard hasRoom else { return completion(RawReply(kind: isClosed ? .closed : .overloaded)) }
        let call = claim(options)
        call.pointee.completion = completion
        let msgid = call.pointee.msgid
        lastID = msgid
        payload.withUnsafeBytes {
            writePayload(msgid, method, $0, options, budgetNs: options.timeoutNs, attempt: 1)
        }
    }

    /// Sends a notification, which has no reply. `params` are encoded, header included.
    func notify(_ method: RPCMethod, params: [UInt8]) {
        guard !isClosed else { return }
        let room = RM_HEAD_MAX + params.count
        let start = outbox.reserve(room, on: route)
        let end = method.encoded.withUnsafeBufferPointer {
            rm_frame_put_notification(start, $0.baseAddress, $0.count)!
        }
        params.withUnsafeBufferPointer { end.update(from: $0.baseAddress!, count: $0.count) }
        commit(end + params.count)
    }

    @inline(__always)
    private func claim(_ options: CallOptions) -> UnsafeMutablePointer<PendingCall> {
        counts.calls += 1
        if calls.isCrowded { makeRoom() }
        let call = calls.claim()
        if options.timeoutNs > 0 {
            let wait = options.retry.map { min($0.attemptTimeout.nanosecondsClamped, options.timeoutNs) }
            setDeadline(of: call, to: loop.now.adding(nanoseconds: wait ?? options.timeoutNs))
        }
        return call
    }

    @inline(never)
    private func makeRoom() {
        wheel.grow(to: 2 * calls.capacity) { calls.indexAfterGrowth($0) }
        calls.grow()
    }

    @inline(__always)
    private func writePayload(
        _ msgid: UInt32,
        _ method: RPCMethod,
        _ payload: UnsafeRawBufferPointer,
        _ options: CallOptions,
        budgetNs: Int64,
        attempt: UInt32
    ) {
        let room = RM_HEAD_MAX + payload.count + RM_TAIL_MAX
        let start = outbox.reserve(room, on: route)
        let end = method.encoded.withUnsafeBufferPointer {
            rm_frame_put_payload_request(
                start,
                options.fieldCount,
                msgid,
                $0.baseAddress,
                $0.count,
                payload.baseAddress,
                UInt32(payload.count),
                UInt64(budgetNs / 1000),
                attempt
            )!
        }
        commit(end)
    }

    private func writeParams(
        _ msgid: UInt32,
        _ method: RPCMethod,
        _ params: [UInt8],
        _ options: CallOptions,
        budgetNs: Int64,
        attempt: UInt32
    ) {
        let room = RM_HEAD_MAX + params.count + RM_TAIL_MAX
        let start = outbox.reserve(room, on: route)
        let head = method.encoded.withUnsafeBufferPointer {
            rm_frame_put_request(start, options.fieldCount, msgid, $0.baseAddress, $0.count)!
        }
        params.withUnsafeBufferPointer { head.update(from: $0.baseAddress!, count: $0.count) }
        commit(rm_frame_put_tail(head + params.count, options.fieldCount, UInt64(budgetNs / 1000), attempt))
    }

    /// The caller has gone: the server is told, and whoever waits is resumed.
    func cancel(_ msgid: UInt32) {
        guard let call = calls.find(msgid) else { return }
        guard call.pointee.waiter != nil else {
            // It is not sent yet; whoever is about to send it finds it cancelled.
            call.pointee.isCancelled = true
            return
        }
        let start = outbox.reserve(RM_HEAD_MAX, on: route)
        commit(rm_frame_put_cancel(start, msgid))
        endCancelled(call)
    }

    private func endCancelled(_ call: UnsafeMutablePointer<PendingCall>) {
        counts.cancelled += 1
        complete(call, RawReply(kind: .cancelled))
        shareRoom()
    }

    /// Counts a call that was cancelled before it took a slot.
    func countCancelled() { counts.cancelled += 1 }

    // MARK: Calls from elsewhere, and calls that wait for room

    /// Takes a call in: it is sent, waits for room, or ends at once.
    func submit(_ call: SubmittedCall) {
        loop.checkIsolated()
        // The call may be younger than the loop's last look at the clock: it would have more time than it was given.
        if loop.now < call.startedAt { loop.refreshNow() }
        guard !isClosed else { return call.end(.closed) }
        guard !call.isCancelled.load(ordering: .relaxed) else {
            counts.cancelled += 1
            return call.end(.cancelled)
        }
        guard calls.isFull || waiting.count > 0 else { return send(call) }
        guard configuration.backpressure == .wait, waiting.count < Limits.waitingCallersMax else {
            counts.refusedCalls += 1
            return call.end(.overloaded)
        }
        if call.deadline < .distantFuture {
            let timer = loop.timer { [unowned self, unowned call] in endWait(call, .deadlineExceeded) }
            call.timer = timer
            loop.arm(timer, at: call.deadline)
        }
        call.isWaiting = true
        waiting.append(call)
    }

    /// Sends a call that was submitted; its time runs since then.
    private func send(_ call: SubmittedCall) {
        guard let continuation = call.continuation else { return }
        call.continuation = nil
        if let timer = call.timer { loop.disarm(timer) }
        var options = call.options
        if options.timeoutNs > 0 {
            options.timeoutNs -= loop.now.nanoseconds - call.startedAt.nanoseconds
            guard options.timeoutNs > 0 else {
                counts.deadlinesExceeded += 1
                return continuation.resume(returning: CallOutcome(kind: .deadlineExceeded))
            }
            options.timeoutNs = max(CallOptions.timeoutNsMin, options.timeoutNs)
        }
        let msgid = reserve(options)
        let waiter = CallWaiter(continuation: continuation, form: call.form)
        call.msgid = msgid
        switch call.content {
        case .payload(let bytes): bytes.withUnsafeBytes { send(msgid, call.method, payload: $0, options, waiter) }
        case .params(let bytes): send(msgid, call.method, params: bytes, options, waiter)
        }
    }

    /// Ends a call that was submitted, wherever it is.
    func cancel(_ call: SubmittedCall) {
        if let msgid = call.msgid {
            cancel(msgid)
        } else {
            // One that has not arrived yet finds itself cancelled when it does.
            endWait(call, .cancelled)
        }
    }

    private func endWait(_ call: SubmittedCall, _ kind: RawReply.Kind) {
        // One that has not arrived is still its caller's: `isWaiting` is the loop's own.
        guard call.isWaiting, call.continuation != nil else { return }
        if kind == .deadlineExceeded { counts.deadlinesExceeded += 1 } else { counts.cancelled += 1 }
        if let timer = call.timer { loop.disarm(timer) }
        call.end(kind)
        waiting.ended()
    }

    /// Sends calls that wait, as far as there is room.
    @inline(__always)
    private func letIn() {
        guard waiting.count > 0 else { return }
        while isClosed || !calls.isFull, let call = waiting.popFirst() {
            if isClosed {
                if let timer = call.timer { loop.disarm(timer) }
                call.end(.closed)
            } else {
                send(call)
            }
        }
    }

    // MARK: Pipelines

    /// Begins a pipeline; it is kept until it ends.
    func begin(_ pipeline: CallPipeline) {
        pipelines.append(pipeline)
        pipeline.fill()
        pipeline.finishIfDone()
    }

    func fill(_ pipeline: CallPipeline) {
        pipeline.fill()
        pipeline.finishIfDone()
    }

    func forget(_ pipeline: CallPipeline) {
        pipelines.removeAll { $0 === pipeline }
    }

    /// Gives the room there is to the pipelines and to the callers that wait.
    @inline(__always)
    private func shareRoom() {
        guard waiting.count > 0 || pipelines.count > 1 else {
            if let pipeline = pipelines.first { fill(pipeline) }
            return
        }
        shareRoomInTurn()
    }

    /// Each is the first to be asked in turn: any of them may take all the room, and would do so for ever.
    private func shareRoomInTurn() {
        let pipelines = pipelines
        let count = pipelines.count + 1
        firstInRoom = (firstInRoom + 1) % count
        for offset in 0..<count {
            let index = (firstInRoom + offset) % count
            if index < pipelines.count { fill(pipelines[index]) } else { letIn() }
        }
    }

    // MARK: Replies

    func socketMayBeReady(_ socket: LoopSocket) {
        if socket.wantsWritable { flush() }
        let count = rm_batch_receive(batch, socket.raw, socket.expectedMessages, Limits.batchBytesMax)
        guard count > 0 else { return }
        lastHeard = loop.now
        var repliesBefore = counts.replies
        for index in 0..<UInt32(count) {
            let body = rm_batch_parts(batch, index)!.pointee
            if rm_batch_part_count(batch, index) == 1 {
                read(body)
            } else {
                counts.malformed += 1
            }
            if counts.replies - repliesBefore >= Self.repliesPerSharing {
                repliesBefore = counts.replies
                shareRoom()
            }
        }
        shareRoom()
        rm_batch_release(batch)
        // Room may have come for what waits.
        if configuration.gathersWhileUnanswered, !outbox.isEmpty { flushSoon() }
    }

    /// After so many replies the room that they left is given away: seldom enough to cost little, often enough that the
    /// server does not wait for the end of a batch.
    private static let repliesPerSharing = 16

    /// Reads the frames of one message, which may be many.
    private func read(_ body: rm_part) {
        var at = body.bytes
        var left = body.length
        var frame = rm_frame()
        // An empty message has no frame either, and is counted like any that cannot be read.
        repeat {
            let length = Int(rm_frame_read(at, left, &frame))
            guard length > 0, frame.kind == UInt32(RM_RESPONSE) else {
                // Where one frame ends unreadably, the next cannot be found.
                counts.malformed += 1
                return
            }
            receive(frame)
            at = at.unsafelyUnwrapped + length
            left -= length
        } while left > 0
    }

    @inline(__always)
    private func receive(_ frame: rm_frame) {
        guard let call = calls.find(frame.msgid) else {
            counts.unmatchedReplies += 1
            return
        }
        counts.replies += 1
        if configuration.gathersWhileUnanswered { gathering.answered(UInt64(frame.msgid), now: loop.now) }
        let reply: RawReply
        if frame.error != nil {
            reply = RawReply(kind: .remoteError, bytes: frame.error, count: frame.error_length)
        } else if frame.payload != nil {
            reply = RawReply(
                kind: .payload,
                bytes: frame.payload,
                count: frame.payload_length,
                headerCount: frame.payload - frame.value
            )
        } else {
            reply = RawReply(kind: .value, bytes: frame.value, count: frame.value_length)
        }
        complete(call, reply)
    }

    /// Ends a call: its slot is free before whoever made it learns.
    @inline(__always)
    private func complete(_ call: UnsafeMutablePointer<PendingCall>, _ reply: RawReply) {
        wheel.clear(calls.index(of: call))
        let pipeline = call.pointee.pipeline
        let waiter = call.pointee.waiter
        let tag = call.pointee.tag
        let completion = call.pointee.completion
        calls.free(call)
        if let pipeline {
            pipeline._withUnsafeGuaranteedRef { $0.receive(reply, tag: tag) }
        } else if let completion {
            completion(reply)
        } else {
            waiter?.resume(reply)
        }
    }

    // MARK: Deadlines and resends

    @inline(__always)
    private func setDeadline(of call: UnsafeMutablePointer<PendingCall>, to deadline: MonotonicTime) {
        wheel.set(calls.index(of: call), to: deadline)
        guard deadline < wheelWakesAt else { return }
        wheelWakesAt = deadline.adding(nanoseconds: DeadlineWheel.tickNs)
        loop.arm(wheelTimer, at: wheelWakesAt)
    }

    private func expireDeadlines() {
        // By msgid: what the end of one call leads to may give another the slot, or have the table grow.
        var expired: [UInt32] = []
        wheel.advance(to: loop.now) { _, slot in
            if let msgid = calls.msgid(inSlot: slot) { expired.append(msgid) }
        }
        for msgid in expired {
            guard let call = calls.find(msgid) else { continue }
            if let resend = call.pointee.resend {
                retry(call, resend)
            } else {
                counts.deadlinesExceeded += 1
                complete(call, RawReply(kind: .deadlineExceeded))
            }
        }
        shareRoom()
        wheelWakesAt = .distantFuture
        if let next = wheel.earliestBound {
            wheelWakesAt = next
            loop.arm(wheelTimer, at: next)
        }
    }

    /// An attempt has gone unanswered, or its back-off is over.
    private func retry(_ call: UnsafeMutablePointer<PendingCall>, _ resend: Resend) {
        let budget = Duration.nanoseconds(resend.options.timeoutNs)
        let elapsed = loop.now.since(resend.startedAt)
        if resend.isBackingOff {
            resend.isBackingOff = false
            resend.attempt += 1
            sendAgain(call, resend, budget: budget, elapsed: elapsed)
            return
        }
        // Silence since the attempt was sent: the connection may be dead without the kernel knowing.
        if lastHeard < resend.sentAt, connectedAt < resend.sentAt { replaceSilentConnection(resend.policy) }
        var random = loop.host.random
        switch resend.policy.decision(
            attempt: Int(resend.attempt),
            elapsed: elapsed,
            budget: budget,
            using: &random
        ) {
        case .retry(let delay):
            resend.isBackingOff = true
            wheel.set(calls.index(of: call), to: loop.now.advanced(by: delay))
        case .giveUp(.attemptsSpent):
            complete(call, RawReply(kind: .attemptsSpent, attempts: Int(resend.attempt)))
        case .giveUp(.deadlinePassed):
            counts.deadlinesExceeded += 1
            complete(call, RawReply(kind: .deadlineExceeded))
        }
    }

    /// Replaces a connection that stood and fell silent at once, and one on which nothing was ever heard only after twice
    /// the time that the one before had: a connection may take longer to come about than an attempt may last.
    private func replaceSilentConnection(_ policy: RetryPolicy) {
        if lastHeard >= connectedAt { patience = .zero }
        guard loop.now.since(connectedAt) >= patience else { return }
        patience = min(max(policy.attemptTimeout, patience * 2), configuration.socket.handshakeInterval * 2)
        resetConnection()
    }

    private func sendAgain(
        _ call: UnsafeMutablePointer<PendingCall>,
        _ resend: Resend,
        budget: Duration,
        elapsed: Duration
    ) {
        counts.resends += 1
        resend.sentAt = loop.now
        let left = max(CallOptions.timeoutNsMin, (budget - elapsed).nanosecondsClamped)
        let wait = resend.policy.attemptTimeout(elapsed: elapsed, budget: budget)
        wheel.set(calls.index(of: call), to: loop.now.advanced(by: wait))
        let msgid = call.pointee.msgid
        if resend.isPayload {
            resend.content.withUnsafeBytes {
                writePayload(msgid, resend.method, $0, resend.options, budgetNs: left, attempt: resend.attempt)
            }
        } else {
            writeParams(
                msgid,
                resend.method,
                resend.content,
                resend.options,
                budgetNs: left,
                attempt: resend.attempt
            )
        }
    }

    // MARK: The connection

    /// Leaves the connection for a new one under the same identity. Replies on their way come to the new one; requests
    /// that never left are lost, and those of idempotent calls are sent again in their time.
    private func resetConnection() {
        guard !isClosed else { return }
        let events = ConnectionReports()
        guard let fresh = try? Self.connect(to: endpoint, as: identity, configuration, context, loop, events) else {
            // Descriptors ran out; the old connection is all there is, and libzmq goes on mending it.
            return
        }
        counts.resets += 1
        outbox.clear()
        // What the old socket has not sent must not arrive beside the new one's.
        try? socket.set(ZMQ_LINGER, 0)
        socket.close()
        socket = fresh
        socket.handler = self
        events.receiver = self
        connectedAt = loop.now
    }

    /// Something became of the connection. One that broke is left for a new one, so that nothing which waits in it arrives
    /// after its caller has turned elsewhere.
    fileprivate func receive(_ event: ConnectionEvent) {
        if case .disconnected = event {
            resetConnection()
            failEverything(.disconnected)
        }
        connectionChanged?(event)
    }

    /// Ends every call in flight.
    private func failEverything(_ kind: RawReply.Kind) {
        gathering.reset()
        for msgid in calls.msgids {
            if let call = calls.find(msgid) { complete(call, RawReply(kind: kind)) }
        }
    }

    @inline(__always)
    private var route: Outbox.Route { Outbox.Route(socket: socket.raw, identity: nil, identityLength: 0) }

    /// More frames than these are worth a message at once.
    private var framesHeldMax: Int { min(Limits.framesHeldMax, configuration.framesPerMessageMax) }

    @inline(__always)
    private func commit(_ end: UnsafeMutablePointer<UInt8>) {
        if outbox.commit(upTo: end, on: route) == .blocked { socket.wantsWritable = true }
        flushSoon()
    }

    @inline(__always)
    private func flushSoon() {
        guard !outbox.isDirty else { return }
        outbox.isDirty = true
        loop.flushLater(self)
    }

    func flush() {
        outbox.isDirty = false
        guard !isClosed else { return }
        if configuration.gathersWhileUnanswered {
            let gathered = outbox.frames
            let unanswered = calls.count - gathered
            if gathering.holds(gathered: gathered, unanswered: unanswered, most: framesHeldMax, now: loop.now) {
                if let ends = gathering.holdEnds, holdTimer.deadline != ends || !holdTimer.isArmed {
                    loop.arm(holdTimer, at: ends)
                }
                return
            }
            gathering.sent(UInt64(lastID), now: loop.now)
        }
        sendGathered()
    }

    private func sendGathered() {
        socket.wantsWritable = outbox.flush(route) == .blocked
        loop.touch(socket)
    }

    /// Fails every call in flight and closes the connection.
    func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        sendGathered()
        isClosed = true
        suspension.stop()
        loop.disarm(wheelTimer)
        loop.disarm(holdTimer)
        failEverything(.closed)
        letIn()
        for pipeline in pipelines { pipeline.finishIfDone() }
        outbox.clear()
        socket.close()
    }
}

/// Passes on what a socket's monitor reports, to a client that is made after its socket. Confined to the loop's thread.
private final class ConnectionReports {
    // Until the socket is closed: each keeps the other alive.
    var receiver: ClientCore?

    func receive(_ event: ConnectionEvent) {
        receiver?.receive(event)
    }
}

/// The blocks of one socket's outgoing frames.
func makePool() -> OpaquePointer {
    var pool: OpaquePointer?
    guard rm_pool_create(Limits.blockBytes, UInt32(Limits.idleBlocksMax), &pool) == 0, let pool else {
        fatalError("out of memory for a socket's blocks")
    }
    return pool
}

/// Room for what one socket receives at once.
func makeBatch(parts: UInt32) -> OpaquePointer {
    var batch: OpaquePointer?
    guard rm_batch_create(UInt32(Limits.messagesPerBatchMax), parts, &batch) == 0, let batch else {
        fatalError("out of memory for a socket's messages")
    }
    return batch
}
