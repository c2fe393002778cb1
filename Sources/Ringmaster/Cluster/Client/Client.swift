// The client of a cluster as a program sees it.

import RingmasterProtocol

/// Submits durable jobs to a cluster, and reads the states of keys.
///
///     let client = try await Client(cluster: "tcp://127.0.0.1:7400")
///     let balance: Int = try await client.submit("deposit", key: "alice", 5)
///
/// It routes by the ring, follows its changes, and sends again what was lost with a worker or leader: a job that it submits is
/// applied exactly once, or, where its error says so, perhaps not at all. Usable from any task.
public final class Client: Sendable {
    private let loop: EventLoop
    private let core: ClusterClientCore
    private let configuration: ClientConfiguration

    /// Makes a client of the cluster that this coordinator is one of.
    /// - Throws: `ClusterError.noQuorum` where no leader is found in time; `TransportError`.
    public convenience init(cluster: Endpoint) async throws {
        try await self.init(ClientConfiguration(coordinators: [cluster]))
    }

    /// Makes a client, and opens its session in the log.
    /// - Throws: `ClusterError.noQuorum` where no leader is found in time; `TransportError`.
    public init(
        _ configuration: ClientConfiguration,
        context: MessagingContext = .shared,
        loop: EventLoop = .shared
    ) async throws {
        self.loop = loop
        self.configuration = configuration
        let core = try await loop.perform { () throws(TransportError) in
            try ClusterClientCore(configuration: configuration, context: context, loop: loop)
        }
        self.core = core
        let result = await suspended { (continuation: Resumption<_>) in
            loop.post { core.open { continuation.resume(returning: $0) } }
        }
        if case .failure(let error) = result {
            await loop.perform { core.close() }
            throw error
        }
    }

    deinit {
        loop.post { [core] in core.close() }
    }

    // MARK: Jobs

    /// Submits a durable job and gives its reply, once it is committed.
    ///
    /// - Parameters:
    ///   - key: The key whose state the handler gets: at most `ClusterLimits.keyBytesMax` bytes.
    ///   - timeout: How long to wait; nil takes the configuration's.
    /// - Throws: `ClusterError`, each case of which says what is known of the job.
    public func submit<Output: Decodable & SendableMetatype>(
        _ job: String,
        key: String,
        _ argument: some Encodable & Sendable,
        timeout: Duration? = nil
    ) async throws(ClusterError) -> Output {
        let argument = try encode(argument, for: job)
        let reply = try await submitRaw(job, key: Array(key.utf8), argument, timeout: timeout)
        return try decode(reply, for: job)
    }

    /// Submits a durable job of bytes and gives its reply, once it is committed.
    /// - Throws: `ClusterError`, as for `submit`.
    public func submitRaw(
        _ job: String,
        key: [UInt8],
        _ argument: [UInt8],
        timeout: Duration? = nil
    ) async throws(ClusterError) -> [UInt8] {
        try await perform(.job, job, key, argument, timeout)
    }

    /// Submits many jobs, so many at a time, and gives their replies in the order of the jobs. A job that fails does not
    /// keep the others from being submitted.
    ///
    /// - Parameter window: Jobs in flight at the most: 1...`ClusterLimits.jobsInFlightMax`.
    public func submitAll(
        _ job: String,
        _ jobs: [(key: [UInt8], argument: [UInt8])],
        window: Int = 1024,
        timeout: Duration? = nil
    ) async -> [Result<[UInt8], ClusterError>] {
        precondition((1...ClusterLimits.jobsInFlightMax).contains(window), "a window of \(window) is not possible")
        guard !jobs.isEmpty else { return [] }
        return await suspended { continuation in
            let run = SubmitRun(
                core: core,
                job: job,
                jobs: jobs,
                timeout: timeout ?? configuration.timeout,
                continuation: continuation
            )
            loop.post { [loop] in
                loop.refreshNow()
                run.begin(window: window)
            }
        }
    }

    // MARK: Reads and calls

