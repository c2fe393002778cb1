// Every bound of the ring in one place. All of them are part of the wire contract: a peer that goes beyond one has
// its message refused.

/// How large the parts of a ring may be.
public enum RingLimits {
    /// Longest name of a worker, in bytes of UTF-8: a name travels in every `sync` message and list of members.
    public static let workerIDBytesMax = 64

    /// Most slots of a ring: 2^20, a view of 2 MiB.
    public static let slotsMax = 1 << 20

    /// Most members of a ring. An index into the members then fits 16 bits with one value to spare for "nobody".
    public static let membersMax = Int(UInt16.max)

    /// Heaviest member. Slots times weight then stays far inside 64 bits.
    public static let weightMax = 1 << 16
}
