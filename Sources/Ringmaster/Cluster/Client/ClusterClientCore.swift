// The client's inside: a session, the view it routes by, a line to each worker, and the requests under way.

import DequeModule
import RingmasterProtocol

/// Everything a client of a cluster owns.
///
/// What it waits for holds it, until it is closed, which ends all of that. Never held weakly: each retain would be slow.
///
/// @unchecked Sendable: confined to the loop's thread; other threads only pass it on.
final class ClusterClientCore: @unchecked Sendable {
    private let loop: EventLoop
    private let context: MessagingContext
    private let configuration: ClientConfiguration
    private let leader: LeaderFinder
    private var subscribers: [String: SubscriberCore] = [:]
    @exclusivity(unchecked) private(set) var view = ClusterView(ring: RingView(), members: [])
    private var lines: [WorkerIdentity: WorkerLine] = [:]
    /// The lines of the view's members, in their order; nil where none was needed yet.
    @exclusivity(unchecked) private var routes: [WorkerLine?] = []
    private var session: ClientID?
    private var isOpening = false
    @exclusivity(unchecked) private var window = SessionWindow()
    /// Begun and not ended.
    @exclusivity(unchecked) private var requests = RequestTable()
    /// Where requests are written.
    @exclusivity(unchecked) private var writer = MessagePackWriter(capacity: 256)
    /// To be sent when the view changes, or soon.
    private var parked: Deque<ClientRequest> = []
    /// How fast they are sent again.
    @exclusivity(unchecked) private var pace = ClusterLimits.resendPace
    private var random: LoopHost.Random
    /// Jobs that wait for room in the session's window, or for the session.
    @exclusivity(unchecked) private var waiting: Deque<ClientRequest> = []
    private var timer: LoopTimer!
    private var openTimer: LoopTimer!
    private var isViewAsked = false
    private var isClosed = false
    @exclusivity(unchecked) private(set) var statistics = ClientStatistics()
    private var whenOpen: [(Result<Void, ClusterError>) -> Void] = []

    init(
        configuration: ClientConfiguration,
        context: MessagingContext,
        loop: EventLoop
    ) throws(TransportError) {
        loop.checkIsolated()
        self.configuration = configuration
        self.context = context
        self.loop = loop
        random = loop.host.random
        leader = try LeaderFinder(
            endpoints: configuration.coordinators,
            security: configuration.security,
            context: context,
            loop: loop
        )
        timer = loop.timer { [unowned self] in tick() }
        openTimer = loop.timer { [unowned self] in endOpening() }
        leader.found = { [unowned self] in leaderFound() }
        leader.publishersChanged = { [unowned self] in subscribe() }
        leader.start()
    }

    // MARK: Session and view

    /// Calls `completion` once the session is open, or has not come about in time.
    func open(_ completion: @escaping (Result<Void, ClusterError>) -> Void) {
        if session != nil { return completion(.success(())) }
        whenOpen.append(completion)
        loop.arm(openTimer, at: loop.refreshNow().advanced(by: configuration.openTimeout))
    }

    private func endOpening() {
        let coordinators = configuration.coordinators.map(\.text)
        for waiter in takeOpeners() { waiter(.failure(.noQuorum(coordinators: coordinators))) }
    }

    private func takeOpeners() -> [(Result<Void, ClusterError>) -> Void] {
        loop.disarm(openTimer)
        defer { whenOpen = [] }
        return whenOpen
    }

    private func leaderFound() {
        guard !isClosed else { return }
        askForView()
        openSession()
        leader.introduce()
    }

    private func openSession() {
        guard session == nil, !isOpening, !isClosed else { return }
        isOpening = true
        faultPoint(.clientSessionSending)
        leader.call(ClusterMethods.openSession, NumberMessage.encode(random.next())) { [self] reply in
            guard !isClosed else { return }
            isOpening = false
            guard case .payload(let bytes) = reply, let id = try? NumberMessage.decode(bytes) else {
                return retrySoon()
            }
            session = ClientID(rawValue: id)
            faultPoint(.clientSessionOpened)
            for waiter in takeOpeners() { waiter(.success(())) }
            letIn()
        }
        faultPoint(.clientSessionSent)
    }

