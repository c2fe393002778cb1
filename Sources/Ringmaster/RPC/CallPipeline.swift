// Many calls in flight from one place, without a task for each: for load, and for whoever has a queue of work.

import RingmasterProtocol

/// What makes the calls of a pipeline and takes their replies. All of it runs on the client's loop, one at a time, and
/// must not block.
public protocol CallSource: AnyObject {
    /// Makes calls with `pipeline.send` while there is room and something to send. Called at the beginning, after
    /// replies, and at the time that it last asked for.
    func makeCalls(_ pipeline: CallPipeline) -> CallDemand

    /// The reply to the call that was sent under `tag`. The bytes are alive until this returns.
    func receive(reply: RawSpan, tag: UInt64)

    /// The call that was sent under `tag` has failed.
    func fail(_ error: RPCError, tag: UInt64)
}

/// When a source wants to make calls again.
public enum CallDemand: Hashable, Sendable {
    /// After the next reply.
    case afterReply
    /// At this time, or after the next reply if that comes first.
    case at(MonotonicTime)
    /// Never: the pipeline ends with the last reply.
    case finished
}

/// A window of calls to one method, filled by a `CallSource`. In steady state a call allocates nothing.
///
/// Confined to the client's loop.
public final class CallPipeline {
    /// Calls in flight at the most.
    public let window: Int
    /// Calls in flight.
    @exclusivity(unchecked) public private(set) var inFlight = 0

    let method: RPCMethod
    let options: CallOptions
    private let core: ClientCore
    private let source: any CallSource
    private var timer: LoopTimer?
    @exclusivity(unchecked) private var isFinished = false
    @exclusivity(unchecked) private var isFilling = false
    private var whenDone: Resumption<Void>?

    init(core: ClientCore, source: any CallSource, method: RPCMethod, window: Int, options: CallOptions) {
        self.core = core
        self.source = source
        self.method = method
        self.window = window
        self.options = options
    }

    /// Whether `send` may be called.
    @inline(__always)
    public var hasRoom: Bool { inFlight < window && core.hasRoom }

    /// The time of the loop: when its present turn began or last woke.
    public var now: MonotonicTime { core.loop.now }

    /// Sends a call with `payload`; its reply comes back under `tag`.
    ///
    /// - Precondition: `hasRoom`, and a payload of at most `Limits.payloadBytesMax` bytes.
    @inline(__always)
    public func send(_ payload: RawSpan, tag: UInt64) {
        precondition(hasRoom, "a call was sent to a full pipeline")
        inFlight += 1
        payload.withUnsafeBytes { core.send(from: self, $0, tag: tag) }
    }

    /// Sends a call with `payload`; its reply comes back under `tag`.
    ///
    /// - Precondition: As for the other `send`.
    @inline(__always)
    public func send(_ payload: [UInt8], tag: UInt64) {
        let span = payload.span
        send(span.bytes, tag: tag)
    }

    /// Lets the source fill the window.
    func fill() {
        // A reply cannot arrive while calls are made, but a source may well be finished twice.
        guard !isFinished, !isFilling, !core.isClosed else { return }
        isFilling = true
        defer { isFilling = false }
        switch source.makeCalls(self) {
        case .afterReply:
            break
        case .at(let time):
            let timer = self.timer ?? core.loop.timer { [unowned self] in core.fill(self) }
            self.timer = timer
            core.loop.arm(timer, at: time)
        case .finished:
            isFinished = true
        }
    }

    @inline(__always)
    func receive(_ reply: RawReply, tag: UInt64) {
        inFlight -= 1
        switch reply.kind {
        case .payload, .value: source.receive(reply: reply.buffer.bytes, tag: tag)
        default: source.fail(reply.error(method: method, options: options), tag: tag)
        }
    }

    /// Whether nothing more will come of it.
    var isDone: Bool { inFlight == 0 && (isFinished || core.isClosed) }

    func waitUntilDone(_ continuation: Resumption<Void>) {
        whenDone = continuation
        finishIfDone()
    }

    /// Resumes whoever waits for the end, once it has come.
    func finishIfDone() {
        guard isDone else { return }
        if let timer { core.loop.disarm(timer) }
        core.forget(self)
        whenDone?.resume()
        whenDone = nil
    }

    /// Makes no more calls, and ends with the last reply.
    func stop() {
        isFinished = true
        finishIfDone()
    }
}
