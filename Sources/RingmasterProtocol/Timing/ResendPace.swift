// How fast a client sends again what the cluster refused. The caller tells how the last attempts went, and has the random source.

/// A window and a pause that follow how attempts go, so that thousands of refused requests are not all sent again every few milliseconds
/// to a cluster that cannot serve them: that load alone can keep it from recovering.
///
/// While nothing is accepted, the pause between turns doubles up to a cap, drawn with full jitter (Marc Brooker, "Exponential Backoff And
/// Jitter", AWS Architecture Blog, 2015), and a turn sends half as many as the one before. Once attempts are accepted
/// again the turns double at the shortest pause. All in O(1).
public struct ResendPace: Sendable {
    /// Between two turns at the shortest.
    public let pauseMin: Duration
    /// Between two turns at the longest.
    public let pauseMax: Duration
    /// Requests of one turn at the least: what a probe of the cluster costs it.
    public let turnMin: Int
    /// Requests of one turn at the most.
    public let turnMax: Int
    /// How many requests the next turn may send.
    public private(set) var turn: Int
    /// The longest pause before the next turn.
    public private(set) var pause: Duration
    private var accepted = 0
    private var refused = 0

    /// - Precondition: The least are above zero and not above the most.
    public init(pauseMin: Duration, pauseMax: Duration, turnMin: Int, turnMax: Int) {
        precondition(pauseMin > .zero && pauseMin <= pauseMax, "pauses from \(pauseMin) to \(pauseMax)")
        precondition(turnMin > 0 && turnMin <= turnMax, "turns of \(turnMin) to \(turnMax)")
        (self.pauseMin, self.pauseMax, self.turnMin, self.turnMax) = (pauseMin, pauseMax, turnMin, turnMax)
        (turn, pause) = (turnMax, pauseMin)
    }

    /// A request that had been sent again was served.
    public mutating func wasAccepted() { accepted += 1 }

    /// A request was refused, for now.
    public mutating func wasRefused() { refused += 1 }

    /// Something has changed, such as the view: what was refused before may be served now.
    public mutating func reset() {
        (turn, pause, accepted, refused) = (turnMax, pauseMin, 0, 0)
    }

    /// Begins a turn.
    /// - Returns: How many requests it may send.
    public mutating func beginTurn() -> Int {
        if accepted > refused {
            pause = pauseMin
            turn = min(turn * 2, turnMax)
        } else if accepted > 0 {
            pause = pauseMin
        } else if refused > 0 {
            pause = min(pause * 2, pauseMax)
            turn = max(turn / 2, turnMin)
            // Not by one half after the other where all of many were refused at once.
            turn = min(turn, max(refused / 2, turnMin))
        }
        (accepted, refused) = (0, 0)
        return turn
    }

    /// The pause before the next turn, drawn evenly from 0 up to `pause`, and at least 1 ms, so that a turn is one.
    public func drawPause(using random: inout some RandomNumberGenerator) -> Duration {
        max(.milliseconds(1), .nanoseconds(Int64.random(in: 0...pause.nanosecondsClamped, using: &random)))
    }
}
