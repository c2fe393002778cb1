// That no plan moves fewer slots, by trying every other one. The plan, the formula of `leastPossibleMoves` and a search
// through all lawful rings must agree on small rings, for all changes among four workers of weight 1 to 3.

import RingmasterProtocol
import Testing

struct LeastMovementTests {
    private static let names: [WorkerID] = ["a", "b", "c", "d"]

    /// A list of members as the weights of the four workers: 0 for one that is no member.
    private typealias Weights = [Int]
    /// How many slots each of the four workers has.
    private typealias Shares = [Int]

    /// Every non-empty choice of the four workers with every choice of weights: 4^4 - 1 = 255 lists.
    private static let weightLists: [Weights] = (1..<256).map { code in (0..<4).map { code >> (2 * $0) & 3 } }

    /// On a ring of 4: from each of the 256 layouts, against every lawful layout.
    @Test func noLawfulRingOfFourIsNearer() throws {
        let rings = SmallRing.all(slotCount: 4)
        try expectNoLawfulRingIsNearer(to: rings, among: rings)
    }

    /// On a ring of 8: from one layout of each of the 165 ways to share it out (which slots are whose makes no
    /// difference to how many have to move), against every lawful layout.
    @Test func noLawfulRingOfEightIsNearer() throws {
        let rings = SmallRing.all(slotCount: 8)
        let oneOfEachSharing = Dictionary(grouping: rings, by: \.shares).values.map { $0[0] }
        #expect(oneOfEachSharing.count == 165)
        try expectNoLawfulRingIsNearer(to: oneOfEachSharing, among: rings)
    }

    /// On a ring of 16: from every ring that a founding gives, against all lawful shares.
    @Test func noLawfulSharesOfSixteenMoveFewer() throws {
        let empty = try RingView(size: RingSize(slotCount: 16))
        let plans = try Self.weightLists.map { weights in
            (list: try members(weights), lawful: sharings(of: 16).filter { isLawful($0, slotCount: 16, weights) })
        }
        for founding in plans {
            let old = try RingPlan(from: empty, to: founding.list).view
            for (list, lawful) in plans {
                // An owner keeps as many slots as it holds and its share allows; all others move.
                let held = Self.names.map { old.slotCount(of: $0) }
                let least = lawful.map { shares in 16 - zip(held, shares).map { min($0, $1) }.reduce(0, +) }.min()
                let plan = try RingPlan(from: old, to: list)
                if plan.movedSlots != least || plan.leastPossibleMoves != least {
                    Issue.record("\(old.layout) to \(list): \(plan.movedSlots) moves, not \(least ?? -1)")
                }
            }
        }
    }

    /// The bound is worth meeting: a ring that is lawful but laid out anew moves more.
    @Test func aRingLaidOutAnewIsFurtherAway() throws {
        let old = try RingView(layout: "aaabbbcc")
        let anew = try RingPlan(from: RingView(size: old.size), to: members("b c d")).view
        let moved = zip(old.layout, anew.layout).filter { $0 != $1 }.count
        #expect(moved == 8)
        #expect(try RingPlan(from: old, to: members("b c d")).leastPossibleMoves == 3)
    }

    private func expectNoLawfulRingIsNearer(to olds: [SmallRing], among rings: [SmallRing]) throws {
        let slotCount = rings[0].slotCount
        let ringsByShares = Dictionary(grouping: rings, by: \.shares)
        let views = try olds.map { try $0.view(members: Self.names.map { Member($0) }) }
        for weights in Self.weightLists {
            let lawful = ringsByShares.filter { isLawful($0.key, slotCount: slotCount, weights) }.flatMap(\.value)
            let list = try members(weights)
            for (old, view) in zip(olds, views) {
                let least = old.distanceToNearest(of: lawful)
                let plan = try RingPlan(from: view, to: list)
                if plan.movedSlots != least || plan.leastPossibleMoves != least {
                    Issue.record("\(view.layout) to \(list): \(plan.movedSlots) moves, not \(least)")
                }
                if let violation = plan.violation(from: view, to: list) {
                    Issue.record("\(view.layout) to \(list): \(violation)")
                }
            }
        }
    }

    /// Whether everybody's share is its quota rounded down or up: less than one slot away from it.
    private func isLawful(_ shares: Shares, slotCount: Int, _ weights: Weights) -> Bool {
        let weightTotal = weights.reduce(0, +)
        return zip(shares, weights).allSatisfy { share, weight in
            weight == 0 ? share == 0 : abs(share * weightTotal - slotCount * weight) < weightTotal
        }
    }

    private func members(_ weights: Weights) throws -> [Member] {
        try zip(Self.names, weights).filter { $0.1 > 0 }.map { try Member($0, weight: $1) }
    }

    private func members(_ text: String) throws -> [Member] {
        try RingmasterProtocolTests.members(text)
    }

    /// Every way to share out slots among the four.
    private func sharings(of slotCount: Int) -> [Shares] {
        (0...slotCount).flatMap { a in
            (0...slotCount - a).flatMap { b in
                (0...slotCount - a - b).map { c in [a, b, c, slotCount - a - b - c] }
            }
        }
    }
}

/// A ring of at most 8 slots among four workers: two bits a slot, so that two rings are compared in one step.
private struct SmallRing {
    let slotCount: Int
    let owners: UInt16

    /// All 4^slotCount rings.
    static func all(slotCount: Int) -> [SmallRing] {
        (0..<(1 << (2 * slotCount))).map { SmallRing(slotCount: slotCount, owners: UInt16($0)) }
    }

    var ownerIndices: [UInt16] { (0..<slotCount).map { owners >> UInt16(2 * $0) & 3 } }

    var shares: [Int] {
        ownerIndices.reduce(into: [0, 0, 0, 0]) { $0[Int($1)] += 1 }
    }

    func view(members: [Member]) throws -> RingView {
        try RingView(epoch: .zero, members: members, ownerIndices: ownerIndices)
    }

    /// The number of slots with another owner in the nearest of some rings.
    func distanceToNearest(of others: [SmallRing]) -> Int {
        var least = Int.max
        for other in others {
            let differing = owners ^ other.owners
            let slotsDiffering = (differing | differing >> 1) & 0x5555
            least = min(least, slotsDiffering.nonzeroBitCount)
        }
        return least
    }
}
