// What happens in a turn of an event loop: the order in which everything else relies on.

import CShim
import Glibc
import RingmasterProtocol

extension EventLoop {
    /// Rounds of ready jobs that still run after `stop`: enough for what was under way, and no more for what goes on.
    private static let lastRoundsMax = 16

    /// One turn of a stepped loop: waits at most `maximumWait` for something to happen. Returns false after `stop`.
    @discardableResult
    public func step(maximumWait: Duration = .zero) -> Bool {
        checkIsolated()
        return turn(maximumWaitNs: maximumWait.nanosecondsClamped)
    }

    func startThread(name: String) {
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
        runWatches()
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
            guard confined.turnsWithoutWait >= LoopState.turnsWithoutWaitMax else {
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
        let count = rm_poller_wait(poller, timeoutNs, confined.tokens, Int32(LoopState.tokensMax))
        refreshNow()
        for index in 0..<Int(max(0, count)) {
            let token = confined.tokens[index]
            switch token {
            case RM_POLLER_WAKE: break
            case RM_POLLER_ALARM: confined.alarm = .distantFuture
            case let token where Self.isOfWatch(token):
                if let watch = watch(token: token) { confined.readableWatches.append(watch) }
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

    private func runWatches() {
        guard !confined.readableWatches.isEmpty else { return }
        let watches = confined.readableWatches
        confined.readableWatches.removeAll(keepingCapacity: true)
        // One that an action before it removed is still alive here, and acts on nothing.
        for watch in watches where watch.isWatched { watch.action() }
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
}
