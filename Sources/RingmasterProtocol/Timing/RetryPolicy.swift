// When to try again, and when to stop. The client asks after every failed attempt and sets a timer by the answer; the
// time and the random source are the caller's.

/// Capped exponential back-off with full jitter, under a limit of attempts and a budget of time.
///
/// The pause before attempt n (the first is 1) is drawn evenly from 0 up to min(cap, base * 2^(n - 2)). Full jitter
/// spreads the callers that one fault stopped at the same moment, where exponential pauses alone would bring them back
/// together. Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
public struct RetryPolicy: Hashable, Sendable {
    /// The longest pause before the first retry: at least 1 ns.
    public let base: Duration
    /// The longest pause before any retry: at least `base`.
    public let cap: Duration
    /// How many attempts there may be, the first included: at least 1.
    public let attemptsMax: Int
    /// How long one attempt may wait for its reply: above zero.
    public let attemptTimeout: Duration
    /// How long all attempts and pauses may take together, unless a call brings its own deadline: above zero.
    public let budget: Duration

    /// Retries for a call within one data centre: pauses of up to 10 ms, doubling to 1 s, at most 10 attempts of 1 s
    /// each, 10 s in all.
    public static let standard = RetryPolicy(
        base: .milliseconds(10),
        cap: .seconds(1),
        attemptsMax: 10,
        attemptTimeout: .seconds(1),
        budget: .seconds(10)
    )

    /// A single attempt, as for a call that is not idempotent.
    ///
    /// - Parameter timeout: How long it may wait for its reply: above zero.
    public static func once(timeout: Duration) -> RetryPolicy {
        RetryPolicy(
            base: .nanoseconds(1),
            cap: .nanoseconds(1),
            attemptsMax: 1,
            attemptTimeout: timeout,
            budget: timeout
        )
    }

    /// The ranges are those of the properties; a value outside them is a bug of the caller's.
    public init(base: Duration, cap: Duration, attemptsMax: Int, attemptTimeout: Duration, budget: Duration) {
        precondition(base >= .nanoseconds(1), "a back-off that starts at \(base) never grows; start at 1 ns or more")
        precondition(cap >= base, "a back-off cannot start at \(base), above its cap of \(cap)")
        precondition(attemptsMax >= 1, "\(attemptsMax) attempts are none; allow at least 1")
        precondition(attemptTimeout > .zero, "an attempt of \(attemptTimeout) has no time; give it some")
        precondition(budget > .zero, "a budget of \(budget) has no time for the first attempt; give it some")
        self.base = base
        self.cap = cap
        self.attemptsMax = attemptsMax
        self.attemptTimeout = attemptTimeout
        self.budget = budget
    }
}

extension RetryPolicy {
    /// What to do after a failed attempt.
    public enum Decision: Hashable, Sendable {
        /// Pause for so long, then try again.
        case retry(after: Duration)
        /// Report the failure.
        case giveUp(GiveUpReason)
    }

    /// Why there is no further attempt.
    public enum GiveUpReason: Hashable, Sendable {
        /// As many attempts as the policy allows have failed.
        case attemptsSpent
        /// The budget leaves no time for another.
        case deadlinePassed
    }

    /// Decides after a failed attempt. O(1).
    ///
    /// The pause always ends before the deadline: where the budget leaves less than the back-off allows, the pause is
    /// drawn from what is left.
    ///
    /// - Parameters:
    ///   - attempt: The number of the attempt that failed; the first is 1.
    ///   - elapsed: The time since the first attempt began. Less than zero, as from a clock that was set back, counts
    ///     as zero.
    ///   - budget: The time from the beginning of the first attempt to the call's own deadline; the policy's if nil.
    public func decision(
        attempt: Int,
        elapsed: Duration,
        budget: Duration? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Decision {
        guard attempt < attemptsMax else { return .giveUp(.attemptsSpent) }
        let left = timeLeft(elapsed: elapsed, budget: budget)
        guard left > .zero else { return .giveUp(.deadlinePassed) }
        let longest = min(longestDelay(beforeAttempt: attempt + 1), left - .nanoseconds(1))
        return .retry(after: evenDelay(upTo: longest, using: &generator))
    }

    /// The pause before an attempt, in whole nanoseconds: zero before the first, then 0 up to
    /// `longestDelay(beforeAttempt:)`, each as likely as the others. O(1), for any number.
    public func delay(beforeAttempt attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        evenDelay(upTo: longestDelay(beforeAttempt: attempt), using: &generator)
    }

    /// min(cap, base * 2^(attempt - 2)), and zero before the first attempt. O(1), for any number.
    public func longestDelay(beforeAttempt attempt: Int) -> Duration {
        guard attempt >= 2 else { return .zero }
        let baseNs = base.nanosecondsClamped
        let doublings = attempt - 2
        // Shifting further than this would lose the top bit, so the cap is reached.
        guard doublings < baseNs.leadingZeroBitCount - 1 else { return cap }
        return min(cap, .nanoseconds(baseNs << Int64(doublings)))
    }

    /// How long the next attempt may wait for its reply: the attempt's timeout, or what the budget leaves if that is
    /// less; zero when nothing is left. The parameters are those of `decision`. O(1).
    public func attemptTimeout(elapsed: Duration, budget: Duration? = nil) -> Duration {
        max(.zero, min(attemptTimeout, timeLeft(elapsed: elapsed, budget: budget)))
    }

    private func timeLeft(elapsed: Duration, budget: Duration?) -> Duration {
        max(.zero, budget ?? self.budget) - max(.zero, elapsed)
    }

    private func evenDelay(upTo longest: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        let longestNs = longest.nanosecondsClamped
        return longestNs > 0 ? .nanoseconds(Int64.random(in: 0...longestNs, using: &generator)) : .zero
    }
}
