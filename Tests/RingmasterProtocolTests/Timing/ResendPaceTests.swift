// That a client neither floods a cluster that refuses everything, nor is late when it serves again.

import RingmasterProtocol
import Testing

struct ResendPaceTests {
    private static let pace = ResendPace(
        pauseMin: .milliseconds(5),
        pauseMax: .milliseconds(80),
        turnMin: 32,
        turnMax: 16_384
    )

    /// Requests that are refused for a while and then served, as a client would send them. Every answer comes before the next turn.
    private func serve(
        _ count: Int,
        after outage: Duration,
        seed: UInt64
    ) -> (sentInOutage: Int, servedAfter: Duration) {
        var pace = Self.pace
        var random = SplitMix64(seed: seed)
        var (now, sent, waiting) = (Duration.zero, 0, count)
        // All of them were sent a first time, and refused.
        for _ in 0..<count { pace.wasRefused() }
        while waiting > 0, now < .seconds(600) {
            now += pace.drawPause(using: &random)
            let turn = min(pace.beginTurn(), waiting)
            if now < outage {
                sent += turn
                for _ in 0..<turn { pace.wasRefused() }
            } else {
                waiting -= turn
                for _ in 0..<turn { pace.wasAccepted() }
            }
        }
        return (sent, now - outage)
    }

    @Test(arguments: 1...20) func thousandsThatAreRefusedAreNoFlood(seed: Int) {
        let (sent, servedAfter) = serve(8192, after: .seconds(5), seed: UInt64(seed))
        // All of them each 5 ms would be 8 million.
        #expect(sent < 20_000, "\(sent) sent to a cluster that refuses")
        #expect(servedAfter < .milliseconds(200), "the last is served \(servedAfter) after the cluster serves again")
    }

    @Test(arguments: 1...20) func aFewAreServedSoonAfterAShortOutage(seed: Int) {
        let (sent, servedAfter) = serve(16, after: .milliseconds(20), seed: UInt64(seed))
        #expect(sent <= 16 * 20)
        #expect(servedAfter < .milliseconds(80))
    }

    @Test func thePauseDoublesWhileAllIsRefusedAndIsShortOnceSomethingIsServed() {
        var pace = Self.pace
        var pauses: [Duration] = []
        for _ in 0..<6 {
            pace.wasRefused()
            _ = pace.beginTurn()
            pauses.append(pace.pause)
        }
        #expect(pauses == [10, 20, 40, 80, 80, 80].map { .milliseconds($0) })
        #expect(pace.turn == 32)
        pace.wasAccepted()
        #expect(pace.beginTurn() == 64)
        #expect(pace.pause == .milliseconds(5))
    }

    @Test func aTurnInWhichNothingCameBackChangesNothing() {
        var pace = Self.pace
        for _ in 0..<10 { pace.wasRefused() }
        let turn = pace.beginTurn()
        let pause = pace.pause
        #expect(pace.beginTurn() == turn)
        #expect(pace.pause == pause)
    }

    @Test func aChangeLetsAllOfThemTryAtOnce() {
        var pace = Self.pace
        for _ in 0..<10 {
            pace.wasRefused()
            _ = pace.beginTurn()
        }
        pace.reset()
        #expect(pace.beginTurn() == 16_384)
        #expect(pace.pause == .milliseconds(5))
    }
}
