// How many slots a ring has, and which of them a hash falls into. With KeyHash.swift this is the half of the ring
// that never changes while a cluster lives: key -> hash -> slot. RingView.swift has the other half: slot -> owner.

/// The number of slots of a ring: a power of two from 1 to `RingLimits.slotsMax`.
///
/// It is fixed when a cluster is founded. More slots balance more evenly and cost more to publish; with the default a
/// ring of 128 workers is even to within 4 % (32 slots each, one more or less).
public struct RingSize: Hashable, Sendable {
    /// log2 of the number of slots, 0...20.
    private let bits: UInt8

    /// 4096 slots.
    public static let standard = RingSize(bits: 12)

    /// Takes a number of slots, from a peer or a configuration.
    ///
    /// - Throws: `RingError.ringSizeInvalid` when it is no power of two in 1...`RingLimits.slotsMax`.
    public init(slotCount: Int) throws(RingError) {
        guard (1...RingLimits.slotsMax).contains(slotCount), slotCount.nonzeroBitCount == 1 else {
            throw .ringSizeInvalid(slotCount: slotCount)
        }
        self.init(bits: UInt8(slotCount.trailingZeroBitCount))
    }

    private init(bits: UInt8) {
        self.bits = bits
    }

    /// The number of slots.
    public var slotCount: Int { 1 << Int(bits) }

    /// Whether the slot lies on a ring of this size.
    public func contains(_ slot: Slot) -> Bool {
        slot.index < slotCount
    }

    /// The slot that a hash falls into: the top log2(`slotCount`) bits of the hash. O(1).
    ///
    /// This is a wire contract. As the top bits decide, a slot is one unbroken range of hashes, and slot s of a ring
    /// is exactly slots 2s and 2s + 1 of a ring twice the size.
    public func slot(of hash: KeyHash) -> Slot {
        // A ring of one slot shifts by 64, for which `>>` gives 0.
        Slot(UInt32(truncatingIfNeeded: hash.rawValue >> (64 - UInt64(bits))))
    }
}
