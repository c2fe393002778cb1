// That starved servers wait longer for their leader, and others do not.

import Testing

@testable import Ringmaster

struct ElectionPatienceTests {
    private func time(_ ms: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: ms * 1_000_000) }

    @Test func leadersThatAreKilledNowAndThenChangeNothing() {
        var patience = ElectionPatience()
        for round in 0..<20 {
            let began = Int64(round) * 2000
            patience.note(.other(1), term: UInt64(round), now: time(began))
            patience.note(.other(1), term: UInt64(round), now: time(began + 1000))
            patience.note(.none, term: UInt64(round), now: time(began + 1800))
            // One election, which succeeds.
            patience.note(.none, term: UInt64(round + 1), now: time(began + 1900))
        }
        #expect(patience.factor == 1)
    }

    @Test func leadersThatDoNotLastMakeItLonger() {
        var patience = ElectionPatience()
        for round in 0..<5 {
            let began = Int64(round) * 300
            patience.note(.other(1), term: UInt64(round), now: time(began))
            patience.note(.none, term: UInt64(round), now: time(began + 200))
            patience.heard(1, now: time(began + 250))
        }
        #expect(patience.factor == ElectionPatience.factorMax)
    }

    @Test func leadersThatAreKilledOneUponTheOtherChangeNothing() {
        var patience = ElectionPatience()
        for round in 0..<20 {
            let began = Int64(round) * 300
            patience.note(.other(UInt64(round % 3)), term: UInt64(round), now: time(began))
            patience.note(.none, term: UInt64(round), now: time(began + 200))
            // The others speak, and it itself only once it has begun anew.
            patience.heard(UInt64((round + 1) % 3), now: time(began + 210))
            patience.heard(UInt64(round % 3), now: time(began + 310))
        }
        #expect(patience.factor == 1)
    }

    @Test func aServerThatLosesItsOwnOfficeSoonWaitsLonger() {
        var patience = ElectionPatience()
        patience.note(.itself, term: 1, now: time(0))
        patience.note(.other(2), term: 2, now: time(200))
        #expect(patience.factor == 2)
    }

    @Test func aLeaderThatIsReplacedAndSpeaksMakesItLonger() {
        var patience = ElectionPatience()
        patience.note(.other(1), term: 1, now: time(0))
        patience.note(.other(2), term: 2, now: time(200))
        #expect(patience.factor == 1)
        patience.heard(1, now: time(240))
        #expect(patience.factor == 2)
    }

    @Test func electionsThatComeToNothingMakeItLonger() {
        var patience = ElectionPatience()
        patience.note(.other(1), term: 3, now: time(0))
        patience.note(.none, term: 3, now: time(5000))
        patience.note(.none, term: 4, now: time(5100))
        #expect(patience.factor == 1)
        // Votes that were split once.
        patience.note(.none, term: 5, now: time(5200))
        #expect(patience.factor == 1)
        patience.note(.none, term: 6, now: time(5300))
        #expect(patience.factor == 2)
        patience.note(.none, term: 7, now: time(5400))
        #expect(patience.factor == 4)
    }

    @Test func aServerThatReachesNobodyKeepsItsTerm() {
        var patience = ElectionPatience()
        for ms in 0..<1000 { patience.note(.none, term: 0, now: time(Int64(ms) * 10)) }
        #expect(patience.factor == 1)
    }

    @Test func inQuietTimesItIsHalvedStepByStep() {
        var patience = ElectionPatience()
        for round in 0..<5 {
            patience.note(.other(1), term: UInt64(round), now: time(Int64(round) * 300))
            patience.note(.none, term: UInt64(round), now: time(Int64(round) * 300 + 200))
            patience.heard(1, now: time(Int64(round) * 300 + 250))
        }
        patience.note(.other(1), term: 9, now: time(2000))
        patience.note(.other(1), term: 9, now: time(2010))
        #expect(patience.factor == 4)
        patience.note(.other(1), term: 9, now: time(12_100))
        #expect(patience.factor == 2)
        patience.note(.other(1), term: 9, now: time(13_000))
        #expect(patience.factor == 2)
        patience.note(.other(1), term: 9, now: time(22_200))
        #expect(patience.factor == 1)
    }
}
