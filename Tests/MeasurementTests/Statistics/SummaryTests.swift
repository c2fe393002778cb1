import Testing

@testable import Measurement

@Suite("Summaries and ratios")
struct SummaryTests {
    @Test func theMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle() throws {
        #expect(Summary(of: [3, 1, 2])?.median == 2)
        #expect(Summary(of: [4, 1, 2, 3])?.median == 2.5)
        let one = try #require(Summary(of: [7]))
        #expect((one.min, one.median, one.max, one.count) == (7, 7, 7, 1))
        #expect(Summary(of: []) == nil)
    }

    @Test func quantilesInterpolateBetweenNeighbours() {
        let values = [10.0, 20, 30, 40]
        #expect(Summary.quantile(0, ofSorted: values) == 10)
        #expect(Summary.quantile(1, ofSorted: values) == 40)
        #expect(abs(Summary.quantile(0.25, ofSorted: values) - 17.5) < 1e-9)
    }

    @Test func theSpreadIsRelativeToTheMedian() throws {
        #expect(try #require(Summary(of: [90, 100, 110])).relativeSpread == 0.2)
        #expect(try #require(Summary(of: [0, 0])).relativeSpread == 0)
    }

    @Test func aRatioAboveOneIsBetterWhicheverTheDirection() {
        #expect(Direction.higher.advantage(of: 200, over: 100) == 2)
        #expect(Direction.lower.advantage(of: 50, over: 100) == 2)
        #expect(Direction.lower.advantage(of: 0, over: 100) == nil)
        #expect(Direction.higher.advantage(of: 5, over: 0) == nil)
    }

    @Test func pairsAreComparedEachWithItsOwnPartner() throws {
        // The machine halves its speed at the second pair: the ratios do not notice.
        let ratio = try #require(
            PairedRatio(measured: [110, 55, 99, 7], baseline: [100, 50, 100], better: .higher)
        )
        #expect(ratio.ratios.count == 3)
        #expect((ratio.ratios.min, ratio.ratios.median, ratio.ratios.max) == (0.99, 1.1, 1.1))
        #expect(PairedRatio(measured: [1], baseline: [], better: .lower) == nil)
    }
}
