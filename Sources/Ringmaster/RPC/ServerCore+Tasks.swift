// Requests to async handlers: the limit on how many run, the queue behind it, deadlines, cancellation, resends.

import CShim
import RingmasterProtocol

extension ServerCore {
    /// Takes a request in: it runs now, waits its turn, or is refused.
    func start(_ handler: @escaping RPCService.ValueHandler, _ frame: rm_frame, from peer: ServerPeer) {
        let isNotification = frame.kind == UInt32(RM_NOTIFICATION)
        guard
            running < configuration.concurrentHandlersMax || waiting.count < configuration.queuedRequestsMax
                || dropWhatNobodyWaitsFor()
        else {
            counts.overloaded += 1
            if !isNotification {
                let limit = configuration.queuedRequestsMax
                fail(frame.msgid, of: peer, .overloaded, "\(limit) requests are waiting already; try again later")
            }
            return
        }
        let request = ActiveRequest(
            peer: peer,
            msgid: frame.msgid,
            attempt: frame.attempt,
            deadline: deadline(of: frame),
            handler: handler,
            params: Array(UnsafeRawBufferPointer(start: frame.value, count: frame.value_length)),
            isNotification: isNotification
        )
        if !isNotification, let previous = peer.active.updateValue(request, forKey: frame.msgid) {
            // The msgid is used anew, so the client has been restarted or has given the call up.
            counts.cancelled += 1
            abandon(previous)
        }
        if running < configuration.concurrentHandlersMax {
            run(request)
        } else {
            waiting.append(request)
        }
    }

    func deadline(of frame: rm_frame) -> MonotonicTime {
        guard frame.budget_us > 0 else { return .distantFuture }
        let (ns, overflow) = frame.budget_us.multipliedReportingOverflow(by: 1000)
        return overflow ? .distantFuture : loop.now.adding(nanoseconds: Int64(clamping: ns))
    }

    private func run(_ request: ActiveRequest) {
        request.place = running
        runningRequests.append(request)
        let context = RequestContext(
            peer: request.peer.identity,
            deadline: request.deadline == .distantFuture ? nil : .now + request.deadline.since(loop.now),
            attempt: Int(request.attempt)
        )
        let (handler, params) = (request.handler, request.params)
        request.params = []
        let box = LoopConfined(request)
        request.task = Task { [loop] in
            let outcome: Result<[UInt8], RemoteError>
            do {
                outcome = .success(try await handler(params, context))
            } catch {
                outcome = .failure(RemoteError(thrown: error))
            }
            loop.post { self.finish(box.value, outcome) }
        }
        if request.deadline < .distantFuture {
            let timer = loop.timer { [unowned self, unowned request] in expire(request) }
            request.timer = timer
            loop.arm(timer, at: request.deadline)
        }
    }

    private func finish(_ request: ActiveRequest, _ outcome: Result<[UInt8], RemoteError>) {
        let last = runningRequests.removeLast()
        if last !== request {
            last.place = request.place
            runningRequests[request.place] = last
        }
        if let timer = request.timer { loop.disarm(timer) }
        if case .failure = outcome, !request.isAbandoned { counts.failures += 1 }
        if !request.isAbandoned { answer(request, outcome) }
        startWaiting()
        if running == 0, waiting.isEmpty { resumeDrained() }
    }

    private func answer(_ request: ActiveRequest, _ outcome: Result<[UInt8], RemoteError>) {
        guard !request.isNotification else { return }
        request.peer.active[request.msgid] = nil
        let frame: [UInt8]
        switch outcome {
        case .success(let result):
            guard result.count <= Limits.payloadBytesMax else {
                let error = RemoteError.replyTooLarge(bytes: result.count)
                fail(request.msgid, of: request.peer, error.code, error.message)
                return
            }
            frame = Self.responseFrame(request.msgid, result: result)
        case .failure(let error):
            frame = Self.errorFrame(request.msgid, error)
        }
        if request.attempt > 0 { keep(frame, for: request.msgid, of: request.peer) }
        reply(frame: frame, to: request.peer)
    }

    private func startWaiting() {
        while running < configuration.concurrentHandlersMax, let next = waiting.popFirst() {
            if next.isAbandoned { continue }
            if next.deadline <= loop.now {
                expire(next)
                continue
            }
            run(next)
        }
    }