    private func askForView() {
        guard !isViewAsked else { return }
        isViewAsked = true
        leader.call(ClusterMethods.view, []) { [self] reply in
            isViewAsked = false
            guard case .payload(let bytes) = reply, let view = try? ClusterView(decoding: bytes) else { return }
            adopt(view)
        }
    }

    /// Listens to every publisher there is and to no other; the newest view wins. Each has keys of its own.
    private func subscribe() {
        guard !isClosed else { return }
        let publishers = Set(leader.publishers.values)
        for (publisher, subscriber) in subscribers where !publishers.contains(publisher) {
            subscriber.close()
            subscribers[publisher] = nil
        }
        for publisher in publishers where subscribers[publisher] == nil {
            guard let endpoint = try? Endpoint(publisher) else { continue }
            var settings = SubscriberConfiguration()
            settings.security = configuration.security(endpoint)
            let buffer = SubscriberBuffer(countMax: settings.bufferMax, bytesMax: settings.bufferBytesMax)
            subscribers[publisher] = try? SubscriberCore(
                endpoints: [endpoint],
                filters: [.exact(ClusterMethods.viewStepTopic)],
                configuration: settings,
                buffer: buffer,
                context: context,
                loop: loop
            )
            Task(executorPreference: loop.taskExecutor) { [self] in
                while let publication = await buffer.next() {
                    take(step: publication.value)
                }
            }
        }
    }

    /// Goes a step on to a newer view, or asks for that where the step does not lead from this one.
    private func take(step bytes: [UInt8]) {
        guard !isClosed, let step = try? bytes.withUnsafeBytes({ try ViewStep(decoding: $0) }),
            step.epoch > view.ring.epoch
        else { return }
        if let newer = try? step.applied(to: view) { adopt(newer) } else { askForView() }
    }

    /// Routes by a newer view from now on: what went to a worker that owns its slot no more is sent again.
    private func adopt(_ newer: ClusterView) {
        guard !isClosed, newer.ring.epoch > view.ring.epoch else { return }
        view = newer
        faultPoint(.clientViewAdopted)
        statistics.viewChanges += 1
        let identities = Set(newer.members.map(\.identity))
        let departed = lines.values.filter { !identities.contains($0.identity) }
        for line in departed { lines[line.identity] = nil }
        routes = newer.members.map { lines[$0.identity] }
        // The requests on them fail, and go by the new routes at once.
        for line in departed { line.core.close() }
        for request in requests.all {
            guard let sentTo = request.sentTo, owner(of: request)?.identity != sentTo.identity else { continue }
            park(request)
        }
        pace.reset()
        sendParked(parked.count)
    }

    private func owner(of request: ClientRequest) -> MemberRecord? {
        view.ring.ownerIndex(of: view.ring.size.slot(of: request.keyHash)).map { view.members[$0] }
    }

    // MARK: Requests

    func begin(_ request: ClientRequest) {
        guard !isClosed else { return end(request, .failure(.closed)) }
        request.deadline = loop.now.advanced(by: request.timeout)
        guard waiting.count < Limits.waitingCallersMax else { return end(request, .failure(.overloaded)) }
        request.core = self
        requests.add(request)
        if request.kind == .job {
            if waiting.isEmpty, session != nil, window.hasRoom {
                sendNumbered(request)
            } else {
                waiting.append(request)
                letIn()
            }
        } else {
            send(request)
        }
        // What is not sent waits for the timer, by its deadline at the latest.
        if request.sentTo == nil, request.isUnderWay { retrySoon() }
    }

    private func letIn() {
        guard session != nil, !waiting.isEmpty else { return }
        while window.hasRoom, let request = waiting.popFirst() {
            if request.isUnderWay { sendNumbered(request) }
        }
    }

    private func sendNumbered(_ request: ClientRequest) {
        request.sequence = window.begin()
        statistics.jobs += 1
        send(request)
    }

