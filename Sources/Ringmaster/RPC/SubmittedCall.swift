// A call on its way to the loop: from another thread, or waiting there for room.

import RingmasterProtocol
import Synchronization

/// A call that is not in the table yet.
///
/// @unchecked Sendable: but for `isCancelled`, which is atomic, everything is set before it is handed to the loop and
/// touched only there afterwards.
final class SubmittedCall: @unchecked Sendable {
    enum Content {
        /// The one param, raw bytes.
        case payload([UInt8])
        /// The encoded array of params.
        case params([UInt8])
    }

    let method: RPCMethod
    let content: Content
    let options: CallOptions
    /// When the caller began to wait.
    let startedAt: MonotonicTime
    let form: CallWaiter.Form
    var continuation: Resumption<CallOutcome>?
    /// Whether it waits for room, or has.
    var isWaiting = false
    /// Set while it waits for room with a deadline.
    var timer: LoopTimer?
    /// Set once it is in flight.
    var msgid: UInt32?
    let isCancelled = Atomic(false)

    init(
        _ method: RPCMethod,
        _ content: Content,
        _ options: CallOptions,
        form: CallWaiter.Form,
        startedAt: MonotonicTime
    ) {
        self.method = method
        self.content = content
        self.options = options
        self.form = form
        self.startedAt = startedAt
    }

    var deadline: MonotonicTime {
        options.timeoutNs > 0 ? startedAt.adding(nanoseconds: options.timeoutNs) : .distantFuture
    }

    /// Ends it before it was ever in flight.
    func end(_ kind: RawReply.Kind) {
        guard let continuation else { return }
        self.continuation = nil
        continuation.resume(returning: CallOutcome(kind: kind))
    }
}