    /// Makes room in the queue by dropping requests whose caller's time is over or who was cancelled; false where there
    /// was none. It costs O(waiting), so it looks at most once a millisecond.
    private func dropWhatNobodyWaitsFor() -> Bool {
        guard loop.now >= nextLookThroughQueue else { return false }
        nextLookThroughQueue = loop.now.adding(nanoseconds: 1_000_000)
        for request in waiting where !request.isAbandoned && request.deadline <= loop.now { expire(request) }
        let before = waiting.count
        waiting.removeAll(where: \.isAbandoned)
        return waiting.count < before
    }

    /// The caller's time is over: nobody waits for the reply, and the handler is told.
    private func expire(_ request: ActiveRequest) {
        counts.expired += 1
        abandon(request)
    }

    private func abandon(_ request: ActiveRequest) {
        request.isAbandoned = true
        if let timer = request.timer { loop.disarm(timer) }
        if request.peer.active[request.msgid] === request { request.peer.active[request.msgid] = nil }
        request.task?.cancel()
    }

    /// The caller has cancelled.
    func cancel(_ msgid: UInt32, of peer: ServerPeer) {
        guard let request = peer.active[msgid] else { return }
        counts.cancelled += 1
        abandon(request)
    }

    // MARK: Resends

    /// Whether an idempotent request needs no run: it has run, or runs now. A first attempt is always new.
    func isAnswered(_ frame: rm_frame, from peer: ServerPeer) -> Bool {
        let key = ReplyCache.Key(peer: peer.identity, msgid: frame.msgid)
        guard frame.attempt > 1 else {
            replies.forget(key)
            return false
        }
        if peer.active[frame.msgid] != nil {
            counts.duplicates += 1
            return true
        }
        guard let kept = replies.reply(to: key, now: loop.now) else { return false }
        counts.duplicates += 1
        reply(frame: kept, to: peer)
        return true
    }

    /// Keeps the response of an idempotent request for its resends.
    func keep(_ frame: [UInt8], for msgid: UInt32, of peer: ServerPeer) {
        replies.keep(frame, for: ReplyCache.Key(peer: peer.identity, msgid: msgid), now: loop.now)
    }

    static func responseFrame(_ msgid: UInt32, result: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: RM_HEAD_MAX + result.count) { buffer, count in
            let start = buffer.baseAddress!
            let end = rm_frame_put_response(start, msgid)!
            result.withUnsafeBufferPointer { end.update(from: $0.baseAddress!, count: $0.count) }
            count = end - start + result.count
        }
    }

    static func payloadFrame(_ msgid: UInt32, _ payload: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: RM_HEAD_MAX + payload.count) { buffer, count in
            let start = buffer.baseAddress!
            count = rm_frame_put_payload_response(start, msgid, payload.baseAddress, UInt32(payload.count))! - start
        }
    }

    static func errorFrame(_ msgid: UInt32, _ error: RemoteError) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: RM_HEAD_MAX + 1024) { buffer, count in
            let start = buffer.baseAddress!
            var message = error.message
            count = message.withUTF8 {
                rm_frame_put_error(start, msgid, error.code.rawValue, $0.baseAddress, $0.count)! - start
            }
        }
    }

    // MARK: Draining

    /// Whether no async handler runs or waits.
    var isDrained: Bool { running == 0 && waiting.isEmpty }

    /// Waits until no async handler runs or waits, or the time is over.
    func waitUntilDrained(atMost time: Duration, isolation: isolated (any Actor)? = #isolation) async {
        guard !isDrained, phase != .closed else { return }
        let timer = loop.timer { [unowned self] in resumeDrained() }
        loop.arm(timer, at: loop.now.advanced(by: time))
        await suspended { whenDrained.append($0) }
        loop.disarm(timer)
    }

    func resumeDrained() {
        let continuations = whenDrained
        whenDrained = []
        for continuation in continuations { continuation.resume() }
    }

    /// Resumes `continuation` when the server has closed.
    func waitUntilClosed(_ continuation: Resumption<Void>) {
        if phase == .closed {
            continuation.resume()
        } else {
            whenClosed.append(continuation)
        }
    }

    func resumeClosed() {
        let continuations = whenClosed
        whenClosed = []
        for continuation in continuations { continuation.resume() }
    }

    /// Cancels what runs and drops what waits.
    func abandonEverything() {
        for request in waiting where !request.isAbandoned { abandon(request) }
        waiting = []
        for request in runningRequests where !request.isAbandoned { abandon(request) }
    }
}
