// Waiting, in a task, for what another thread brings.

import CShim

/// What wakes a task that waits in `suspended`. Resume it once.
struct Resumption<Value>: Sendable {
    private let continuation: UnsafeContinuation<Value, Never>

    fileprivate init(_ continuation: UnsafeContinuation<Value, Never>) {
        self.continuation = continuation
    }

    /// Names the wait: no other has the same at the same time.
    fileprivate var address: UnsafeRawPointer? { unsafeBitCast(continuation, to: UnsafeRawPointer?.self) }

    /// Hands `value` to the task, which goes on. From any thread.
    func resume(returning value: sending Value) {
        rm_order_before(address)
        continuation.resume(returning: value)
    }
}

extension Resumption where Value == Void {
    func resume() { resume(returning: ()) }
}

/// Calls `body`, on the caller's executor, and suspends the task until what it was given is resumed.
///
/// `withUnsafeContinuation`, whose order ThreadSanitizer is told: the runtime makes it by an atomic of its own where a
/// task is resumed before it has come to its wait, and the sanitizer cannot see that.
func suspended<Value>(_ body: (Resumption<Value>) -> Void) async -> sending Value {
    var address: UnsafeRawPointer?
    let value = await withUnsafeContinuation { (continuation: UnsafeContinuation<Value, Never>) in
        let resumption = Resumption(continuation)
        address = resumption.address
        body(resumption)
    }
    rm_order_after(address)
    return value
}
