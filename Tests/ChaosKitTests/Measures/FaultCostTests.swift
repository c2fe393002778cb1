// That runs are compared pair by pair, and held against what they are to reach.

import Testing

@testable import ChaosKit

struct FaultCostTests {
    private func figures(_ perSecond: Double, _ recoveriesMs: [Int64] = [], cost: Double? = nil) -> RunFigures {
        RunFigures(
            throughputPerSecond: perSecond,
            p99Ns: 1,
            workerRecoveriesNs: recoveriesMs.map { $0 * 1_000_000 },
            suiteNsPerOperation: cost
        )
    }

    @Test func theMedianOfThePairsIsTold() throws {
        var cost = FaultCost()
        cost.pairs = [(figures(2000), figures(1000)), (figures(2000), figures(1900)), (figures(1000), figures(900))]
        let row = try #require(cost.rows.first)
        #expect(row.value == 0.9)
        #expect(row.spread == 0.5...0.95)
        #expect(row.isMet)
        #expect(cost.rows.count == 1)
    }

    @Test func recoveriesOfAllRunsAreRankedTogether() {
        var cost = FaultCost()
        cost.pairs = [(figures(10), figures(10, [9, 1])), (figures(10), figures(10, [300, 5]))]
        #expect(cost.rows.map(\.value) == [1, 5, 300])
        #expect(cost.rows.map(\.isMet) == [true, true, false])
        #expect(cost.text.contains("missed"))
    }

    @Test func whatWasNotToldHasNoRow() {
        var cost = FaultCost()
        #expect(cost.rows.isEmpty)
        cost.fastest = figures(10)
        #expect(cost.rows.isEmpty)
        cost.fastest = figures(10, cost: 4000)
        #expect(cost.rows.map(\.value) == [4])
        #expect(cost.csv.split(separator: "\n").count == 2)
    }
}
