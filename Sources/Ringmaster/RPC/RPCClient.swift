// The client of an RPC server: named methods, called with raw bytes or with values.

import RingmasterProtocol

/// Calls the methods of one server over one connection, with any number of calls in flight, from any task.
///
///     let client = try await RPCClient("tcp://127.0.0.1:7400")
///     let sum: Int = try await client.call("add", 2, 3)
///
/// The connection is made in the background and mended by itself; calls made before it stands wait for it within their
/// time-out.
///
/// Calls are cheapest from a task that prefers the client's loop, `Task(executorPreference: client.loop.taskExecutor)`:
/// the request is sent and its reply read without a change of thread.
public final class RPCClient: Sendable {
    /// The loop that owns the connection.
    public let loop: EventLoop
    let core: ClientCore

    /// Makes a client of the server at `endpoint`, which need not be there yet.
    ///
    /// - Parameters:
    ///   - endpoint: Where the server listens.
    ///   - configuration: Limits, coalescing, keys.
    ///   - context: Whose I/O threads move the bytes. For `inproc`, the server's own.
    ///   - loop: The loop that owns the connection.
    /// - Throws: `TransportError` for an endpoint or keys that cannot be used.
    public init(
        _ endpoint: Endpoint,
        configuration: RPCClientConfiguration = RPCClientConfiguration(),
        context: MessagingContext = .shared,
        loop: EventLoop = .shared
    ) async throws(TransportError) {
        self.loop = loop
        core = try await loop.perform { () throws(TransportError) in
            try ClientCore(endpoint: endpoint, configuration: configuration, context: context, loop: loop)
        }
    }

    deinit {
        // The core may live on the loop alone, so it is ended there.
        loop.post { [core] in core.close() }
    }

    // MARK: Raw calls

    /// Calls `method` with a payload of bytes and puts the reply's into `buffer`. Allocates nothing in steady state from
    /// a task that prefers the loop.
    ///
    /// - Parameters:
    ///   - payload: At most `Limits.payloadBytesMax` bytes; copied once, into the outgoing message.
    ///   - buffer: Not used by another call meanwhile. On a failure it keeps what it had.
    ///   - options: How long to wait, and whether the call may be sent again.
    /// - Throws: `RPCError`, each case of which says what to do.
    public func call(
        _ method: RPCMethod,
        payload: RawSpan,
        into buffer: ReplyBuffer,
        options: CallOptions = .standard
    ) async throws(RPCError) {
        buffer.lend()
        defer { buffer.giveBack() }
        let outcome = try await outcome(method, payload, options, .payloadInto(.passUnretained(buffer)))
        guard outcome.kind == .payload else { throw outcome.error(method: method, options: options) }
    }

    /// Calls `method` with a payload of bytes and returns the reply's.
    public func call(
        _ method: RPCMethod,
        payload: RawSpan,
        options: CallOptions = .standard
    ) async throws(RPCError) -> [UInt8] {
        let outcome = try await outcome(method, payload, options, .payload)
        guard outcome.kind == .payload else { throw outcome.error(method: method, options: options) }
        return outcome.bytes
    }

    /// Calls `method` with a payload of bytes and returns the reply's.
    public func call(
        _ method: RPCMethod,
        payload: [UInt8],
        options: CallOptions = .standard
    ) async throws(RPCError) -> [UInt8] {
        let span = payload.span
        return try await call(method, payload: span.bytes, options: options)
    }

    // MARK: Pipelines

    /// Runs a source of calls until it has finished and the last reply is in. A cancelled task stops the source, and
    /// waits for the calls that are in flight.
    ///
    /// - Parameters:
    ///   - source: Makes the calls and takes the replies, on the loop's thread. Nobody else uses it until this returns.
    ///   - window: Calls in flight at the most, within `inFlightMax` of the client.
    public func pipeline(
        _ source: any CallSource,
        method: RPCMethod,
        window: Int,
        options: CallOptions = .standard
    ) async throws(RPCError) {
        precondition(window >= 1, "a window of \(window) has no room for a call")
        let pipeline = LoopConfined(
            CallPipeline(core: core, source: source, method: method, window: window, options: options)
        )
        await withTaskCancellationHandler {
            await suspended { continuation in
                loop.post { [core] in
                    core.begin(pipeline.value)
                    pipeline.value.waitUntilDone(continuation)
                }
            }
        } onCancel: {
            loop.post { pipeline.value.stop() }
        }
        if await loop.perform({ [core] in core.isClosed }) { throw .closed }
        if Task.isCancelled { throw .cancelled(method: method.name) }
    }

    // MARK: Its state

    /// What the client has seen.
    public var statistics: RPCClientStatistics {
        get async { await loop.perform { [core] in core.statistics } }
    }

    /// Calls in flight.
    public var inFlight: Int {
        get async { await loop.perform { [core] in core.inFlight } }
    }

    /// Fails the calls in flight with `RPCError.closed` and ends the connection; what has not been sent leaves within the
    /// linger time. A client that is let go is closed as well.
    public func close() async {
        await loop.perform { [core] in core.close() }
    }

    // MARK: Waiting

    /// Makes a raw call and waits for its end.
    private func outcome(
        _ method: RPCMethod,
        _ payload: RawSpan,
        _ options: CallOptions,
        _ form: CallWaiter.Form
    ) async throws(RPCError) -> CallOutcome {
        guard payload.byteCount <= Limits.payloadBytesMax else {
            throw .payloadTooLarge(bytes: payload.byteCount, limit: Limits.payloadBytesMax)
        }
        guard loop.isCurrent, core.hasRoom else {
            let bytes = payload.withUnsafeBytes { Array($0) }
            return await outcome(SubmittedCall(method, .payload(bytes), options, form: form, startedAt: .now))
        }
        guard !Task.isCancelled else {
            core.countCancelled()
            return CallOutcome(kind: .cancelled)
        }
        // The task may have worked for long since the loop last read the clock, and its time begins now.
        if options.timeoutNs > 0 { loop.refreshNow() }
        let msgid = core.reserve(options)
        // The span, and with it what this points to, outlives the wait.
        let content = payload.withUnsafeBytes { LoopConfined($0) }
        return await withTaskCancellationHandler {
            await suspended { continuation in
                let waiter = CallWaiter(continuation: continuation, form: form)
                if loop.isCurrent {
                    core.send(msgid, method, payload: content.value, options, waiter)
                } else {
                    // An actor on the loop that runs no task preferring it comes here by way of the global executor.
                    loop.post { [core] in core.send(msgid, method, payload: content.value, options, waiter) }
                }
            }
        } onCancel: {
            loop.post { [core] in core.cancel(msgid) }
        }
    }

    /// Hands a call to the loop and waits for its end.
    func outcome(_ call: SubmittedCall) async -> CallOutcome {
        await withTaskCancellationHandler {
            await suspended { continuation in
                call.continuation = continuation
                loop.post { [core] in core.submit(call) }
            }
        } onCancel: {
            call.isCancelled.store(true, ordering: .relaxed)
            loop.post { [core] in core.cancel(call) }
        }
    }
}

/// Carries something that is confined to a loop through code that other threads may run.
///
/// @unchecked Sendable: whoever opens it is on the loop.
struct LoopConfined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
