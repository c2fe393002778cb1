// How long a server waits for its leader, by how elections have gone lately.

/// Doubles the election time-out where leaders do not last or elections come to nothing, and halves it again in quiet times.
///
/// A short time-out finds a dead leader soon. On machines that are starved of their processors it takes every leader for dead,
/// elects without end and serves nobody: then a longer one is right. A leader that is killed after it has lasted
/// changes nothing. Source of the rule that elections must be long against the time of a message: Raft, section 5.6.
struct ElectionPatience {
    /// The longest time-out over the shortest. Whoever has to wait for a leader that was cut off reckons with it.
    static let factorMax = 4
    /// A leader that lasted less was lost to the time-out, not to a fault.
    private static let brief: Duration = .milliseconds(500)
    /// What a leader has to last before the time-out is halved.
    private static let calm: Duration = .seconds(10)

    /// The time-out over the shortest: 1, 2 or 4.
    private(set) var factor = 1
    private var ledSince: MonotonicTime?
    /// The newest term known when there was a leader last.
    private var ledTerm: UInt64 = 0
    private var newestTerm: UInt64 = 0

    /// Takes what is known now. To be called whenever it may have changed, and from time to time.
    mutating func note(hasLeader: Bool, term: UInt64, now: MonotonicTime) {
        defer { newestTerm = term }
        guard hasLeader else {
            if let began = ledSince {
                if now.since(began) < Self.brief { double() }
                ledSince = nil
                ledTerm = newestTerm
            } else if term > newestTerm, newestTerm > ledTerm {
                // The second election since, or a later one: a majority was there to vote, and elected nobody.
                double()
            }
            return
        }
        guard let began = ledSince, newestTerm == term else {
            // Another leader without one of none between: the former one did not last, or was replaced in order.
            ledSince = now
            return
        }
        guard factor > 1, now.since(began) >= Self.calm else { return }
        factor /= 2
        ledSince = now
    }

    private mutating func double() {
        factor = min(factor * 2, Self.factorMax)
    }
}
