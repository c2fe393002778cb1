// What changes hands: the plan's moves, and everything of a worker that came back.

import RingmasterProtocol
import Testing

struct HandoffsTests {
    private let base: ClusterView

    init() throws {
        let empty = ClusterView(ring: RingView(size: try RingSize(slotCount: 8)), members: [])
        base = try nextView(empty, epoch: Epoch(1), members: [try record("a"), try record("b")])
    }

    private func handoffs(_ words: String...) throws -> Handoffs {
        let members = try words.map(record)
        return try Handoffs(
            base: base,
            intent: Intent(epoch: Epoch(2), mode: .handoff, members: members, fenced: [])
        )
    }

    @Test func amongTheSameProcessesItIsThePlan() throws {
        let handoffs = try handoffs("a", "b", "c")
        #expect(handoffs.moves == handoffs.plan.moves)
        #expect(handoffs.losers == ["a", "b"] && handoffs.gainers == ["c"])
    }

    @Test func aWorkerThatCameBackGainsWhatItKeeps() throws {
        let handoffs = try handoffs("a", "b#2")
        #expect(handoffs.plan.moves.isEmpty && handoffs.renewed == ["b"])
        #expect(handoffs.slotsGained(by: "b") == base.ring.slots(of: "b"))
        #expect(handoffs.slotsLost(by: "b") == base.ring.slots(of: "b"))
        #expect(handoffs.slotsGained(by: "a").isEmpty && handoffs.slotsLost(by: "a").isEmpty)
    }

    @Test func eachWorkerComputesItsOwnPartFromTheOrderAlone() throws {
        let whole = try handoffs("a", "b#2", "c#5")
        for (worker, incarnation) in [("a", 1), ("b", 2), ("c", 5)] as [(WorkerID, UInt64)] {
            let own = try Handoffs(
                base: base,
                members: whole.plan.view.members,
                epoch: Epoch(2),
                for: worker,
                under: Incarnation(rawValue: incarnation)
            )
            #expect(own.slotsGained(by: worker) == whole.slotsGained(by: worker))
            if !whole.renewed.contains(worker) { #expect(own.slotsLost(by: worker) == whole.slotsLost(by: worker)) }
        }
    }
}
