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
    private let inbox: Guarded<Inbox>
    private let ownThread = Atomic<UInt>(0)
    private let poller: OpaquePointer
    private let clock: @Sendable () -> MonotonicTime
    private let confined: Confined

    /// Runs tasks on the loop's thread: `Task(executorPreference: loop.taskExecutor) { ... }`. What such a task awaits on
    /// the loop resumes it without a change of thread, where a task or actor without that preference is always resumed
    /// by way of the global executor.
    public let taskExecutor = LoopTaskExecutor()

    /// Rounds of ready jobs that still run after `stop`: enough for what was under way, and no more for what goes on.
    private static let lastRoundsMax = 16

    /// What other threads leave for the loop.
    fileprivate struct Inbox {
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

    /// A loop that nothing runs yet. `clock` must never go back.
    private init(clock: @escaping @Sendable () -> MonotonicTime) {
        var poller: OpaquePointer?
        let status = rm_poller_create(&poller)
        guard status == 0, let poller else {
            // Descriptors or memory ran out before anything began.
            fatalError("cannot make an event loop: \(String(cString: rm_error_text(status)))")
        }
        self.poller = poller
        self.clock = clock
        inbox = Guarded(Inbox())
        confined = Confined(now: clock())
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

    fileprivate func enqueue(_ job: ReadyJob) {
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

    // MARK: Turning

    /// One turn of a stepped loop: waits at most `maximumWait` for something to happen. Returns false after `stop`.
    @discardableResult
    public func step(maximumWait: Duration = .zero) -> Bool {
        checkIsolated()
        return turn(maximumWaitNs: maximumWait.nanosecondsClamped)
    }

    private func startThread(name: String) {
        let box = Unmanaged.passRetained(Start(loop: self, name: name))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                rm_thread_set_name(start.name)
                start.loop.ownThread.store(UInt(pthread_self()), ordering: .releasing)
                while start.loop.turn(maximumWaitNs: -1) {}
                // The system may give this thread's id to another.
                start.loop.ownThread.store(0, ordering: .releasing)
                return nil
            },
            box.toOpaque()
        )
        precondition(status == 0, "cannot make a thread for the event loop")
        pthread_detach(thread)
    }

    private final class Start {
        let loop: EventLoop
        let name: String
        init(loop: EventLoop, name: String) {
            self.loop = loop
            self.name = name
        }
    }

    private func turn(maximumWaitNs: Int64) -> Bool {
        guard takeInbox() else {
            // A task that is resumed may have to change to an actor of this loop, which is a job more.
            for _ in 0..<Self.lastRoundsMax where !confined.ready.isEmpty { runReadyJobs() }
            flushSinks()
            return false
        }
        runReadyJobs()
        runTimers()
        flushSinks()
        collectReadable()
        wait(maximumWaitNs)
        dispatchReadable()
        runReadyJobs()
        flushSinks()
        return true
    }

    private func takeInbox() -> Bool {
        let ready = confined.ready
        let (actions, stop) = inbox.withLock { inbox -> ([@Sendable () -> Void], Bool) in
            inbox.loopSleeps = false
            for job in inbox.jobs { ready.append(job) }
            inbox.jobs.removeAll(keepingCapacity: true)
            guard !inbox.actions.isEmpty else { return ([], inbox.stopRequested) }
            let actions = inbox.actions
            inbox.actions = []
            return (actions, inbox.stopRequested)
        }
        for action in actions { action() }
        return !stop
    }

    private func runTimers() {
        guard let earliest = confined.timers.earliest else { return }
        guard earliest <= refreshNow() else { return }
        // As many as are armed now: a timer that its action arms again for this moment waits for the next turn.
        for _ in 0..<confined.timers.count {
            guard let timer = confined.timers.popDue(at: confined.now) else { break }
            timer.action()
        }
        runReadyJobs()
    }

    private func flushSinks() {
        // A sink may become dirty again while another is flushed, hence the index.
        var index = 0
        while index < confined.sinks.count {
            confined.sinks[index].flush()
            index += 1
        }
        confined.sinks.removeAll(keepingCapacity: true)
    }

    /// Reads the state of the sockets used since the last look, and notes those that can be received from.
    private func collectReadable() {
        for socket in confined.touched {
            socket.isTouched = false
            guard socket.token >= 0 else { continue }
            let events = rm_socket_events(socket.raw)
            socket.isBusy = events > 0 && events & Int32(RM_READABLE) != 0
            if socket.isBusy || events > 0 && socket.wantsWritable { markReadable(socket) }
        }
        confined.touched.removeAll(keepingCapacity: true)
    }

    private func markReadable(_ socket: LoopSocket) {
        guard !socket.isMarked else { return }
        socket.isMarked = true
        confined.readable.append(socket)
    }

    private func wait(_ maximumWaitNs: Int64) {
        var timeoutNs = maximumWaitNs
        if !confined.readable.isEmpty || !confined.ready.isEmpty {
            // Busy: the kernel is asked every so often, so that no descriptor starves.
            confined.turnsWithoutWait += 1
            guard confined.turnsWithoutWait >= Confined.turnsWithoutWaitMax else {
                refreshNow()
                return
            }
            timeoutNs = 0
        } else if let earliest = confined.timers.earliest {
            if timeoutNs < 0 {
                setAlarm(earliest)
            } else {
                timeoutNs = min(timeoutNs, max(0, earliest.nanoseconds - clock().nanoseconds))
            }
        }
        if timeoutNs != 0 {
            let pending = inbox.withLock { inbox in
                let pending = !inbox.jobs.isEmpty || !inbox.actions.isEmpty || inbox.stopRequested
                inbox.loopSleeps = !pending
                return pending
            }
            if pending { timeoutNs = 0 }
        }
        confined.turnsWithoutWait = 0
        let count = rm_poller_wait(poller, timeoutNs, confined.tokens, Int32(Confined.tokensMax))
        refreshNow()
        for index in 0..<Int(max(0, count)) {
            let token = confined.tokens[index]
            switch token {
            case RM_POLLER_WAKE: break
            case RM_POLLER_ALARM: confined.alarm = .distantFuture
            default:
                if let socket = confined.sockets[Int(token)] { markReadable(socket) }
            }
        }
    }

    /// Has the kernel end the wait at `earliest` at the latest. An alarm that rings too soon is left as it is: most timers
    /// are put off again and again, and a time-out set and unset at each wait costs a round trip a tenth of its time.
    private func setAlarm(_ earliest: MonotonicTime) {
        guard earliest < confined.alarm else { return }
        confined.alarm = earliest
        let status = rm_poller_set_alarm(poller, earliest.nanoseconds)
        precondition(status == 0, "the kernel refused an alarm")
    }

    private func dispatchReadable() {
        guard !confined.readable.isEmpty else { return }
        swap(&confined.readable, &confined.dispatching)
        for socket in confined.dispatching {
            socket.isMarked = false
            guard socket.token >= 0 else { continue }
            guard let handler = socket.handler else {
                // Nobody reads it: its descriptor is quieted, and it is looked at again when a handler is set.
                _ = rm_socket_events(socket.raw)
                continue
            }
            touch(socket)
            handler.socketMayBeReady(socket)
        }
        confined.dispatching.removeAll(keepingCapacity: true)
    }

    /// The state that the loop's thread alone touches.
    private final class Confined {
        static let tokensMax = 64
        /// Turns that may pass without asking the kernel while sockets in hand are busy.
        static let turnsWithoutWaitMax = 16

        let ready = JobQueue()
        @exclusivity(unchecked) var timers = TimerHeap()
        @exclusivity(unchecked) var now: MonotonicTime
        @exclusivity(unchecked) var sockets: [LoopSocket?] = []
        var freeTokens: [Int] = []
        @exclusivity(unchecked) var touched: [LoopSocket] = []
        @exclusivity(unchecked) var readable: [LoopSocket] = []
        @exclusivity(unchecked) var dispatching: [LoopSocket] = []
        @exclusivity(unchecked) var sinks: [any Flushable] = []
        @exclusivity(unchecked) var turnsWithoutWait = 0
        /// When the kernel's alarm rings; `distantFuture` where it is not set.
        var alarm = MonotonicTime.distantFuture
        let tokens = UnsafeMutablePointer<UInt64>.allocate(capacity: tokensMax)

        init(now: MonotonicTime) {
            self.now = now
        }

        deinit {
            tokens.deallocate()
        }
    }
}

extension EventLoop.Inbox {
    /// Whether the loop sleeps and must be woken; one caller is told so.
    fileprivate mutating func takeSleep() -> Bool {
        let sleeps = loopSleeps
        loopSleeps = false
        return sleeps
    }
}

/// An event loop as the executor of tasks. The loop must outlive the tasks that prefer it.
///
/// @unchecked Sendable: `loop` is set once, before anybody else sees it.
public final class LoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    fileprivate unowned var loop: EventLoop!

    public func enqueue(_ job: consuming ExecutorJob) {
        loop.enqueue(ReadyJob(job: UnownedJob(job), isOfPreferringTask: true))
    }
}

/// Something that gathers output during a turn.
protocol Flushable: AnyObject {
    /// Sends what was gathered. Called once at the end of the turn for each `flushLater`.
    func flush()
}
