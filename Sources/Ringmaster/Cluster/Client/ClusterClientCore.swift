// The client's inside: a session, the view it routes by, a line to each worker, and the requests under way.

import DequeModule
import RingmasterProtocol

/// Everything a client of a cluster owns.
///
/// @unchecked Sendable: confined to the loop's thread; other threads only pass it on.
final class ClusterClientCore: @unchecked Sendable {
    private let loop: EventLoop
    private let context: MessagingContext
    private let configuration: ClientConfiguration
    private let leader: LeaderFinder
    private var subscribers: [String: SubscriberCore] = [:]
    private var view = ClusterView(ring: RingView(), members: [])
    private var lines: [WorkerIdentity: ClientCore] = [:]
    private var session: ClientID?
    private var isOpening = false
    private var window = SessionWindow()
    /// Begun and not ended, by id.
    private var requests: [UInt64: ClientRequest] = [:]
    private var nextID: UInt64 = 1
    /// To be sent when the view changes, or soon.
    private var parked: [ClientRequest] = []
    /// Jobs that wait for room in the session's window, or for the session.
    private var waiting: Deque<ClientRequest> = []
    private var timer: LoopTimer!
    private var isViewAsked = false
    private var isClosed = false
    private(set) var statistics = ClientStatistics()
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
        leader = try LeaderFinder(
            endpoints: configuration.coordinators,
            security: configuration.security,
            context: context,
            loop: loop
        )
        timer = loop.timer { [unowned self] in tick() }
        leader.found = { [unowned self] in leaderFound() }
        leader.publishersChanged = { [unowned self] in subscribe() }
        leader.start()
    }

    // MARK: Session and view

    /// Calls `completion` once the session is open, or has not come about in time.
    func open(_ completion: @escaping (Result<Void, ClusterError>) -> Void) {
        if session != nil { return completion(.success(())) }
        whenOpen.append(completion)
        let deadline = loop.timer { [weak self] in
            guard let self, session == nil else { return }
            let coordinators = configuration.coordinators.map(\.text)
            for waiter in takeOpeners() { waiter(.failure(.noQuorum(coordinators: coordinators))) }
        }
        loop.arm(deadline, at: loop.refreshNow().advanced(by: configuration.openTimeout))
    }

    private func takeOpeners() -> [(Result<Void, ClusterError>) -> Void] {
        defer { whenOpen = [] }
        return whenOpen
    }

    private func leaderFound() {
        askForView()
        openSession()
        leader.introduce()
    }

    private func openSession() {
        guard session == nil, !isOpening else { return }
        isOpening = true
        leader.call(ClusterMethods.openSession, NumberMessage.encode(.random(in: 0 ... .max))) { [weak self] reply in
            guard let self else { return }
            isOpening = false
            guard case .payload(let bytes) = reply, let id = try? NumberMessage.decode(bytes) else {
                return retrySoon()
            }
            session = ClientID(rawValue: id)
            for waiter in takeOpeners() { waiter(.success(())) }
            letIn()
        }
    }

    private func askForView() {
        guard !isViewAsked else { return }
        isViewAsked = true
        leader.call(ClusterMethods.view, []) { [weak self] reply in
            guard let self else { return }
            isViewAsked = false
            guard case .payload(let bytes) = reply, let view = try? ClusterView(decoding: bytes) else { return }
            adopt(view)
        }
    }

    /// Listens to every publisher there is; the newest view wins. Each has keys of its own.
    private func subscribe() {
        guard !isClosed else { return }
        for publisher in leader.publishers where subscribers[publisher] == nil {
            guard let endpoint = try? Endpoint(publisher) else { continue }
            var settings = SubscriberConfiguration()
            settings.security = configuration.security(endpoint)
            let buffer = SubscriberBuffer(countMax: settings.bufferMax, bytesMax: settings.bufferBytesMax)
            subscribers[publisher] = try? SubscriberCore(
                endpoints: [endpoint],
                filters: [.exact(ClusterMethods.viewTopic)],
                configuration: settings,
                buffer: buffer,
                context: context,
                loop: loop
            )
            Task(executorPreference: loop.taskExecutor) { [weak self] in
                while let publication = await buffer.next() {
                    if let view = try? ClusterView(decoding: publication.value) { self?.adopt(view) }
                }
            }
        }
    }

    /// Routes by a newer view from now on: what went to a worker that owns its slot no more is sent again.
    private func adopt(_ newer: ClusterView) {
        guard !isClosed, newer.ring.epoch > view.ring.epoch else { return }
        view = newer
        statistics.viewChanges += 1
        let identities = Set(newer.members.map(\.identity))
        for (identity, line) in lines where !identities.contains(identity) {
            lines[identity] = nil
            line.close()
        }
        for request in requests.values {
            guard let sentTo = request.sentTo, owner(of: request)?.identity != sentTo else { continue }
            park(request)
        }
        sendParked()
    }

    private func owner(of request: ClientRequest) -> MemberRecord? {
        view.ring.ownerIndex(of: view.ring.size.slot(of: request.keyHash)).map { view.members[$0] }
    }

    // MARK: Requests

    func begin(_ request: ClientRequest) {
        guard !isClosed else { return end(request, .failure(.closed)) }
        request.deadline = loop.refreshNow().advanced(by: request.timeout)
        guard waiting.count < Limits.waitingCallersMax else { return end(request, .failure(.overloaded)) }
        request.id = nextID
        nextID += 1
        requests[request.id] = request
        if request.kind == .job {
            waiting.append(request)
            letIn()
        } else {
            send(request)
        }
        if !timer.isArmed { retrySoon() }
    }

    private func letIn() {
        guard session != nil else { return }
        while window.span < ClusterLimits.jobsInFlightMax, let request = waiting.popFirst() {
            guard requests[request.id] != nil else { continue }
            request.sequence = window.begin()
            statistics.jobs += 1
            send(request)
        }
    }

    private func send(_ request: ClientRequest) {
        guard let record = owner(of: request), let line = line(to: record) else { return park(request) }
        let left = request.deadline.since(loop.now)
        guard left > .zero else { return expire(request) }
        request.attempt += 1
        if request.attempt > 1 { statistics.resends += 1 }
        request.sentTo = record.identity
        let identity = record.identity
        line.call(method(of: request), encode(request), CallOptions(timeout: left)) { [weak self] reply in
            self?.received(reply, request, from: identity)
        }
    }

    private func method(of request: ClientRequest) -> RPCMethod {
        switch request.kind {
        case .job: ClusterMethods.submit
        case .read: ClusterMethods.read
        case .call: ClusterMethods.call
        }
    }

    private func encode(_ request: ClientRequest) -> [UInt8] {
        switch request.kind {
        case .job: return encodeJob(request)
        case .read, .call:
            return KeyRequest(method: request.method, key: request.key, argument: request.argument).encoded()
        }
    }

    private func encodeJob(_ request: ClientRequest) -> [UInt8] {
        var writer = MessagePackWriter(capacity: 64 + request.key.count + request.argument.count)
        var method = request.method
        method.withUTF8 { method in
            request.key.withUnsafeBytes { key in
                request.argument.withUnsafeBytes { argument in
                    let message = JobRequest(
                        client: session ?? ClientID(rawValue: 0),
                        sequence: request.sequence,
                        acked: window.lowest,
                        method: UnsafeRawBufferPointer(method),
                        key: key,
                        argument: argument,
                        attempt: request.attempt
                    )
                    message.write(into: &writer)
                }
            }
        }
        return writer.bytes
    }

    private func line(to record: MemberRecord) -> ClientCore? {
        if let line = lines[record.identity] { return line }
        guard let endpoint = try? Endpoint(record.endpoint) else { return nil }
        var settings = RPCClientConfiguration()
        settings.failsWhenDisconnected = true
        settings.inFlightMax = Limits.inFlightMax
        settings.security = configuration.security(endpoint)
        settings.socket.linger = .zero
        guard let line = try? ClientCore(endpoint: endpoint, configuration: settings, context: context, loop: loop)
        else { return nil }
        lines[record.identity] = line
        return line
    }

    private func received(_ reply: RawReply, _ request: ClientRequest, from worker: WorkerIdentity) {
        guard requests[request.id] === request else { return }
        switch reply.kind {
        case .payload: finish(request, reply.buffer)
        case .remoteError:
            guard let error = RemoteError(encoded: reply.buffer) else { return retry(request, worker) }
            refused(request, error, worker)
        case .deadlineExceeded: expire(request)
        default: retry(request, worker)
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

    private func refused(_ request: ClientRequest, _ error: RemoteError, _ worker: WorkerIdentity) {
        switch error.code {
        case .wrongOwner, .shuttingDown, .overloaded, .notLeader, .noQuorum, .notMember: retry(request, worker)
        case .sessionExpired: end(request, .failure(.sessionExpired))
        case .unknownMethod: end(request, .failure(.unknownJob(request.method)))
        case .handlerFailed: end(request, .failure(.handlerFailed(job: request.method, message: error.message)))
        case .deadlineExceeded: expire(request)
        case .unauthorised: end(request, .failure(.notAuthorised(message: error.message)))
        default: end(request, .failure(.refused(error)))
        }
    }

    /// It is to be sent again, once the view has changed or a moment has passed.
    private func retry(_ request: ClientRequest, _ worker: WorkerIdentity) {
        // A late word of a worker to which it went before the present one.
        guard request.sentTo == worker else { return }
        if request.kind == .call, !request.isIdempotent {
            return end(request, .failure(.deadlineExceeded(job: request.method, after: request.timeout)))
        }
        park(request)
        if let owner = owner(of: request), owner.identity != worker {
            sendParked()
        } else {
            retrySoon()
        }
    }

    private func park(_ request: ClientRequest) {
        request.sentTo = nil
        parked.append(request)
    }

    private func sendParked() {
        let again = parked
        parked = []
        for request in again where requests[request.id] === request && request.sentTo == nil { send(request) }
    }

    private func expire(_ request: ClientRequest) {
        guard leader.hasLeader || request.attempt > 0 else {
            return end(request, .failure(.noQuorum(coordinators: configuration.coordinators.map(\.text))))
        }
        end(request, .failure(.deadlineExceeded(job: request.method, after: request.timeout)))
    }

    private func end(_ request: ClientRequest, _ result: Result<[UInt8], ClusterError>) {
        if requests.removeValue(forKey: request.id) != nil, request.sequence > 0 {
            window.end(request.sequence)
            letIn()
        }
        if case .failure = result { statistics.failures += 1 }
        request.completion?(result)
        request.completion = nil
    }

    /// The caller does not wait any more.
    func cancel(_ request: ClientRequest) {
        guard requests[request.id] === request else { return }
        end(request, .failure(.cancelled))
    }

    // MARK: Time

    private func retrySoon() {
        // Never later than it is armed already: refusals that keep coming must not put the next attempt off.
        guard !isClosed, !timer.isArmed else { return }
        loop.arm(timer, at: loop.refreshNow().advanced(by: ClusterLimits.resendInterval))
    }

    private func tick() {
        let now = loop.refreshNow()
        for request in requests.values where request.sentTo == nil && request.deadline <= now { expire(request) }
        if !parked.isEmpty { askForView() }
        openSession()
        sendParked()
        let isWaiting = requests.values.contains { $0.sentTo == nil } || session == nil
        if isWaiting { retrySoon() }
    }

    /// Has the session closed by the leader, then closes: a program that ends at once would leave the session behind.
    func closeInOrder(_ then: @escaping () -> Void) {
        guard !isClosed, let session, leader.hasLeader else {
            close()
            return then()
        }
        for request in Array(requests.values) { end(request, .failure(.closed)) }
        self.session = nil
        isOpening = true
        let timeout = ClusterLimits.sessionCloseTimeout
        leader.call(ClusterMethods.closeSession, NumberMessage.encode(session.rawValue), timeout: timeout) { [self] _ in
            close()
            then()
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.disarm(timer)
        if let session, leader.hasLeader {
            leader.call(ClusterMethods.closeSession, NumberMessage.encode(session.rawValue)) { _ in }
        }
        for request in Array(requests.values) { end(request, .failure(.closed)) }
        for waiter in takeOpeners() { waiter(.failure(.closed)) }
        for line in lines.values { line.close() }
        lines = [:]
        for subscriber in subscribers.values { subscriber.close() }
        leader.close()
    }
}
