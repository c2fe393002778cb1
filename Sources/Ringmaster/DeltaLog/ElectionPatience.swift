// How long a server waits for its leader, by how elections have gone lately.

/// Doubles the election time-out where leaders do not last or elections come to nothing, and halves it again in quiet times.
///
/// A short time-out finds a dead leader soon. On machines that are starved of their processors it takes every leader for dead,
/// elects without end and serves nobody: then a longer one is right. A leader that is dead changes nothing, however short its
/// office was: it is one that was lost and yet speaks that tells of a time-out too short. Source of the rule that elections must be
/// long against the time of a message: Raft, section 5.6.
struct ElectionPatience {
    /// What a server knows of the log's leader.
    enum Leader: Equatable {
        case none
        case itself
        /// Another server, by its id in libraft.
        case other(UInt64)
    }

    /// The longest time-out over the shortest. Whoever has to wait for a leader that was cut off reckons with it.
    static let factorMax = 4
    /// A leader that lasted less and lives was lost to the time-out, not to a fault.
    private static let brief: Duration = .milliseconds(500)
    /// A lost leader that speaks within this was alive; one that died has hardly begun anew.
    private static let recognition: Duration = .milliseconds(100)
    /// What a leader has to last before the time-out is halved.
    private static let calm: Duration = .seconds(10)

    /// The time-out over the shortest: 1, 2 or 4.
    private(set) var factor = 1
    private var led: (leader: Leader, since: MonotonicTime)?
    /// A leader that was lost soon, and when.
    private var lost: (server: UInt64, at: MonotonicTime)?
    /// The newest term known when there was a leader last.
    private var ledTerm: UInt64 = 0
    private var newestTerm: UInt64 = 0

    /// Takes what is known now. To be called whenever it may have changed, and from time to time.
    mutating func note(_ leader: Leader, term: UInt64, now: MonotonicTime) {
        defer { newestTerm = term }
        if let led, led.leader == leader, newestTerm == term { return becomeCalm(since: led.since, now) }
        if let led { lose(led.leader, since: led.since, now) }
        guard leader == .none else {
            led = (leader, now)
            return
        }
        if led != nil {
            led = nil
            ledTerm = newestTerm
        } else if term > newestTerm, newestTerm > ledTerm + 1 {
            // The third election since, or a later one: a majority was there to vote, and elected nobody. Once is chance: votes are
            // split where two stand at the same time.
            double()
        }
    }

    /// A server has spoken.
    mutating func heard(_ server: UInt64, now: MonotonicTime) {
        guard let lost, lost.server == server else { return }
        self.lost = nil
        if now.since(lost.at) < Self.recognition { double() }
    }

    /// The leader is known to be dead: no time-out is to blame.
    mutating func leaderDied() {
        led = nil
        ledTerm = newestTerm
    }

    private mutating func becomeCalm(since: MonotonicTime, _ now: MonotonicTime) {
        guard factor > 1, now.since(since) >= Self.calm else { return }
        factor /= 2
        led?.since = now
    }

    private mutating func lose(_ leader: Leader, since: MonotonicTime, _ now: MonotonicTime) {
        guard now.since(since) < Self.brief else { return }
        switch leader {
        case .none: break
        case .itself: double()
        case .other(let server): lost = (server, now)
        }
    }

    private mutating func double() {
        factor = min(factor * 2, Self.factorMax)
    }
}