    private func send(_ request: ClientRequest) {
        guard let line = line(of: request) else { return park(request) }
        let leftNs = request.deadline.nanoseconds - loop.now.nanoseconds
        guard leftNs > 0 else { return expire(request) }
        request.attempt += 1
        request.sentTo = line
        if isPlanted(.resendRenumbered), request.attempt > 1, request.sequence > 0 { request.sequence = window.begin() }
        write(request)
        faultPoint(request.attempt > 1 ? .clientRequestResending : .clientRequestSending)
        let (method, options) = (method(of: request), CallOptions(timeoutNs: leftNs))
        guard request.attempt > 1 else {
            request.firstSentTo = line
            // It captures the request alone, so nothing is allocated for it.
            line.core.call(method, writer.bytes, options) { [request] reply in request.received(reply) }
            return faultPoint(.clientRequestSent)
        }
        statistics.resends += 1
        line.core.call(method, writer.bytes, options) { [self] reply in received(reply, request, from: line) }
    }

    private func method(of request: ClientRequest) -> RPCMethod {
        switch request.kind {
        case .job: ClusterMethods.submit
        case .read: ClusterMethods.read
        case .call: ClusterMethods.call
        }
    }

    private func write(_ request: ClientRequest) {
        writer.removeAll()
        var method = request.method
        method.withUTF8 { method in
            request.key.withUnsafeBytes { key in
                request.argument.withUnsafeBytes { argument in
                    write(request, UnsafeRawBufferPointer(method), key, argument)
                }
            }
        }
    }

    private func write(
        _ request: ClientRequest,
        _ method: UnsafeRawBufferPointer,
        _ key: UnsafeRawBufferPointer,
        _ argument: UnsafeRawBufferPointer
    ) {
        guard request.kind == .job else {
            return KeyRequest.write(method, key, argument, into: &writer)
        }
        let message = JobRequest(
            client: session ?? ClientID(rawValue: 0),
            sequence: request.sequence,
            acked: window.lowest,
            method: method,
            key: key,
            argument: argument,
            attempt: request.attempt
        )
        message.write(into: &writer)
    }

    /// The line to the owner of the request's key, made where there is none yet.
    @inline(__always)
    private func line(of request: ClientRequest) -> WorkerLine? {
        guard let owner = view.ring.ownerIndex(of: view.ring.size.slot(of: request.keyHash)) else { return nil }
        return routes[owner] ?? connect(owner)
    }

    private func connect(_ member: Int) -> WorkerLine? {
        let line = try? WorkerLine(
            to: view.members[member],
            security: configuration.security,
            context: context,
            loop: loop
        )
        guard let line else { return nil }
        routes[member] = line
        lines[line.identity] = line
        return line
    }

    @inline(__always)
    fileprivate func received(_ reply: RawReply, _ request: ClientRequest, from line: WorkerLine?) {
        guard request.isUnderWay else { return }
        faultPoint(.clientRequestAnswered)
        switch reply.kind {
        case .payload:
            if request.attempt > 1 { pace.wasAccepted() }
            finish(request, reply.buffer)
        case .remoteError:
            guard let error = RemoteError(encoded: reply.buffer) else { return retry(request, line) }
            refused(request, error, line)
        case .deadlineExceeded: expire(request)
        default: retry(request, line)
        }
    }

    private func finish(_ request: ClientRequest, _ reply: UnsafeRawBufferPointer) {
        guard request.kind != .read else { return end(request, .success(Array(reply))) }
        do throws(RemoteError) {
            end(request, .success(try JobReply.result(reply)))
        } catch {
            end(request, .failure(.handlerFailed(job: request.method, message: error.message)))
        }
    }

    private func refused(_ request: ClientRequest, _ error: RemoteError, _ line: WorkerLine?) {
        switch error.code {
        case .wrongOwner, .shuttingDown, .overloaded, .notLeader, .noQuorum, .notMember: retry(request, line)
        case .sessionExpired: end(request, .failure(.sessionExpired))
        case .unknownMethod: end(request, .failure(.unknownJob(request.method)))
        case .handlerFailed: end(request, .failure(.handlerFailed(job: request.method, message: error.message)))
        case .deadlineExceeded: expire(request)
        case .unauthorised: end(request, .failure(.notAuthorised(message: error.message)))
        default: end(request, .failure(.refused(error)))
        }
    }

