// The settings of a server, and what it counts.

/// How a server listens, and what it takes on at once.
public struct RPCServerConfiguration: Sendable {
    /// Async handlers that run at once. Raw handlers run one at a time on the loop and are not counted.
    public var concurrentHandlersMax = 256
    /// Requests that wait for an async handler. Beyond, they are answered with `overloaded`.
    public var queuedRequestsMax = 16_384
    /// How long the reply to an idempotent call is kept for a resend of it.
    public var replyCacheDuration: Duration = .seconds(30)
    /// Bytes of replies kept for resends, all peers together. Beyond, the oldest go.
    public var replyCacheBytesMax = 32 << 20
    /// Peers that have been silent for so long, with nothing in hand for them, are forgotten.
    public var peerIdleTimeout: Duration = .seconds(120)
    /// Whether frames of one turn of the loop share messages. Off, each has a message of its own.
    public var coalescing = true
    /// Frames in one message at the most, with coalescing: 1 or more.
    public var framesPerMessageMax = Limits.framesPerMessageMax
    public var socket = SocketSettings()
    public var security = Security.none

    public init() {}
}

/// What a server has seen, since it was made.
public struct RPCServerStatistics: Sendable, Hashable {
    /// Requests read.
    public var requests = 0
    /// Notifications read, cancellations included.
    public var notifications = 0
    /// Replies written, errors included.
    public var replies = 0
    /// Requests and notifications for methods that the service does not have.
    public var unknownMethods = 0
    /// Bodies or frames that were not what the protocol allows. Answered where their msgid could be read.
    public var malformed = 0
    /// Requests dropped because their caller's time was over.
    public var expired = 0
    /// Requests whose caller cancelled them.
    public var cancelled = 0
    /// Requests refused because too many were waiting, or too many peers.
    public var overloaded = 0
    /// Requests refused while the server drained.
    public var refusedInShutdown = 0
    /// Handlers that threw.
    public var failures = 0
    /// Resends answered from the reply cache, or while the first attempt still ran.
    public var duplicates = 0
    /// Messages to peers that were gone, and to peers that did not read what they asked for.
    public var droppedReplies = 0
    /// Peers that are known now.
    public var peers = 0
    /// Async handlers that run now.
    public var running = 0
}
