// What a plan promises at the size of real rings: 1 to 1024 workers on the 4096 slots of the standard ring.

import RingmasterProtocol
import Testing

struct RingPlanScaleTests {
    /// Workers by name, w0001 and on, so that their order is that of their numbers.
    private let workers: [WorkerID]

    init() throws {
        workers = try (1...1024).map { try WorkerID(validating: "w\(10_000 + $0)") }
    }

    @Test func eachOf1024JoinersTakesItsShareAndMovesNothingElse() throws {
        var view = RingView()
        for count in 1...1024 {
            let list = workers.prefix(count).map { Member($0) }
            let plan = try RingPlan(from: view, to: list)
            let joiner = workers[count - 1]
            let share = 4096 / count
            #expect(plan.movedSlots == (count == 1 ? 4096 : share))
            #expect(plan.leastPossibleMoves == plan.movedSlots)
            #expect(plan.moves.allSatisfy { $0.to == joiner })
            #expect(isEven(plan.view))
            view = plan.view
        }
        #expect(view.balance == 1)
    }

    @Test func eachOf1024LeaversGivesUpItsSlotsAndNothingElseMoves() throws {
        var generator = SplitMix64(seed: 4)
        var staying = workers
        var view = try RingPlan(from: RingView(), to: staying.map { Member($0) }).view
        while staying.count > 1 {
            let leaver = staying.remove(at: Int.random(in: staying.indices, using: &generator))
            let plan = try RingPlan(from: view, to: staying.map { Member($0) })
            #expect(plan.movedSlots == view.slotCount(of: leaver))
            #expect(plan.leastPossibleMoves == plan.movedSlots)
            #expect(plan.moves.allSatisfy { $0.from == leaver })
            #expect(isEven(plan.view))
            view = plan.view
        }
        #expect(view.slotCounts == [4096])
    }

    @Test func manyMayComeAndGoAtOnce() throws {
        try walk(seed: 5, rounds: 60, slotCount: 4096, memberCount: 1...1024, weight: 1...1)
    }

    @Test func sharesFollowWeights() throws {
        try walk(seed: 6, rounds: 60, slotCount: 4096, memberCount: 1...1024, weight: 1...100)
    }

    @Test func sharesFollowTheWidestWeights() throws {
        try walk(seed: 7, rounds: 60, slotCount: 1024, memberCount: 1...100, weight: 1...RingLimits.weightMax)
    }

    @Test func moreWorkersThanSlotsAreLawfulToo() throws {
        try walk(seed: 8, rounds: 200, slotCount: 16, memberCount: 1...100, weight: 1...5)
    }

    @Test func anyUnevenViewIsMended() throws {
        var generator = SplitMix64(seed: 9)
        for _ in 0..<100 {
            let former = try randomMembers(1...50, weight: 1...3, using: &generator)
            let ordered = former.sorted { $0.id < $1.id }
            let owners = (0..<512).map { _ in
                // The lower of two draws: the first members own by far the most.
                UInt16(
                    ordered.indices.randomElement(using: &generator)! * ordered.indices.randomElement(
                        using: &generator
                    )!
                        / ordered.count
                )
            }
            let old = try RingView(epoch: .zero, members: ordered, ownerIndices: owners)
            try expectSound(from: old, to: randomMembers(1...50, weight: 1...3, using: &generator))
        }
    }

    /// Changes the members at random again and again, and holds each plan against every promise.
    private func walk(
        seed: UInt64,
        rounds: Int,
        slotCount: Int,
        memberCount: ClosedRange<Int>,
        weight: ClosedRange<Int>
    ) throws {
        var generator = SplitMix64(seed: seed)
        var view = try RingView(size: RingSize(slotCount: slotCount))
        for _ in 0..<rounds {
            view = try expectSound(from: view, to: randomMembers(memberCount, weight: weight, using: &generator))
        }
    }

    @discardableResult
    private func expectSound(from old: RingView, to members: [Member]) throws -> RingView {
        let plan = try RingPlan(from: old, to: members)
        #expect(plan.violation(from: old, to: members) == nil)
        let losers = Set(plan.moves.map(\.from))
        let gainers = Set(plan.moves.map(\.to))
        let handoffs = Set(plan.moves.map { [$0.from, $0.to] })
        #expect(plan.moves.isEmpty || handoffs.count <= losers.count + gainers.count - 1)
        #expect(losers.isDisjoint(with: gainers), "nobody both gains and loses")
        return plan.view
    }

    private func randomMembers(
        _ count: ClosedRange<Int>,
        weight: ClosedRange<Int>,
        using generator: inout SplitMix64
    ) throws -> [Member] {
        try workers.shuffled(using: &generator).prefix(Int.random(in: count, using: &generator)).map {
            try Member($0, weight: Int.random(in: weight, using: &generator))
        }
    }

    /// Whether the owners are within one slot of each other.
    private func isEven(_ view: RingView) -> Bool {
        view.slotCounts.max()! - view.slotCounts.min()! <= 1
    }
}