    /// It is to be sent again, once the view has changed or a moment has passed.
    private func retry(_ request: ClientRequest, _ line: WorkerLine?) {
        // A late word of a worker to which it went before the present one.
        guard let line, request.sentTo === line else { return }
        if request.kind == .call, !request.isIdempotent {
            return end(request, .failure(.deadlineExceeded(job: request.method, after: request.timeout)))
        }
        if let owner = owner(of: request), owner.identity != line.identity {
            send(request)
        } else {
            pace.wasRefused()
            park(request)
        }
    }

    private func park(_ request: ClientRequest) {
        request.sentTo = nil
        parked.append(request)
        retrySoon()
    }

    /// Sends up to so many of those that wait again, the longest waiting first.
    private func sendParked(_ count: Int) {
        // What is parked meanwhile has its turn later.
        var (rest, left) = (parked.count, count)
        while rest > 0, left > 0, let request = parked.popFirst() {
            rest -= 1
            guard request.isUnderWay, request.sentTo == nil else { continue }
            left -= 1
            send(request)
        }
    }

    private func expire(_ request: ClientRequest) {
        guard leader.hasLeader || request.attempt > 0 else {
            return end(request, .failure(.noQuorum(coordinators: configuration.coordinators.map(\.text))))
        }
        end(request, .failure(.deadlineExceeded(job: request.method, after: request.timeout)))
    }

    private func end(_ request: ClientRequest, _ result: Result<[UInt8], ClusterError>) {
        if request.isUnderWay {
            requests.remove(request)
            if request.sequence > 0 {
                window.end(request.sequence)
                letIn()
            }
        }
        request.core = nil
        if case .failure = result { statistics.failures += 1 }
        guard let waiter = request.waiter else { return }
        request.waiter = nil
        switch waiter {
        case .completion(let body): body(result)
        case .run(let run, let index): run.end(index, result)
        }
    }

    /// The caller does not wait any more.
    func cancel(_ request: ClientRequest) {
        guard request.isUnderWay else { return }
        end(request, .failure(.cancelled))
    }

    // MARK: Time

    private func retrySoon() {
        // Never later than it is armed already: refusals that keep coming must not put the next attempt off.
        guard !isClosed, !timer.isArmed else { return }
        loop.arm(timer, at: loop.refreshNow().advanced(by: pace.drawPause(using: &random)))
    }

    private func tick() {
        let now = loop.refreshNow()
        for request in requests.all where request.sentTo == nil && request.deadline <= now { expire(request) }
        if !parked.isEmpty { askForView() }
        openSession()
        sendParked(pace.beginTurn())
        let isWaiting = requests.all.contains { $0.sentTo == nil } || session == nil
        if isWaiting { retrySoon() }
    }

    /// Closes it without a word to the leader, whether or not it is being closed.
    func drop() {
        close()
        leader.close()
    }

    /// Fails what is in flight, and closes the session and then the lines. `then` is called once the leader has closed the
    /// session, or has not in time: one that stays behind expires by itself.
    func close(then: @escaping () -> Void = {}) {
        loop.checkIsolated()
        guard !isClosed else { return then() }
        isClosed = true
        loop.disarm(timer)
        // Room in its window lets nothing in any more.
        let session = self.session
        self.session = nil
        for request in requests.all { end(request, .failure(.closed)) }
        for waiter in takeOpeners() { waiter(.failure(.closed)) }
        for line in lines.values { line.core.close() }
        lines = [:]
        routes = []
        for subscriber in subscribers.values { subscriber.close() }
        subscribers = [:]
        guard let session, leader.hasLeader else {
            leader.close()
            return then()
        }
        let timeout = ClusterLimits.sessionCloseTimeout
        faultPoint(.clientSessionEndSending)
        leader.call(ClusterMethods.closeSession, NumberMessage.encode(session.rawValue), timeout: timeout) { [self] _ in
            leader.close()
            then()
        }
        faultPoint(.clientSessionEndSent)
    }
}

extension ClientRequest {
    /// The reply to its first attempt.
    @inline(__always)
    fileprivate func received(_ reply: RawReply) {
        core?.received(reply, self, from: firstSentTo)
    }
}
