// That tasks see the lock's rules, under load and under cancellation, and that it is never lost.

import Testing

@testable import Ringmaster

/// Counts who is inside, and what must not be.
private final class Witness: Sendable {
    private struct Inside {
        var readers = 0
        var writers = 0
        var violations = 0
        var readersMax = 0
    }

    private let inside = Guarded(Inside())

    func read(_ body: () async -> Void) async {
        inside.withLock {
            $0.readers += 1
            $0.readersMax = max($0.readersMax, $0.readers)
            if $0.writers > 0 { $0.violations += 1 }
        }
        await body()
        inside.withLock { $0.readers -= 1 }
    }

    func write(_ body: () async -> Void) async {
        inside.withLock {
            $0.writers += 1
            if $0.writers > 1 || $0.readers > 0 { $0.violations += 1 }
        }
        await body()
        inside.withLock { $0.writers -= 1 }
    }

    var violations: Int { inside.withLock { $0.violations } }
    var readersMax: Int { inside.withLock { $0.readersMax } }
}

/// What happened, in order.
private final class Trail: Sendable {
    private let noted = Guarded<[String]>([])

    var steps: [String] { noted.withLock { $0 } }

    func note(_ step: String) {
        noted.withLock { $0.append(step) }
    }
}

/// A door that is opened once.
private final class Door: Sendable {
    private let waiting = Guarded<(isOpen: Bool, waiters: [UnsafeContinuation<Void, Never>])>((false, []))

    func pass() async {
        await withUnsafeContinuation { continuation in
            let isOpen = waiting.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = waiting.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

struct RWLockTests {
    private let lock = RWLock()

    @Test func readersRunTogether() async throws {
        let witness = Witness()
        let door = Door()
        try await withThrowingTaskGroup { group in
            for _ in 0..<10 {
                group.addTask { [lock] in try await lock.withReadLock { await witness.read { await door.pass() } } }
            }
            #expect(await eventually { witness.readersMax == 10 })
            door.open()
            try await group.waitForAll()
        }
    }

    @Test func aWaitingWriterHoldsBackNewReadersAndRunsBeforeThem() async throws {
        let order = Trail()
        let door = Door()
        let inside = Counter()
        let reader = Task { [lock] in
            try await lock.withReadLock {
                inside.increment()
                await door.pass()
                order.note("first reader")
            }
        }
        #expect(await eventually { inside.value == 1 })
        let writer = Task { [lock] in try await lock.withWriteLock { order.note("writer") } }
        #expect(await eventually { lock.waitingCount == 1 })
        let late = Task { [lock] in try await lock.withReadLock { order.note("late reader") } }
        #expect(await eventually { lock.waitingCount == 2 })
        #expect(order.steps.isEmpty)
        door.open()
        try await reader.value
        try await writer.value
        try await late.value
        #expect(order.steps == ["first reader", "writer", "late reader"])
    }

    @Test func aCancelledWriterLeavesTheQueueAndLetsReadersIn() async throws {
        let door = Door()
        let inside = Counter()
        let reader = Task { [lock] in
            try await lock.withReadLock {
                inside.increment()
                await door.pass()
            }
        }
        #expect(await eventually { inside.value == 1 })
        let writer = Task { [lock] in try await lock.withWriteLock { _ = Issue.record("a cancelled writer ran") } }
        #expect(await eventually { lock.waitingCount == 1 })
        let late = Task { [lock] in try await lock.withReadLock { inside.increment() } }
        #expect(await eventually { lock.waitingCount == 2 })
        writer.cancel()
        await #expect(throws: CancellationError.self) { try await writer.value }
        // The first reader still holds the lock.
        try await late.value
        #expect(inside.value == 2)
        door.open()
        try await reader.value
        try await lock.withWriteLock {}
    }

    @Test func aTaskThatIsCancelledAlreadyDoesNotTakeTheLock() async throws {
        let task = Task { [lock] in
            withUnsafeCurrentTask { $0?.cancel() }
            try await lock.withReadLock { _ = Issue.record("a cancelled task ran") }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        try await lock.withWriteLock {}
    }

    @Test func theLockIsGivenBackWhereTheBodyThrows() async throws {
        struct Failure: Error {}
        @Sendable func fail(writing: Bool) async throws {
            if writing {
                try await lock.withWriteLock { throw Failure() }
            } else {
                try await lock.withReadLock { throw Failure() }
            }
        }
        for writing in [true, false] {
            await #expect(throws: Failure.self) { try await fail(writing: writing) }
        }
        #expect(try await lock.withWriteLock { 42 } == 42)
    }

    @Test func underLoadAndCancellationNothingOverlapsAndNothingIsLost() async throws {
        let witness = Witness()
        let finished = Counter()
        let cancelled = Counter()
        await withTaskGroup { group in
            for worker in 0..<32 {
                group.addTask { [lock] in
                    var generator = SplitMix64(seed: UInt64(worker))
                    for _ in 0..<200 {
                        let isWriter = Int.random(in: 0..<4, using: &generator) == 0
                        let yields = Int.random(in: 0..<4, using: &generator)
                        let task = Task {
                            if isWriter {
                                try await lock.withWriteLock {
                                    await witness.write { for _ in 0..<yields { await Task.yield() } }
                                }
                            } else {
                                try await lock.withReadLock {
                                    await witness.read { for _ in 0..<yields { await Task.yield() } }
                                }
                            }
                        }
                        if Int.random(in: 0..<3, using: &generator) == 0 {
                            if Bool.random(using: &generator) { await Task.yield() }
                            task.cancel()
                        }
                        switch await task.result {
                        case .success: finished.increment()
                        case .failure: cancelled.increment()
                        }
                    }
                }
            }
        }
        #expect(witness.violations == 0)
        #expect(finished.value + cancelled.value == 32 * 200)
        #expect(finished.value > 0 && cancelled.value > 0)
        #expect(lock.waitingCount == 0)
        try await lock.withWriteLock {}
    }
}
