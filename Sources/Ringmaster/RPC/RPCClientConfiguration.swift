// The settings of a client.

/// How a client connects, how much it may have in flight, and how it gathers frames.
public struct RPCClientConfiguration: Sendable {
    /// What a call does when `inFlightMax` calls are in flight.
    public enum Backpressure: Sendable {
        /// The caller waits its turn, within its deadline.
        case wait
        /// The call fails with `RPCError.overloaded`.
        case fail
    }

    /// Whether the calls in flight fail at once, with `RPCError.disconnected`, when the connection breaks. For callers that
    /// know where else to turn; others wait for the server to come back, within their time.
    public var failsWhenDisconnected = false
    /// Calls that may be in flight at once: 1...65,536.
    public var inFlightMax = 4096
    public var backpressure = Backpressure.wait
    /// Whether frames of one turn of the loop share messages. Off, each has a message of its own.
    public var coalescing = true
    /// Frames in one message at the most, with coalescing: 1 or more.
    public var framesPerMessageMax = Limits.framesPerMessageMax
    /// Whether frames gather while many calls are unanswered, see `GatheringClock`.
    var gathersWhileUnanswered = false
    public var socket = SocketSettings()
    public var security = Security.none
    /// The client's identity towards servers, 1...16 bytes; nil draws one at random. It outlives reconnects: by it a
    /// server recognises a resend. Two clients of one server must not share one.
    public var identity: [UInt8]?

    public init() {}
}

/// What a client has seen, since it was made.
public struct RPCClientStatistics: Sendable, Hashable {
    /// Calls begun.
    public var calls = 0
    /// Replies that ended a call, errors included.
    public var replies = 0
    /// Replies to no call in flight: late, repeated or invented ones. Dropped.
    public var unmatchedReplies = 0
    /// Bodies or frames that were not what the protocol allows. Dropped.
    public var malformed = 0
    /// Calls that ran out of time.
    public var deadlinesExceeded = 0
    /// Calls whose task was cancelled.
    public var cancelled = 0
    /// Calls refused because the window was full.
    public var refusedCalls = 0
    /// Frames that were dropped unsent with a connection that was left.
    public var droppedFrames = 0
    /// Idempotent calls sent again.
    public var resends = 0
    /// Connections replaced because the server was silent or the host had slept.
    public var resets = 0
}
