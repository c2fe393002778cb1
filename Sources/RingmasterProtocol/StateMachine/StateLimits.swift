// Every bound of the state machine in one place. They are part of the log's contract: every coordinator judges by the
// same, so none may differ between two programs of one cluster.

/// How large the parts of the cluster's state may be.
public enum StateLimits {
    /// Most records that a session holds: a client with more jobs between the oldest that it still waits for and the
    /// newest is told to wait. It bounds what one client can make every coordinator keep.
    public static let recordsPerSessionMax = 65_536

    /// Longest key, in bytes: it is hashed, compared and logged with each job.
    public static let keyBytesMax = 65_535

    /// Longest endpoint of a member, in bytes of UTF-8: it travels in every view. A URL of a Unix socket has room.
    public static let endpointBytesMax = 256

    /// The highest version of a key that is read: 2^62, as for `JobID.wireMax`. Counting on from there cannot overflow.
    public static let versionMax: UInt64 = 1 << 62

    /// Most deltas that outcomes may speak of: 2^32 - 1, what a MessagePack array holds.
    public static let deltasPerBatchMax = Int(UInt32.max)

    /// Shards of the table of sessions. After a copy is taken, the first change to each costs a copy of its sessions:
    /// a 256th of all.
    static let sessionShards = 256

    /// Records a chunk of a session's list: the most that a change moves in memory, 2 KiB.
    static let recordsPerChunkMax = 64
}
