// A reader-writer lock for tasks: it gates jobs (readers) against a change that must see none of them (the writer).

/// A writer-preferring, asynchronous, cancellable reader-writer lock. Many readers hold it together, or one writer alone.
///
/// - A waiting writer stops new readers; readers that run finish. Readers can starve under a steady stream of writers.
/// - Whoever waits is suspended; no thread is blocked. A waiting task that is cancelled leaves the queue at once.
/// - It is not reentrant. A reader that asks again inside its body waits for the writer that waits for it: a deadlock.
///
/// The queue has no limit of its own: it is as long as there are tasks that wait.
public final class RWLock: Sendable {
    private struct State {
        var queue = LockQueue()
        var continuations: [LockQueue.Ticket: Waiter] = [:]
        var nextTicket: LockQueue.Ticket = 0

        mutating func takeWaiters(_ tickets: [LockQueue.Ticket]) -> [Waiter] {
            tickets.map { continuations.removeValue(forKey: $0)! }
        }
    }

    /// Told whether it has the lock (true) or was cancelled.
    private typealias Waiter = Resumption<Bool>

    private let state = Guarded(State())

    public init() {}

    /// Runs `body` while no writer runs.
    /// - Throws: `CancellationError` where the task is cancelled before it has the lock; whatever `body` throws.
    public func withReadLock<T>(_ body: () async throws -> T) async throws -> T {
        try await acquire(.read)
        defer { release(.read) }
        return try await body()
    }

    /// Runs `body` while nobody else holds the lock.
    /// - Throws: `CancellationError` where the task is cancelled before it has the lock; whatever `body` throws.
    public func withWriteLock<T>(_ body: () async throws -> T) async throws -> T {
        try await acquire(.write)
        defer { release(.write) }
        return try await body()
    }

    /// Tasks that wait at this moment.
    public var waitingCount: Int { state.withLock { $0.queue.waitingCount } }

    private func acquire(_ kind: LockQueue.Kind) async throws {
        try Task.checkCancellation()
        let taken = state.withLock { state -> LockQueue.Ticket? in
            if state.queue.take(kind) { return nil }
            state.nextTicket += 1
            return state.nextTicket
        }
        guard let ticket = taken else { return }
        let granted = await withTaskCancellationHandler {
            await suspended { waiter in
                let taken = state.withLock { state in
                    let taken = state.queue.takeOrWait(kind, ticket)
                    if !taken { state.continuations[ticket] = waiter }
                    return taken
                }
                if taken {
                    waiter.resume(returning: true)
                } else if Task.isCancelled {
                    // The handler may have run before there was anything to take out of the queue.
                    cancel(ticket)
                }
            }
        } onCancel: {
            cancel(ticket)
        }
        guard granted else { throw CancellationError() }
    }

    private func cancel(_ ticket: LockQueue.Ticket) {
        let (cancelled, granted) = state.withLock { state -> (Waiter?, [Waiter]) in
            guard let granted = state.queue.cancel(ticket) else { return (nil, []) }
            return (state.continuations.removeValue(forKey: ticket), state.takeWaiters(granted))
        }
        cancelled?.resume(returning: false)
        for waiter in granted { waiter.resume(returning: true) }
    }

    private func release(_ kind: LockQueue.Kind) {
        let granted = state.withLock { state in
            let granted = state.queue.release(kind)
            return state.takeWaiters(granted)
        }
        for waiter in granted { waiter.resume(returning: true) }
    }
}
