// The event loop: one thread that owns ZeroMQ sockets and timers, and runs the jobs of the actors bound to it.
//
// Everything on the hot path happens in `turn`: jobs, timers, flush of what was gathered, wait, receive. Frames gather
// while a turn lasts and leave at its end, so an idle socket sends at once and a busy one in batches, without a timer.

import CShim
import Glibc
import RingmasterProtocol
import Synchronization

/// A single-threaded executor with sockets and timers.
///
/// Bind an actor to it with `nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }`;
/// calls between actors of one loop do not leave its thread. For a task, prefer its `taskExecutor`.
///
/// Thread safety: `enqueue`, `post`, `stop` and `isCurrent` may be called from any thread; all the rest only on the loop's
/// own, which is checked.
public final class EventLoop: SerialExecutor, @unchecked Sendable {
    // @unchecked: `inbox` and `thread` are guarded; `confined` is touched by the loop's thread alone.
    let inbox: Guarded<Inbox>
    let ownThread = Atomic<UInt>(0)
    let poller: OpaquePointer
    let clock: @Sendable () -> MonotonicTime
    let host: LoopHost
    let confined: LoopState

    /// Runs tasks on the loop's thread: `Task(executorPreference: loop.taskExecutor) { ... }`. What such a task awaits on
    /// the loop resumes it without a change of thread, where a task or actor without that preference is always resumed
    /// by way of the global executor.
    public let taskExecutor = LoopTaskExecutor()

    /// What other threads leave for the loop.
    struct Inbox {
        var jobs: [ReadyJob] = []
        var actions: [@Sendable () -> Void] = []
        var loopSleeps = false
        var stopRequested = false
    }

    /// A loop for whoever does not care which. Started at first use, never stopped.
    public static let shared: EventLoop = {
        let loop = EventLoop(clock: { .now })
        loop.startThread(name: "ringmaster")
        return loop
    }()

    /// A loop on the kernel's poller that nothing runs yet. `clock` must never go back.
    private convenience init(clock: @escaping @Sendable () -> MonotonicTime) {
        var poller: OpaquePointer?
        let status = rm_poller_create(&poller)
        guard status == 0, let poller else {
            // Descriptors or memory ran out before anything began.
            fatalError("cannot make an event loop: \(String(cString: rm_error_text(status)))")
        }
        self.init(poller: poller, clock: clock, host: .machine)
    }

    /// A loop that nothing runs yet. It takes the poller over.
    init(poller: OpaquePointer, clock: @escaping @Sendable () -> MonotonicTime, host: LoopHost) {
        self.poller = poller
        self.clock = clock
        self.host = host
        inbox = Guarded(Inbox())
        confined = LoopState(now: clock())
        taskExecutor.loop = self
    }

    deinit {
        rm_poller_destroy(poller)
    }

    /// Makes a loop with a thread of its own, which runs until `stop`.
    public static func start(name: String = "ringmaster") -> EventLoop {
        let loop = EventLoop(clock: { .now })
        loop.startThread(name: name)
        return loop
    }

    /// Makes a loop without a thread, for tests: the calling thread becomes its own and drives it with `step`.
    public static func stepped(clock: @escaping @Sendable () -> MonotonicTime = { .now }) -> EventLoop {
        let loop = EventLoop(clock: clock)
        loop.ownThread.store(UInt(pthread_self()), ordering: .releasing)
        return loop
    }

