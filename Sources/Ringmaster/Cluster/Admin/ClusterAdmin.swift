// Looking after a cluster from outside: who leads, how everybody is, who is to leave; `ClusterAdmin+Coordinators` changes
// who keeps the log. No session, so it works on a cluster
// that has no quorum, as far as there is somebody to answer.

import RingmasterProtocol

/// Asks the coordinators and workers of a cluster, and has workers leave it.
///
///     let admin = try await ClusterAdmin(ClientConfiguration(coordinators: ["tcp://127.0.0.1:7400"]))
///     let leader = try await admin.leader()
///     print(leader.jobIndex, leader.workers.map(\.name))
///
/// Usable from any task. Connections are made when they are first needed, and closed with the object.
public actor ClusterAdmin {
    /// How long one question may take. Whoever is silent for longer is reported as unreachable.
    public static let answerTimeout: Duration = .milliseconds(1000)
    /// Between two looks for a leader, while there is none.
    static let searchPause: Duration = .milliseconds(50)

    let configuration: ClientConfiguration
    private let context: MessagingContext
    private let loop: EventLoop
    private var lines: [Endpoint: RPCClient] = [:]
    private(set) var isClosed = false

    /// Prepares to ask the cluster that these coordinators are some of; nothing is asked yet.
    /// - Throws: `TransportError` for an endpoint or keys that cannot be used.
    public init(
        _ configuration: ClientConfiguration,
        context: MessagingContext = .shared,
        loop: EventLoop = .shared
    ) async throws(TransportError) {
        self.configuration = configuration
        self.context = context
        self.loop = loop
        for endpoint in configuration.coordinators { _ = try await line(to: endpoint) }
    }

    // MARK: Coordinators

    /// The state of every coordinator that is named or that one of them names, in the order of their endpoints.
    ///
    /// Takes `answerTimeout` where one is silent, and as much again where one was learnt of by that.
    public func coordinators() async -> [CoordinatorReport] {
        var reports: [Endpoint: CoordinatorReport] = [:]
        var toAsk = Set(configuration.coordinators)
        while !toAsk.isEmpty {
            var learnt: Set<Endpoint> = []
            for (report, others) in await ask(toAsk) {
                reports[report.endpoint] = report
                learnt.formUnion(others)
            }
            toAsk = learnt.subtracting(reports.keys)
        }
        return reports.values.sorted { $0.endpoint.text < $1.endpoint.text }
    }

    /// The state of the coordinator that leads. Looks for one until `timeout` (nil: the configuration's) is over.
    /// - Throws: `ClusterError.noQuorum`, `.notAuthorised`, `.closed`, `.cancelled`.
    public func leader(timeout: Duration? = nil) async throws(ClusterError) -> CoordinatorStatus {
        let end = ContinuousClock.now + (timeout ?? configuration.timeout)
        while true {
            guard !isClosed else { throw .closed }
            guard !Task.isCancelled else { throw .cancelled }
            let reports = await coordinators()
            // A leader that was cut off may not know yet that another follows it: the highest term is the present one.
            let leaders = reports.compactMap(\.status).filter { $0.role == "leader" }
            if let leader = leaders.max(by: { $0.term < $1.term }) { return leader }
            guard ContinuousClock.now < end else {
                for case .notAuthorised(let message)? in reports.map(\.failure) {
                    throw .notAuthorised(message: message)
                }
                throw .noQuorum(coordinators: reports.map(\.endpoint.text))
            }
            try? await Task.sleep(for: Self.searchPause)
        }
    }

    /// Has every coordinator that answers write a snapshot, in its own time. Gives the index of the log that each had
    /// applied; those that did not answer are not in it.
    /// - Throws: `ClusterError.noQuorum` where nobody answered.
    public func snapshot() async throws(ClusterError) -> [Endpoint: UInt64] {
        var indices: [Endpoint: UInt64] = [:]
        let reports = await coordinators()
        for report in reports where report.status != nil {
            guard let bytes = try? await ask(report.endpoint, ClusterMethods.snapshot, [], Self.answerTimeout) else {
                continue
            }
            indices[report.endpoint] = try? bytes.withUnsafeBytes { try NumberMessage.decode($0) }
        }
        guard !indices.isEmpty else { throw .noQuorum(coordinators: reports.map(\.endpoint.text)) }
        return indices
    }

    // MARK: Workers

    /// What each worker that the leader knows tells of itself, in the order of their names; those that do not answer say why.
    /// - Throws: As `leader`.
    public func workers() async throws(ClusterError) -> [WorkerReport] {
        let leader = try await leader()
        return await withTaskGroup(of: WorkerReport.self) { group in
            for worker in leader.workers {
                group.addTask {
                    do throws(ClusterError) {
                        let endpoint = try Self.endpoint(worker.endpoint, of: worker.name)
                        return WorkerReport(name: worker.name, result: .success(try await self.worker(at: endpoint)))
                    } catch {
                        return WorkerReport(name: worker.name, result: .failure(error))
                    }
                }
            }
            var reports: [WorkerReport] = []
            for await report in group { reports.append(report) }
            return reports.sorted { $0.name < $1.name }
        }
    }

    /// What the worker at `endpoint` tells of itself.
    /// - Throws: `ClusterError.deadlineExceeded` where it is silent, `.refused`.
    public func worker(at endpoint: Endpoint) async throws(ClusterError) -> WorkerStatus {
        let bytes = try await ask(endpoint, ClusterMethods.workerStatus, [], Self.answerTimeout)
        do {
            return try MessagePackDecoder().decode(WorkerStatus.self, from: bytes)
        } catch {
            throw .unexpectedValue(job: "the status of the worker at \(endpoint)", reason: "\(error)")
        }
    }

    /// Has a worker hand its slots over and end, and waits until the ring goes without it. A worker that does not answer is
    /// taken out by the leader; should it live, it joins again.
    ///
    /// - Parameter timeout: How long to wait; nil takes the configuration's. The worker goes on leaving after that.
    /// - Throws: `ClusterError.refused` with the code `notMember` where the ring has no such worker,
    ///   `.deadlineExceeded`, and as `leader`.
    public func leave(_ worker: WorkerID, timeout: Duration? = nil) async throws(ClusterError) {
        let limit = timeout ?? configuration.timeout
        let end = ContinuousClock.now + limit
        var isAsked = false
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero else { throw .deadlineExceeded(job: "leave \(worker)", after: limit) }
            let leader = try await leader(timeout: left)
            guard let record = leader.workers.first(where: { $0.name == worker.name }) else {
                guard !isAsked else { return }
                throw .refused(RemoteError(code: .notMember, message: "the cluster has no worker '\(worker)'"))
            }
            if !isAsked {
                isAsked = true
                do throws(ClusterError) {
                    let endpoint = try Self.endpoint(record.endpoint, of: record.name)
                    _ = try await ask(endpoint, ClusterMethods.retire, [], Self.answerTimeout)
                } catch {
                    try await takeOut(worker, leader, left)
                }
            }
            try? await Task.sleep(for: Self.searchPause)
        }
    }

    private func takeOut(_ worker: WorkerID, _ leader: CoordinatorStatus, _ left: Duration) async throws(ClusterError) {
        var writer = MessagePackWriter()
        writer.write(worker.name)
        let endpoint = try Self.endpoint(leader.endpoint, of: leader.name)
        do throws(ClusterError) {
            _ = try await ask(endpoint, ClusterMethods.leave, writer.bytes, left)
        } catch .refused(let error) where error.code == .notLeader || error.code == .notMember {
            // Another leads by now, or it is out already: the next look shows.
        }
    }

    /// Ends the connections. Later questions fail with `ClusterError.closed`.
    public func close() async {
        isClosed = true
        let lines = lines.values
        self.lines = [:]
        for line in lines { await line.close() }
    }

    // MARK: Questions

    private func ask(_ endpoints: Set<Endpoint>) async -> [(CoordinatorReport, others: [Endpoint])] {
        await withTaskGroup(of: (CoordinatorReport, [Endpoint]).self) { group in
            for endpoint in endpoints { group.addTask { await self.report(of: endpoint) } }
            var reports: [(CoordinatorReport, others: [Endpoint])] = []
            for await report in group { reports.append(report) }
            return reports
        }
    }

    /// What the coordinator at `endpoint` tells of itself.
    func coordinator(at endpoint: Endpoint) async -> CoordinatorReport {
        await report(of: endpoint).0
    }

    private func report(of endpoint: Endpoint) async -> (CoordinatorReport, [Endpoint]) {
        do throws(ClusterError) {
            let bytes = try await ask(endpoint, ClusterMethods.status, [], Self.answerTimeout)
            let status: CoordinatorStatus
            do {
                status = try MessagePackDecoder().decode(CoordinatorStatus.self, from: bytes)
            } catch {
                throw .unexpectedValue(job: "the status of the coordinator at \(endpoint)", reason: "\(error)")
            }
            return (CoordinatorReport(endpoint: endpoint, result: .success(status)), await others(knownTo: endpoint))
        } catch {
            return (CoordinatorReport(endpoint: endpoint, result: .failure(error)), [])
        }
    }

    /// The endpoints of the coordinators that this one names. One that is not fixed (port `*`) cannot be reached by it.
    private func others(knownTo endpoint: Endpoint) async -> [Endpoint] {
        guard let bytes = try? await ask(endpoint, ClusterMethods.hello, [], Self.answerTimeout),
            let hello = try? bytes.withUnsafeBytes({ try Hello.decode($0) })
        else { return [] }
        return hello.coordinators.compactMap { coordinator in
            coordinator.endpoint.hasSuffix("*") || coordinator.endpoint.hasSuffix(":0")
                ? nil : try? Endpoint(coordinator.endpoint)
        }
    }

    func ask(
        _ endpoint: Endpoint,
        _ method: RPCMethod,
        _ payload: [UInt8],
        _ timeout: Duration
    ) async throws(ClusterError) -> [UInt8] {
        guard !isClosed else { throw .closed }
        do {
            return try await line(to: endpoint).call(method, payload: payload, options: CallOptions(timeout: timeout))
        } catch let error as RPCError {
            throw ClusterError(error, asking: endpoint)
        } catch {
            throw .refused(RemoteError(code: .unauthorised, message: "\(error)"))
        }
    }

    private func line(to endpoint: Endpoint) async throws(TransportError) -> RPCClient {
        if let line = lines[endpoint] { return line }
        var settings = RPCClientConfiguration()
        settings.failsWhenDisconnected = true
        settings.security = configuration.security(endpoint)
        settings.socket.linger = .zero
        let line = try await RPCClient(endpoint, configuration: settings, context: context, loop: loop)
        // Two questions at once may have made two: the first stays.
        if let first = lines[endpoint] { return first }
        lines[endpoint] = line
        return line
    }

    static func endpoint(_ text: String, of name: String) throws(ClusterError) -> Endpoint {
        do {
            return try Endpoint(text)
        } catch {
            throw .unexpectedValue(job: "the endpoint of \(name)", reason: "\(error)")
        }
    }
}

extension ClusterError {
    /// What an unanswered question to one process means.
    fileprivate init(_ error: RPCError, asking endpoint: Endpoint) {
        self =
            switch error {
            case .remote(let error) where error.code == .unauthorised: .notAuthorised(message: error.message)
            case .remote(let error): .refused(error)
            case .cancelled: .cancelled
            case .closed: .closed
            case .overloaded: .overloaded
            case .payloadTooLarge(let bytes, let limit): .payloadTooLarge(bytes: bytes, limit: limit)
            case .deadlineExceeded(_, let after): .deadlineExceeded(job: "asking \(endpoint)", after: after)
            default: .noQuorum(coordinators: [endpoint.text])
            }
    }
}
