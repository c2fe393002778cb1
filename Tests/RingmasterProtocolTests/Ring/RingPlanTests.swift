// What a plan promises, shown on rings small enough to read. Golden layouts: every process must plan exactly these.

import RingmasterProtocol
import Testing

struct RingPlanTests {
    /// A layout, the members to change to, and the layout and number of moves that must come of it.
    static let goldens: [(from: String, to: String, layout: String, moves: Int)] = [
        // Founding: nobody's slots are handed out by name; remainder slots go to the earlier name.
        ("........", "a", "aaaaaaaa", 8),
        ("........", "a b c", "aaabbbcc", 8),
        // Founding by weight: fractions .6, .6 and .8, so the remainder slots go to c and to a.
        ("........", "a b c*3", "aabccccc", 8),
        // Nothing to do.
        ("aaabbbcc", "a b c", "aaabbbcc", 0),
        ("ccbbbaac", "a b c", "ccbbbaac", 0),
        // A worker joins: the highest slots of those that have too many go to it.
        ("aaabbbcc", "a b c d", "aadbbdcc", 2),
        ("aaaaaaaa", "a b", "aaaabbbb", 4),
        // A worker leaves: only its slots move.
        ("aadbbdcc", "b c d", "bcdbbdcc", 2),
        ("aaaabbbb", "b", "bbbbbbbb", 4),
        // One leaves as another joins: its slots pass on.
        ("aaabbbcc", "a b d", "aaabbbdd", 2),
        // The remainder slots stay with b and c, who have them, though a has the earlier name.
        ("aabbbccc", "a b c", "aabbbccc", 0),
        // Of two that hold too much, the one with the larger fraction keeps the remainder slot (.2 and .6).
        ("aaaabbcccccccccc", "a b c*3", "aaabbbcccccccccc", 1),
        // Weights change, and members stay.
        ("aaaabbcc", "a b c", "aaabbbcc", 1),
        ("aaaabbbb", "a b*3", "aabbbbbb", 2),
        // An uneven view is mended.
        ("aaaaaabc", "a b c", "aaabbcbc", 3),
        // More workers than slots: those who have a slot keep it.
        ("zy", "a b x y z", "zy", 0),
        // Everybody leaves: nobody owns anything, until somebody joins.
        ("aaaabbbb", "", "........", 8),
        ("........", "", "........", 0),
    ]

    @Test(arguments: goldens) func aChangeOfMembersHasItsGoldenLayout(
        from: String,
        to: String,
        layout: String,
        moves: Int
    ) throws {
        let old = try RingView(layout: from)
        let plan = try RingPlan(from: old, to: members(to))
        #expect(plan.view.layout == layout)
        #expect(plan.movedSlots == moves)
        #expect(plan.leastPossibleMoves == moves)
        #expect(plan.violation(from: old, to: try members(to)) == nil)
    }

    @Test func movesSayWhoGivesWhatToWhom() throws {
        let plan = try RingPlan(from: RingView(layout: "aaabbbcc"), to: members("b c d"))
        #expect(plan.view.layout == "cddbbbcc")
        #expect(
            plan.moves == [
                RingPlan.Move(slot: Slot(0), from: "a", to: "c"),
                RingPlan.Move(slot: Slot(1), from: "a", to: "d"),
                RingPlan.Move(slot: Slot(2), from: "a", to: "d"),
            ]
        )
        #expect(plan.slotsLost(by: "a") == [Slot(0), Slot(1), Slot(2)])
        #expect(plan.slotsGained(by: "d") == [Slot(1), Slot(2)])
        #expect(plan.slotsLost(by: "b").isEmpty)
        #expect(plan.slotsGained(by: "b").isEmpty)
    }

    @Test func slotsOfNobodyMoveFromNobody() throws {
        let plan = try RingPlan(from: RingView(layout: ".."), to: members("a"))
        #expect(plan.moves.map(\.from) == [nil, nil])
        #expect(plan.moves.map(\.to) == ["a", "a"])
    }

    @Test func theOrderInWhichMembersAreGivenDoesNotMatter() throws {
        var generator = SplitMix64(seed: 2)
        var view = try RingView(size: RingSize(slotCount: 64))
        for round in 0..<200 {
            let count = Int.random(in: 1...12, using: &generator)
            let list = try (0..<count).map {
                try Member(WorkerID(validating: "w\($0 * 7 % 13 + round)"), weight: 1 + $0 % 3)
            }
            let plan = try RingPlan(from: view, to: list)
            for _ in 0..<5 {
                #expect(try RingPlan(from: view, to: list.shuffled(using: &generator)) == plan)
            }
            view = plan.view
        }
    }

    @Test func planningAgainForTheSameMembersMovesNothing() throws {
        var generator = SplitMix64(seed: 3)
        var view = try RingView(size: RingSize(slotCount: 128))
        for _ in 0..<200 {
            let count = Int.random(in: 1...20, using: &generator)
            let list = try (0..<count).map {
                try Member(WorkerID(validating: "w\($0)"), weight: Int.random(in: 1...9, using: &generator))
            }
            view = try RingPlan(from: view, to: list).view
            let again = try RingPlan(from: view, to: list)
            #expect(again.moves.isEmpty)
            #expect(again.view.ownerIndices == view.ownerIndices)
        }
    }

    @Test func aPlanTakesTheNextEpochUnlessToldAHigherOne() throws {
        let old = try RingView(layout: "aabb", epoch: Epoch(5))
        #expect(try RingPlan(from: old, to: old.members).view.epoch == Epoch(6))
        #expect(try RingPlan(from: old, to: old.members, epoch: Epoch(9)).view.epoch == Epoch(9))
    }

    @Test func aPlanNeverKeepsOrLowersTheEpoch() throws {
        let old = try RingView(layout: "aabb", epoch: Epoch(5))
        for stale in [Epoch(0), Epoch(4), Epoch(5)] {
            #expect(throws: RingError.epochNotNewer(epoch: stale, current: Epoch(5))) {
                try RingPlan(from: old, to: old.members, epoch: stale)
            }
        }
    }

    @Test func aPlanFromTheHighestEpochOfTheWireIsPossible() throws {
        let old = try RingView(layout: "aabb", epoch: Epoch.wireMax)
        #expect(try RingPlan(from: old, to: old.members).view.epoch > Epoch.wireMax)
    }

    @Test func aWorkerNamedTwiceIsRefusedWhereverItStands() throws {
        for list in ["a a", "a b a", "b a c*2 a*3"] {
            #expect(throws: RingError.memberRepeated("a")) {
                try RingPlan(from: RingView(layout: "...."), to: members(list))
            }
        }
    }

    @Test func tooManyMembersAreRefused() throws {
        let many = try (0...RingLimits.membersMax).map { Member(try WorkerID(validating: "w\(1_000_000 + $0)")) }
        #expect(throws: RingError.tooManyMembers(count: many.count)) {
            try RingPlan(from: RingView(layout: "...."), to: many)
        }
    }

    @Test func theLargestRingWithTheHeaviestMembersDoesNotOverflow() throws {
        let heavy = try (0..<100).map { try Member(WorkerID(validating: "h\(100 + $0)"), weight: RingLimits.weightMax) }
        let old = try RingView(size: RingSize(slotCount: RingLimits.slotsMax))
        let plan = try RingPlan(from: old, to: heavy + [Member("light")])
        #expect(plan.view.slotCounts.reduce(0, +) == RingLimits.slotsMax)
        #expect(plan.view.slotCount(of: "light") <= 1)
        #expect(plan.movedSlots == RingLimits.slotsMax)
    }
}
