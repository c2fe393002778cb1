// That jobs, posts and sockets are all served, on the loop's thread, and that the thread sleeps and ends when it should.

import CShim
import Glibc
import RingmasterProtocol
import Testing

@testable import Ringmaster

private actor Bound {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private(set) var count = 0

    init(loop: EventLoop) {
        self.loop = loop
    }

    func isOnLoop() -> Bool { loop.isCurrent }

    func increment() -> Int {
        count += 1
        return count
    }

    func waitThenIncrement(_ hand: @Sendable (UnsafeContinuation<Void, Never>) -> Void) async {
        await withUnsafeContinuation { hand($0) }
        count += 1
    }

    nonisolated var countNow: Int { assumeIsolated { $0.count } }

    func incrementOn(_ other: Bound) async -> Int { await other.increment() }
}

struct EventLoopTests {
    @Test func jobsOfABoundActorRunOnTheLoop() async {
        let loop = EventLoop.start()
        defer { loop.stop() }
        let actor = Bound(loop: loop)
        #expect(await actor.isOnLoop())
        #expect(!loop.isCurrent)
        await withTaskGroup { group in
            for _ in 0..<1000 { group.addTask { _ = await actor.increment() } }
        }
        #expect(await actor.count == 1000)
    }

    @Test func aTaskThatPrefersTheLoopStaysOnIt() async {
        let loop = EventLoop.start()
        defer { loop.stop() }
        let stayed = await Task(executorPreference: loop.taskExecutor) {
            let before = loop.isCurrent
            await Task.yield()
            return before && loop.isCurrent
        }.value
        #expect(stayed)
    }

    @Test func jobsOfASteppedLoopWaitForAStep() {
        let loop = EventLoop.stepped()
        let ran = Counter()
        let one = Bound(loop: loop)
        let other = Bound(loop: loop)
        Task(executorPreference: loop.taskExecutor) {
            _ = await one.incrementOn(other)
            ran.increment()
        }
        #expect(ran.value == 0)
        #expect(loop.step { ran.value == 1 })
    }

    @Test func aPostFromAnotherThreadWakesASleepingLoop() async throws {
        let loop = EventLoop.start()
        defer { loop.stop() }
        for _ in 0..<200 {
            // Between two rounds the loop has nothing to do and sleeps without end.
            #expect(try await loop.run { loop.isCurrent })
        }
    }

    @Test func postsRunInTheOrderInWhichOneThreadMadeThem() async throws {
        let loop = EventLoop.start()
        defer { loop.stop() }
        let seen = Guarded<[Int]>([])
        for index in 0..<5000 { loop.post { seen.withLock { $0.append(index) } } }
        _ = try await loop.run { true }
        #expect(seen.withLock { $0 } == Array(0..<5000))
    }

    @Test func aPostFromTheLoopItselfRunsInALaterTurn() {
        let loop = EventLoop.stepped()
        let order = Guarded<[String]>([])
        loop.post {
            loop.post { order.withLock { $0.append("later") } }
            order.withLock { $0.append("now") }
        }
        loop.step()
        #expect(order.withLock { $0 } == ["now"])
        loop.step()
        #expect(order.withLock { $0 } == ["now", "later"])
    }

    @Test func stopEndsTheThread() async throws {
        let name = "rm-stop-\(UInt16.random(in: 0 ... .max))"
        let loop = EventLoop.start(name: name)
        _ = try await loop.run { true }
        #expect(threadNames().contains(name))
        loop.stop()
        #expect(await eventually { !threadNames().contains(name) })
        #expect(!loop.isCurrent)
    }

