// What a client tells the cluster that it is done with.

import Testing

@testable import Ringmaster

struct SessionWindowTests {
    @Test func theLowestThatIsNotDoneIsToldWhateverTheOrderOfTheEnds() {
        var window = SessionWindow()
        var random = SplitMix64(seed: 7)
        var open: [UInt64] = []
        for _ in 0..<40_000 {
            if window.hasRoom, open.isEmpty || Bool.random(using: &random) {
                open.append(window.begin())
            } else {
                window.end(open.remove(at: Int.random(in: max(0, open.count - 9)..<open.count, using: &random)))
            }
            guard let oldest = open.min() else { continue }
            #expect(window.lowest == oldest)
        }
    }

    @Test func aJobThatDoesNotEndKeepsTheWindowFromGrowing() {
        var window = SessionWindow()
        let first = window.begin()
        while window.hasRoom { window.end(window.begin()) }
        #expect(window.span == ClusterLimits.jobsInFlightMax)
        #expect(window.lowest == first)
        window.end(first)
        #expect(window.span == 0)
        #expect(window.hasRoom)
        #expect(window.begin() == first + UInt64(ClusterLimits.jobsInFlightMax))
    }
}