    /// The state of a key, linearizable; nil where it does not exist.
    public func read<State: Decodable & SendableMetatype>(
        _ type: State.Type = State.self,
        key: String,
        timeout: Duration? = nil
    ) async throws(ClusterError) -> State? {
        guard let bytes = try await readRaw(key: Array(key.utf8), timeout: timeout) else { return nil }
        return try decode(bytes, for: "read")
    }

    /// The bytes of a key's state, linearizable; nil where it does not exist.
    public func readRaw(key: [UInt8], timeout: Duration? = nil) async throws(ClusterError) -> [UInt8]? {
        let reply = try await perform(.read, "", key, [], timeout)
        do {
            return try reply.withUnsafeBytes { try KeyState.decode($0) }.state
        } catch {
            throw .unexpectedValue(job: "read", reason: "\(error)")
        }
    }

    /// Runs a handler on the key's state without keeping what it does: at most once, or at least once where it is said to be
    /// idempotent. Never durable.
    public func call<Output: Decodable & SendableMetatype>(
        _ job: String,
        key: String,
        _ argument: some Encodable & Sendable,
        isIdempotent: Bool = false,
        timeout: Duration? = nil
    ) async throws(ClusterError) -> Output {
        let argument = try encode(argument, for: job)
        let reply = try await perform(.call, job, Array(key.utf8), argument, timeout, isIdempotent: isIdempotent)
        return try decode(reply, for: job)
    }

    /// Runs a handler on the bytes of the key's state without keeping what it does; see `call`.
    public func callRaw(
        _ job: String,
        key: [UInt8],
        _ argument: [UInt8],
        isIdempotent: Bool = false,
        timeout: Duration? = nil
    ) async throws(ClusterError) -> [UInt8] {
        try await perform(.call, job, key, argument, timeout, isIdempotent: isIdempotent)
    }

    // MARK: Its state

    /// What it has seen.
    public var statistics: ClientStatistics {
        get async { await loop.perform { [core] in core.statistics } }
    }

    /// Fails what is in flight and closes its session and connections. Waits for the leader to have closed the session, but
    /// not for long: a session that stays behind expires by itself.
    public func close() async {
        await suspended { continuation in
            loop.post { [core] in core.close { continuation.resume() } }
        }
    }

    private func perform(
        _ kind: ClientRequest.Kind,
        _ job: String,
        _ key: [UInt8],
        _ argument: [UInt8],
        _ timeout: Duration?,
        isIdempotent: Bool = true
    ) async throws(ClusterError) -> [UInt8] {
        guard key.count <= ClusterLimits.keyBytesMax else {
            throw .payloadTooLarge(bytes: key.count, limit: ClusterLimits.keyBytesMax)
        }
        guard argument.count <= Limits.payloadBytesMax - 4096 else {
            throw .payloadTooLarge(bytes: argument.count, limit: Limits.payloadBytesMax - 4096)
        }
        guard !Task.isCancelled else { throw .cancelled }
        let box = Guarded<ClientRequest?>(nil)
        let result = await withTaskCancellationHandler {
            await suspended { (continuation: Resumption<Result<[UInt8], ClusterError>>) in
                let request = ClientRequest(
                    kind,
                    method: job,
                    key: key,
                    argument: argument,
                    timeout: timeout ?? configuration.timeout,
                    isIdempotent: isIdempotent,
                    waiter: .completion { continuation.resume(returning: $0) }
                )
                box.withLock { $0 = request }
                loop.post { [core, loop] in
                    loop.refreshNow()
                    core.begin(request)
                }
            }
        } onCancel: {
            loop.post { [core] in
                if let request = box.withLock({ $0 }) { core.cancel(request) }
            }
        }
        return try result.get()
    }

    private func encode(_ value: some Encodable, for job: String) throws(ClusterError) -> [UInt8] {
        do {
            return try MessagePackEncoder().encode(value)
        } catch {
            throw .unexpectedValue(job: job, reason: "the argument cannot be encoded: \(error)")
        }
    }

    private func decode<Value: Decodable>(_ bytes: [UInt8], for job: String) throws(ClusterError) -> Value {
        do {
            return try MessagePackDecoder().decode(Value.self, from: bytes)
        } catch {
            throw .unexpectedValue(job: job, reason: "the reply is no \(Value.self): \(error)")
        }
    }
}
