// That starved servers wait longer for their leader, and others do not.

import Testing

@testable import Ringmaster

struct ElectionPatienceTests {
    private func time(_ ms: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: ms * 1_000_000) }

    @Test func leadersThatAreKilledNowAndThenChangeNothing() {
        var patience = ElectionPatience()
        for round in 0..<20 {
            let began = Int64(round) * 2000
            patience.note(hasLeader: true, term: UInt64(round), now: time(began))
            patience.note(hasLeader: true, term: UInt64(round), now: time(began + 1000))
            patience.note(hasLeader: false, term: UInt64(round), now: time(began + 1800))
            // One election, which succeeds.
            patience.note(hasLeader: false, term: UInt64(round + 1), now: time(began + 1900))
        }
        #expect(patience.factor == 1)
    }

    @Test func leadersThatDoNotLastMakeItLonger() {
        var patience = ElectionPatience()
        for round in 0..<5 {
            let began = Int64(round) * 300
            patience.note(hasLeader: true, term: UInt64(round), now: time(began))
            patience.note(hasLeader: false, term: UInt64(round), now: time(began + 200))
        }
        #expect(patience.factor == ElectionPatience.factorMax)
    }

    @Test func electionsThatComeToNothingMakeItLonger() {
        var patience = ElectionPatience()
        patience.note(hasLeader: true, term: 3, now: time(0))
        patience.note(hasLeader: false, term: 3, now: time(5000))
        patience.note(hasLeader: false, term: 4, now: time(5100))
        #expect(patience.factor == 1)
        patience.note(hasLeader: false, term: 5, now: time(5200))
        #expect(patience.factor == 2)
        patience.note(hasLeader: false, term: 6, now: time(5300))
        #expect(patience.factor == 4)
    }

    @Test func aServerThatReachesNobodyKeepsItsTerm() {
        var patience = ElectionPatience()
        for ms in 0..<1000 { patience.note(hasLeader: false, term: 0, now: time(Int64(ms) * 10)) }
        #expect(patience.factor == 1)
    }

    @Test func inQuietTimesItIsHalvedStepByStep() {
        var patience = ElectionPatience()
        for round in 0..<5 {
            patience.note(hasLeader: true, term: UInt64(round), now: time(Int64(round) * 300))
            patience.note(hasLeader: false, term: UInt64(round), now: time(Int64(round) * 300 + 200))
        }
        patience.note(hasLeader: true, term: 9, now: time(2000))
        patience.note(hasLeader: true, term: 9, now: time(2010))
        #expect(patience.factor == 4)
        patience.note(hasLeader: true, term: 9, now: time(12_100))
        #expect(patience.factor == 2)
        patience.note(hasLeader: true, term: 9, now: time(13_000))
        #expect(patience.factor == 2)
        patience.note(hasLeader: true, term: 9, now: time(22_200))
        #expect(patience.factor == 1)
    }
}