    @Test func whatCameBeforeStopStillRuns() {
        let loop = EventLoop.stepped()
        let actor = Bound(loop: loop)
        let posted = Counter()
        let waiting = Guarded<UnsafeContinuation<Void, Never>?>(nil)
        Task(executorPreference: loop.taskExecutor) {
            await actor.waitThenIncrement { continuation in waiting.withLock { $0 = continuation } }
        }
        var continuation: UnsafeContinuation<Void, Never>?
        #expect(
            loop.step {
                continuation = waiting.withLock { $0 }
                return continuation != nil
            }
        )
        loop.post { posted.increment() }
        continuation?.resume()
        loop.stop()
        #expect(!loop.step())
        #expect(posted.value == 1)
        #expect(actor.countNow == 1)
    }

    @Test func aBusyJobQueueDoesNotStarveSockets() throws {
        let loop = EventLoop.stepped()
        let isOver = Counter()
        let isDone = Counter()
        Task(executorPreference: loop.taskExecutor) {
            while isOver.value == 0 { await Task.yield() }
            isDone.increment()
        }
        let server = try LoopSocket.open(RM_ROUTER, on: loop)
        let client = try LoopSocket.open(RM_DEALER, on: loop)
        let inbox = Inbox()
        server.handler = inbox
        try client.connect(server.bind("tcp://127.0.0.1:*"))
        #expect(client.send([1, 2, 3]) == 0)
        #expect(loop.step { !inbox.messages.isEmpty })
        #expect(inbox.bodies == [[1, 2, 3]])
        isOver.increment()
        #expect(loop.step { isDone.value == 1 })
        client.close()
        server.close()
    }

    @Test func aBusySocketDoesNotStarveTimersOrPosts() throws {
        let loop = EventLoop.stepped()
        let one = try LoopSocket.open(RM_PAIR, on: loop)
        let other = try LoopSocket.open(RM_PAIR, on: loop)
        // Two peers that answer each other without end.
        let echo = Echo()
        one.handler = echo
        other.handler = echo
        try other.connect(one.bind(Endpoint("inproc://busy-\(UInt64.random(in: 0 ... .max))")))
        #expect(one.send([7]) == 0)
        #expect(loop.step { echo.count > 1000 })
        var fired = false
        loop.arm(loop.timer { fired = true }, at: loop.now.advanced(by: .milliseconds(1)))
        let posted = Counter()
        loop.post { posted.increment() }
        #expect(loop.step { fired && posted.value == 1 })
        one.close()
        other.close()
    }

    @Test func aSocketThatNobodyReadsDoesNotKeepTheLoopBusy() throws {
        let loop = EventLoop.stepped()
        let server = try LoopSocket.open(RM_ROUTER, on: loop)
        let client = try LoopSocket.open(RM_DEALER, on: loop)
        try client.connect(server.bind("tcp://127.0.0.1:*"))
        for _ in 0..<10 { #expect(client.send([1]) == 0) }
        #expect(loop.step { rm_socket_events(server.raw) & Int32(RM_READABLE) != 0 })
        let deadline = MonotonicTime.now.advanced(by: .milliseconds(300))
        var turns = 0
        while MonotonicTime.now < deadline {
            loop.step(maximumWait: .milliseconds(100))
            turns += 1
        }
        #expect(turns < 40, "a loop that spins makes many thousand turns")
        let inbox = Inbox()
        server.handler = inbox
        #expect(loop.step { inbox.messages.count == 10 }, "what waited is delivered once there is a handler")
        client.close()
        server.close()
    }

    @Test func aClosedSocketIsHeardNoMore() throws {
        let loop = EventLoop.stepped()
        let server = try LoopSocket.open(RM_ROUTER, on: loop)
        let inbox = Inbox()
        server.handler = inbox
        for _ in 0..<20 {
            // Places in the loop's table are used again.
            let client = try LoopSocket.open(RM_DEALER, on: loop)
            client.close()
            client.close()
        }
        server.close()
        loop.step(for: .milliseconds(20))
        #expect(inbox.messages.isEmpty)
    }

    private func threadNames() -> [String] {
        guard let folder = opendir("/proc/self/task") else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let id = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { continue }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 32)
            guard fgets(&line, 32, file) != nil else { continue }
            names.append(line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.filter { $0 != "\n" })
        }
        return names
    }
}

/// Sends back whatever it receives.
private final class Echo: SocketHandler {
    private(set) var count = 0
    private let batch = MessageBatch(messages: 8, parts: 1)

    func socketMayBeReady(_ socket: LoopSocket) {
        let received = batch.receive(from: socket)
        for index in 0..<received { _ = socket.send(batch.part(0, of: index)) }
        count += received
    }
}
