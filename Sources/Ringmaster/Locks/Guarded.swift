// A value behind a lock, for the few that several threads share.

import Glibc

/// A value that is touched under a lock alone: a pthread mutex, held for a moment and never across a suspension.
///
/// Not `Synchronization.Mutex`, whose lock is invisible to ThreadSanitizer on Linux: `make sanitize` would report every
/// use of it, and so no mistake.
///
/// @unchecked Sendable: `value` is touched by whoever holds the lock.
package final class Guarded<Value>: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: sending Value) {
        lock = .allocate(capacity: 1)
        let status = pthread_mutex_init(lock, nil)
        precondition(status == 0, "cannot make a lock")
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Calls `body` with the value while nobody else has it. `body` must not take the same lock.
    @inline(__always)
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
