// The random source of the trials: the same numbers for the same seed, on every machine.

/// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// The source of one trial among those of a seed: trials can be run in any order, and again one by one.
    public init(seed: UInt64, trial: Int) {
        var outer = SplitMix64(seed: seed)
        state = outer.next() &+ UInt64(trial) &* 0xd1b5_4a32_d192_ed03
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// True with this probability.
    public mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) < probability * 0x1p53
    }
}
