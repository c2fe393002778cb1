// That a cluster's time goes on across leaders, by no wall clock.

import Testing

@testable import Ringmaster

struct LogClockTests {
    private func time(_ ms: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: ms * 1_000_000) }

    @Test func aLeaderGoesOnFromTheLogsTime() {
        var clock = LogClock()
        clock.begin(at: 5000, now: time(100))
        #expect(clock.timeMs(at: time(100)) == 5000)
        #expect(clock.timeMs(at: time(350)) == 5250)
        clock.begin(at: 9000, now: time(400))
        #expect(clock.timeMs(at: time(401)) == 9001)
    }

    @Test func itDoesNotGoBack() {
        var clock = LogClock()
        clock.begin(at: 5000, now: time(100))
        #expect(clock.timeMs(at: time(40)) == 5000)
    }
}