    /// Whether the caller runs on the loop's thread.
    public var isCurrent: Bool {
        ownThread.load(ordering: .relaxed) == UInt(pthread_self())
    }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        enqueue(ReadyJob(job: UnownedJob(job), isOfPreferringTask: false))
    }

    func enqueue(_ job: ReadyJob) {
        if isCurrent {
            confined.ready.append(job)
            return
        }
        let wake = inbox.withLock { inbox in
            inbox.jobs.append(job)
            return inbox.takeSleep()
        }
        if wake { rm_poller_wake(poller) }
    }

    public func checkIsolated() {
        precondition(isCurrent, "not on the event loop's thread")
    }

    public func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    /// Runs `action` on the loop's thread, in its next turn. From any thread.
    public func post(_ action: @escaping @Sendable () -> Void) {
        let wake = inbox.withLock { inbox in
            inbox.actions.append(action)
            return inbox.takeSleep()
        }
        if wake { rm_poller_wake(poller) }
    }

    /// Ends the loop's thread. What was enqueued or posted before still runs once; what comes later never does: close
    /// what lives on the loop first.
    public func stop() {
        let wake = inbox.withLock { inbox in
            inbox.stopRequested = true
            return inbox.takeSleep()
        }
        if wake { rm_poller_wake(poller) }
    }

    // MARK: On the loop's thread

    /// The time at which the present turn began or last woke. Costs no clock reading.
    public var now: MonotonicTime { confined.now }

    /// Reads the clock and returns the present time, for a handler that ran long.
    @discardableResult
    public func refreshNow() -> MonotonicTime {
        confined.now = clock()
        return confined.now
    }

    /// Makes a timer of this loop.
    public func timer(_ action: @escaping () -> Void) -> LoopTimer {
        LoopTimer(action)
    }

    /// Arms `timer`. O(log timers).
    public func arm(_ timer: LoopTimer, at deadline: MonotonicTime) {
        checkIsolated()
        confined.timers.arm(timer, at: deadline)
    }

    /// Disarms `timer`, if it is armed.
    public func disarm(_ timer: LoopTimer) {
        checkIsolated()
        confined.timers.disarm(timer)
    }

    /// Watches `socket` and calls its handler when there may be something to receive.
    func add(_ socket: LoopSocket) throws(TransportError) {
        checkIsolated()
        let descriptor = rm_socket_descriptor(socket.raw)
        guard descriptor >= 0 else { throw TransportError(code: descriptor, doing: "watching a socket") }
        let token = confined.freeTokens.last ?? confined.sockets.count
        let status = rm_poller_add(poller, descriptor, UInt64(token))
        guard status == 0 else { throw TransportError(code: status, doing: "watching a socket") }
        if token == confined.sockets.count {
            confined.sockets.append(socket)
        } else {
            confined.freeTokens.removeLast()
            confined.sockets[token] = socket
        }
        socket.token = token
        socket.descriptor = descriptor
        touch(socket)
    }

    /// Stops watching `socket`; call before closing it.
    func remove(_ socket: LoopSocket) {
        checkIsolated()
        guard socket.token >= 0 else { return }
        rm_poller_remove(poller, socket.descriptor)
        confined.sockets[socket.token] = nil
        confined.freeTokens.append(socket.token)
        socket.token = -1
    }

    /// Notes that `socket` was used: its descriptor may have lost its edge, so its state is read before the loop sleeps.
    @inline(__always)
    func touch(_ socket: LoopSocket) {
        guard !socket.isTouched else { return }
        socket.isTouched = true
        confined.touched.append(socket)
    }

    /// Has `sink` flushed at the end of the turn. The sink sees to it that it is added once.
    @inline(__always)
    func flushLater(_ sink: any Flushable) {
        confined.sinks.append(sink)
    }

    /// Runs the jobs that are ready now. Those that they make ready in turn wait for the next call, so that a task that
    /// never suspends for long cannot keep the loop from its sockets.
    func runReadyJobs() {
        let queue = confined.ready
        guard queue.count > 0 else { return }
        let serial = asUnownedSerialExecutor()
        let preference = taskExecutor.asUnownedTaskExecutor()
        for _ in 0..<queue.count {
            guard let next = queue.popFirst() else { return }
            if next.isOfPreferringTask {
                next.job.runSynchronously(on: preference)
            } else {
                next.job.runSynchronously(on: serial)
            }
        }
    }
}

extension EventLoop.Inbox {
    /// Whether the loop sleeps and must be woken; one caller is told so.
    mutating func takeSleep() -> Bool {
        let sleeps = loopSleeps
        loopSleeps = false
        return sleeps
    }
}
