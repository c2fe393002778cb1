// How many slots each member should own. RingPlan asks this first, and only then which slots those are.

/// The shares of members in a ring: the largest-remainder method (Hamilton's), with its remainder slots given where
/// they save a move.
///
/// The quota of a member is slots * weight / total weight. A lawful share is its quota rounded down or up, an exact
/// quota as it is; with equal weights, shares are thus within one slot of each other. Rounding everybody down leaves
/// fewer slots over than there are members with a fraction, and these remainder slots go, one each, first to
/// members that already hold more than their rounded-down quota (each such saves one move, so no choice moves less),
/// then to larger fractions (Hamilton's rule), then to the earlier name.
struct Apportionment {
    /// Each member's quota rounded down.
    private let floors: [Int]
    /// Each member's fraction of a slot, in units of 1 / total weight.
    private let fractions: [Int]
    /// How many slots are over when every quota is rounded down.
    private let remainderSlots: Int

    /// - Parameter members: In the order of their names. O(members).
    init(size: RingSize, members: [Member]) {
        let weightTotal = members.reduce(0) { $0 + $1.weight }
        floors = members.map { size.slotCount * $0.weight / weightTotal }
        fractions = members.map { size.slotCount * $0.weight % weightTotal }
        remainderSlots = members.isEmpty ? 0 : size.slotCount - floors.reduce(0, +)
    }

    /// How many slots each member should own; the sum is the size of the ring. O(members log members).
    ///
    /// - Parameter held: How many slots each member owns now, in the order of the members.
    func shares(held: [Int]) -> [Int] {
        var shares = floors
        for member in candidates(held: held).prefix(remainderSlots) {
            shares[member] += 1
        }
        return shares
    }

    /// The members with a fraction, the first to get a remainder slot first.
    private func candidates(held: [Int]) -> [Int] {
        floors.indices.filter { fractions[$0] > 0 }.sorted { one, other in
            let oneSaves = held[one] > floors[one]
            let otherSaves = held[other] > floors[other]
            if oneSaves != otherSaves { return oneSaves }
            if fractions[one] != fractions[other] { return fractions[one] > fractions[other] }
            return one < other
        }
    }
}
