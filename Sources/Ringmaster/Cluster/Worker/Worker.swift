// The worker as a program sees it.

import Glibc
import Logging
import RingmasterProtocol

/// A worker of a cluster: it owns slots of the ring and runs the jobs of their keys.
///
///     let worker = Worker(cluster: "tcp://127.0.0.1:7400")
///     worker.handle("deposit", state: Account.self) { (account: inout Account, amount: Int, job: Job) in
///         account.balance += amount
///         return account.balance
///     }
///     try await worker.run()
public final class Worker: Sendable {
    private let configuration: WorkerConfiguration
    private let context: MessagingContext
    private let logger: Logger
    private let state: Guarded<State>

    private struct State {
        var handlers = JobHandlers()
        var core: WorkerCore?
        var whenEnding: (@Sendable () -> Void)?
        /// `leave` was called, maybe before `run`.
        var isLeaveAsked = false
        /// As `leave` was asked for.
        var leaveTimeout: Duration?
    }

    /// A worker with a configuration of its own.
    public init(
        _ configuration: WorkerConfiguration,
        context: MessagingContext = .shared,
        logger: Logger = Logger(label: "ringmaster.worker")
    ) {
        self.configuration = configuration
        self.context = context
        self.logger = logger
        state = Guarded(State())
    }

    /// A worker of the cluster that this coordinator is one of, on a port of the system's choice.
    /// - Parameter name: Its name; nil makes one of the host's and the process's.
    public convenience init(cluster: Endpoint, name: WorkerID? = nil) {
        self.init(WorkerConfiguration(name: name ?? .ofThisProcess(), coordinators: [cluster]))
    }

    /// Adds a handler of values; see `JobHandlers.handle`. Before `run`.
    public func handle<
        KeyState: KeyedState,
        Argument: Decodable & SendableMetatype,
        Output: Encodable & SendableMetatype
    >(
        _ name: String,
        state type: KeyState.Type,
        _ body: @escaping @Sendable @concurrent (inout KeyState, Argument, Job) async throws -> Output
    ) {
        state.withLock { $0.handlers.handle(name, state: type, body) }
    }

    /// Adds a handler of bytes; see `JobHandlers.handleRaw`. Before `run`.
    public func handleRaw(_ name: String, _ body: @escaping JobHandlers.Raw) {
        state.withLock { $0.handlers.handleRaw(name, body) }
    }

    /// Joins the cluster and serves until the task is cancelled, or until `leave` was called here or by `ClusterAdmin`; then
    /// it hands its slots over first.
    ///
    /// - Throws: `TransportError` where it cannot listen or its keys cannot be used; `ClusterError.notReleased` where no leader
    ///   let it go in time.
    public func run() async throws {
        let (configuration, context, logger) = (configuration, context, logger)
        let handlers = state.withLock { $0.handlers }
        let loop = EventLoop.start(name: "worker")
        let core = try await loop.perform { () throws(any Error) in
            let core = try WorkerCore(
                configuration: configuration,
                handlers: handlers,
                context: context,
                loop: loop,
                logger: logger
            )
            core.start()
            return core
        }
        let ended = AsyncStream<Void>.makeStream()
        state.withLock {
            $0.core = core
            $0.whenEnding = { ended.continuation.finish() }
            if $0.isLeaveAsked { ended.continuation.finish() }
        }
        await loop.perform { core.askedToRetire = { ended.continuation.finish() } }
        await withTaskCancellationHandler {
            for await _ in ended.stream {}
        } onCancel: {
            ended.continuation.finish()
        }
        let limit = state.withLock { $0.leaveTimeout } ?? configuration.leaveTimeout
        let result = await suspended { (continuation: Resumption<_>) in
            loop.post { core.leave(within: limit) { continuation.resume(returning: $0) } }
        }
        await loop.perform { core.close() }
        state.withLock {
            $0.core = nil
            $0.whenEnding = nil
            ($0.isLeaveAsked, $0.leaveTimeout) = (false, nil)
        }
        loop.stop()
        try result.get()
    }

    /// Has `run` hand the slots over and return; if it is only called later, soon after it has begun.
    /// - Parameter limit: What that may take; nil takes the configuration's `leaveTimeout`.
    public func leave(within limit: Duration? = nil) {
        state.withLock {
            ($0.isLeaveAsked, $0.leaveTimeout) = (true, limit)
            return $0.whenEnding
        }?()
    }

    /// What it is doing; nil while it does not run.
    public var status: WorkerStatus? {
        get async {
            guard let core = state.withLock({ $0.core }) else { return nil }
            return await core.loop.perform { core.status }
        }
    }
}

extension WorkerID {
    /// A name of this host and process, and a random part for hosts that share a name.
    static func ofThisProcess() -> WorkerID {
        var name = [CChar](repeating: 0, count: 40)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let text = "\(host)-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        return (try? WorkerID(validating: text)) ?? "worker"
    }
}
