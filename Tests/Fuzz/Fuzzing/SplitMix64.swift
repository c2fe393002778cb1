// The random numbers of a fuzz run: the same seed gives the same inputs on every machine.

/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// The generator of one iteration. It depends on nothing before it, so that any iteration can be replayed alone.
    init(seed: UInt64, iteration: Int) {
        var outer = SplitMix64(seed: seed)
        state = outer.next() ^ (UInt64(truncatingIfNeeded: iteration) &* 0xd1b5_4a32_d192_ed03)
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// 0 up to `bound`, which is above 0.
    mutating func below(_ bound: Int) -> Int {
        // The bias of 64 bits over a few thousand does not matter here.
        Int(next() % UInt64(bound))
    }

    /// True once in `n` times.
    mutating func oneIn(_ n: Int) -> Bool { below(n) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
