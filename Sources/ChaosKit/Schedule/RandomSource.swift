// The random numbers of schedules and loads: the same for the same seed, on every machine.

import Foundation

/// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct RandomSource: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// A source of its own for each of many users of one seed.
    public init(seed: UInt64, stream: UInt64) {
        var mixer = RandomSource(seed: seed)
        var other = RandomSource(seed: mixer.next() ^ stream &* 0x9e37_79b9_7f4a_7c15)
        state = other.next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1, of 53 bits.
    mutating func fraction() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// The time to the next event of a Poisson process, in its unit of time.
    mutating func interval(perUnit rate: Double) -> Double {
        -log(1 - fraction()) / rate
    }
}
