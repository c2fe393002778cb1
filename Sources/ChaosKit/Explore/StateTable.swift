// Which states have been met, by their digests. An exploration asks it once for each step it tries.

/// A set of digests, each with its number in the order of coming: open addressing with linear probing, at most half full.
/// Expected O(1) a look-up; about 40 bytes a state.
struct StateTable {
    private(set) var digests: [StateDigest] = []
    /// Numbers plus 1, 0 for nothing; a power of two long.
    private var places: [UInt32] = Array(repeating: 0, count: 1 << 12)

    var count: Int { digests.count }

    /// The number of the state, and whether it is new.
    mutating func number(of digest: StateDigest) -> (number: Int, isNew: Bool) {
        if 2 * (digests.count + 1) > places.count { grow() }
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: digest.low) & mask
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            if digests[number] == digest { return (number, false) }
            place = (place + 1) & mask
        }
        digests.append(digest)
        places[place] = UInt32(digests.count)
        return (digests.count - 1, true)
    }

    private mutating func grow() {
        let mask = 2 * places.count - 1
        places = Array(repeating: 0, count: 2 * places.count)
        for (number, digest) in digests.enumerated() {
            var place = Int(truncatingIfNeeded: digest.low) & mask
            while places[place] != 0 { place = (place + 1) & mask }
            places[place] = UInt32(number + 1)
        }
    }
}
