// When a line that is busy lets go of what has gathered: the idea of Nagle (RFC 896), with a round trip as its bound.

import RingmasterProtocol

/// Decides whether what has gathered for a peer leaves now or waits for more of it. Confined to the loop's thread.
///
/// A message costs the same whether it carries one item or a hundred, and with many peers each gets few at a time. So where
/// many items are unanswered, new ones gather until there are half as many of them: two or three messages are under way at
/// once, whatever the window is. A line with few unanswered items sends at once, so that a lone item waits for nobody; and
/// none waits for longer than half of a round trip, as an answer may be a long time coming for reasons of its own.
struct GatheringClock {
    /// With fewer unanswered items nothing waits.
    private static let unansweredMin = 8
    /// What is not answered within so many round trips is timed no more.
    private static let roundTripsTimed: Int64 = 4

    /// The round trip of the line, smoothed as TCP does (RFC 6298); 0 before the first.
    private var roundTripNs: Int64 = 0
    /// What is timed: the number that the caller gave it, and when it left.
    private var timed: (number: UInt64, sentAt: MonotonicTime)?
    /// Until when the oldest item waits; nil while none does.
    private(set) var holdEnds: MonotonicTime?

    /// Whether `gathered` items wait for more while `unanswered` others are under way.
    @inline(__always)
    mutating func holds(gathered: Int, unanswered: Int, most: Int, now: MonotonicTime) -> Bool {
        guard unanswered >= Self.unansweredMin, 2 * gathered < unanswered, gathered < most, roundTripNs > 0 else {
            return false
        }
        if let holdEnds { return now < holdEnds }
        holdEnds = now.adding(nanoseconds: roundTripNs / 2)
        return true
    }

    /// What was gathered has left; the last of it has this number.
    @inline(__always)
    mutating func sent(_ number: UInt64, now: MonotonicTime) {
        holdEnds = nil
        // One that takes long, or is never answered, does not stand for the line.
        if let timed, now.nanoseconds - timed.sentAt.nanoseconds < Self.roundTripsTimed * max(roundTripNs, 1_000_000) {
            return
        }
        timed = (number, now)
    }

    /// The item of this number was answered.
    @inline(__always)
    mutating func answered(_ number: UInt64, now: MonotonicTime) {
        guard let timed, timed.number == number else { return }
        let sample = max(1, now.nanoseconds - timed.sentAt.nanoseconds)
        roundTripNs = roundTripNs == 0 ? sample : roundTripNs + (sample - roundTripNs) / 8
        self.timed = nil
    }

    /// Nothing is under way any more.
    mutating func reset() {
        timed = nil
        holdEnds = nil
    }
}
