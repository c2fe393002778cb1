// Every limit and interval of the cluster's live side, in one place, each with its reason.

/// Sizes, counts and times of coordinators, workers and clients.
public enum ClusterLimits {
    /// A worker's lease on its slots, counted from the moment at which it asked. It bounds how long reads of a silent
    /// worker's keys stand still, and what a paused worker may take before it is given up.
    public static let lease: Duration = .milliseconds(500)
    /// A worker asks for its lease again after this much time: several may be lost before it runs out.
    public static let heartbeatInterval: Duration = .milliseconds(100)
    /// What the leader waits beyond a lease before it gives a silent worker's slots away: clocks of two hosts that differ by
    /// a tenth in their rate stay within it.
    public static let leaseMargin: Duration = .milliseconds(100)
    /// An order of a resize that was not answered is sent again after so long.
    public static let orderResendInterval: Duration = .milliseconds(100)
    /// Proposals a leader has in the log at once. Beyond, commands gather into the next entry.
    public static let proposalsInFlightMax = 8
    /// Bytes of one log entry before it is closed. Larger entries make slow followers wait.
    public static let entryBytesMax = 1 << 20
    /// Batches of deltas a worker has under way at once.
    public static let batchesInFlightMax = 4
    /// Deltas of one batch.
    public static let deltasPerBatchMax = 1024
    /// Deltas that wait for more of them on a busy line: beyond, a message costs little for each.
    static let deltasHeldMax = 64
    /// Jobs that a worker keeps for one slot while it changes hands.
    public static let heldJobsMax = 16_384
    /// Bytes of one chunk of a state hand-over.
    public static let handOverChunkBytes = 1 << 20
    /// Bytes of one part of a message of Raft; a snapshot takes as many as it needs.
    public static let raftPartBytesMax = 8 << 20
    /// Bytes of one message of Raft, all parts together. A state above it cannot be sent to a coordinator that is new.
    public static let raftMessageBytesMax = 4 << 30
    /// Bytes of a key.
    public static let keyBytesMax = 1024
    /// Jobs of one client that are not acknowledged. The state machine keeps a reply for each.
    public static let jobsInFlightMax = 16_384
    /// A worker that is given up within so long after it joined is refused rather than lost.
    static let shortLife: Duration = .seconds(2)
    /// Between two looks for a leader, while there is none.
    public static let leaderSearchInterval: Duration = .milliseconds(10)
    /// Between two questions to the leader which coordinators there are: shorter than it takes to replace all of them.
    public static let leaderRefreshInterval: Duration = .seconds(2)
    /// A session of which nothing was heard for so long is closed by the leader.
    public static let sessionIdleTimeout: Duration = .seconds(3600)
    /// Between two introductions of a coordinator to the others.
    static let introductionInterval: Duration = .milliseconds(500)
    /// What a worker that leaves waits for its release before it asks for it again.
    static let leaveAnswerTimeout: Duration = .seconds(2)
    /// What a client that is closed waits for the leader to close its session.
    public static let sessionCloseTimeout: Duration = .milliseconds(500)
    /// How a client sends again what was refused: at once and all of it after a change of the view, and ever fewer and more rarely while
    /// all is refused. A turn of 32 every 40 ms on average keeps nobody from recovering, and finds within 80 ms that somebody has.
    static let resendPace = ResendPace(
        pauseMin: .milliseconds(5),
        pauseMax: .milliseconds(80),
        turnMin: 32,
        turnMax: jobsInFlightMax
    )
    /// Coordinators of one cluster: every one of them writes every entry. Five survive two deaths; more are slower.
    public static let coordinatorsMax = 9
}
