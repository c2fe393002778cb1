// Every limit of the live layer, in one place, each with its reason.

/// Sizes and counts that nothing in this module goes beyond.
public enum Limits {
    /// Bytes of one ZeroMQ message: the largest frame, and room for the coalesced ones before it.
    public static let messageBytesMax = 64 << 20
    /// Bytes of the payload of one call or reply. Larger things belong in a file or a stream.
    public static let payloadBytesMax = 32 << 20
    /// Frames gathered into one message. Beyond about 128 the saving for each is spent, and the receiver waits.
    public static let framesPerMessageMax = 128
    /// Frames that wait for more of them on a busy line that gathers: beyond, a message costs little for each.
    static let framesHeldMax = 16
    /// Bytes of a block in which frames gather: 128 small frames.
    public static let blockBytes = 32 << 10
    /// Idle blocks a socket keeps for reuse.
    public static let idleBlocksMax = 64
    /// A gathered message below this size is copied into libzmq; above, its block is handed over.
    public static let copiedBytesMax = 2 << 10
    /// Messages taken from a socket before they are handled: bounds the time between two looks at the other sockets.
    public static let messagesPerBatchMax = 128
    /// Bytes taken from a socket before they are handled.
    public static let batchBytesMax = 1 << 20
    /// Requests one client may have in flight.
    public static let inFlightMax = 65_536
    /// Callers that may wait for room when the window is full.
    public static let waitingCallersMax = 65_536
    /// Peers a server keeps state for. Each costs under a kilobyte while idle.
    public static let peersMax = 65_536
    /// Bytes of one entry of the delta log: it must fit into a segment of 8 MiB.
    public static let logEntryBytesMax = 7 << 20
    /// Proposals that one log may have under way: bounds what a leader without a majority gathers.
    public static let proposalsInFlightMax = 65_536
    /// Bytes of replies kept for one peer that does not read. Beyond, its replies are dropped and counted.
    public static let peerBacklogBytesMax = 64 << 20
}
