// When a busy line lets go of what has gathered.

import Testing

@testable import Ringmaster

struct GatheringClockTests {
    private func time(_ us: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: us * 1000) }

    /// A clock of a line whose round trip is known.
    private func clock(roundTripUs: Int64) -> GatheringClock {
        var clock = GatheringClock()
        clock.sent(1, now: time(0))
        clock.answered(1, now: time(roundTripUs))
        return clock
    }

    @Test func aLoneItemWaitsForNobody() {
        var clock = clock(roundTripUs: 1000)
        for unanswered in 0..<8 {
            let holds = clock.holds(gathered: 1, unanswered: unanswered, most: 16, now: time(2000))
            #expect(!holds)
        }
    }

    @Test func nothingWaitsBeforeTheRoundTripIsKnown() {
        var clock = GatheringClock()
        let holds = clock.holds(gathered: 1, unanswered: 100, most: 16, now: time(0))
        #expect(!holds)
    }

    @Test func itemsGatherUntilTheyAreHalfOfTheUnanswered() {
        var clock = clock(roundTripUs: 1000)
        let held = (1...6).map { clock.holds(gathered: $0, unanswered: 10, most: 16, now: time(2000)) }
        #expect(held == [true, true, true, true, false, false])
    }

    @Test func asManyAsAMessageIsWorthDoNotWait() {
        var clock = clock(roundTripUs: 1000)
        let held = [15, 16].map { clock.holds(gathered: $0, unanswered: 1000, most: 16, now: time(2000)) }
        #expect(held == [true, false])
    }

    @Test func nothingWaitsForLongerThanHalfARoundTrip() {
        var clock = clock(roundTripUs: 1000)
        let held = [2000, 2499, 2500].map { clock.holds(gathered: 1, unanswered: 100, most: 16, now: time($0)) }
        #expect(held == [true, true, false])
        clock.sent(2, now: time(2500))
        let next = clock.holds(gathered: 1, unanswered: 100, most: 16, now: time(2600))
        #expect(next, "what comes after waits for its own time")
    }

    @Test func anItemThatIsNeverAnsweredDoesNotStandForTheLine() {
        var clock = clock(roundTripUs: 1000)
        clock.sent(2, now: time(1000))
        clock.sent(3, now: time(5999))
        clock.answered(3, now: time(6000))
        #expect(clock.holdEnds == nil)
        let held = [6000, 6400].map { clock.holds(gathered: 1, unanswered: 100, most: 16, now: time($0)) }
        // A sample of 1 us has taken an eighth off.
        #expect(held == [true, true])
        let end = clock.holds(gathered: 1, unanswered: 100, most: 16, now: time(6438))
        #expect(!end)
    }
}
