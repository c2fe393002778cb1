// How one call waits, and whether it may be sent again.

import RingmasterProtocol

/// Options of one call.
public struct CallOptions: Sendable {
    /// A call with the standard time-out of 5 s, sent once: executed at most once.
    public static let standard = CallOptions()

    /// How long the caller waits for the reply, in ns; 0 means without end. The server learns it.
    var timeoutNs: Int64
    /// The shortest time-out: the wire counts in microseconds, and there 0 means that the caller waits without end.
    static let timeoutNsMin: Int64 = 1000
    /// Present for an idempotent call.
    let retry: RetryPolicy?

    /// A call that is sent once: executed at most once.
    /// - Parameter timeout: How long to wait for the reply; nil waits until the client is closed.
    public init(timeout: Duration? = .seconds(5)) {
        timeoutNs = timeout.map { max(Self.timeoutNsMin, $0.nanosecondsClamped) } ?? 0
        retry = nil
    }

    /// A call that is sent once; its caller waits for so many nanoseconds.
    @inline(__always)
    init(timeoutNs: Int64) {
        self.timeoutNs = max(Self.timeoutNsMin, timeoutNs)
        retry = nil
    }

    /// A call that may be executed more than once without harm. It is sent again, over a new connection where the old
    /// one is silent, until it is answered or the policy ends: executed at least once if it is answered. A server that
    /// still has the reply to an earlier attempt gives that one.
    public static func idempotent(_ retry: RetryPolicy = .standard) -> CallOptions {
        CallOptions(retry: retry)
    }

    /// How many fields the call's frame has: the budget is the fifth, the attempt the sixth.
    @inline(__always)
    var fieldCount: UInt32 { retry != nil ? 6 : timeoutNs > 0 ? 5 : 4 }

    private init(retry: RetryPolicy) {
        self.retry = retry
        timeoutNs = max(Self.timeoutNsMin, retry.budget.nanosecondsClamped)
    }
}
