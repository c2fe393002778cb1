// That a retry comes neither too soon, nor too late, nor for ever.

import RingmasterProtocol
import Testing

struct RetryPolicyTests {
    private let policy = RetryPolicy(
        base: .milliseconds(10),
        cap: .seconds(1),
        attemptsMax: 6,
        attemptTimeout: .milliseconds(500),
        budget: .seconds(10)
    )

    @Test func theLongestPauseDoublesUpToTheCap() {
        let expected: [Duration] = [0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000].map { .milliseconds($0) }
        #expect((1...10).map { policy.longestDelay(beforeAttempt: $0) } == expected)
    }

    @Test func noAttemptNumberOverflows() {
        var generator = SplitMix64(seed: 1)
        let policies = [
            policy,
            RetryPolicy.standard,
            RetryPolicy.once(timeout: .seconds(1)),
            RetryPolicy(
                base: .nanoseconds(1),
                cap: .nanoseconds(Int64.max),
                attemptsMax: Int.max,
                attemptTimeout: .seconds(Int64.max),
                budget: .seconds(Int64.max)
            ),
            RetryPolicy(
                base: .seconds(Int64.max),
                cap: .seconds(Int64.max),
                attemptsMax: Int.max,
                attemptTimeout: .nanoseconds(1),
                budget: .nanoseconds(1)
            ),
        ]
        let powers: [Int] = (0..<63).map { 1 << $0 }
        let attempts: [Int] = [Int.min, -1, 0, Int.max - 1, Int.max] + powers + powers.map { $0 + 1 }
        let times: [Duration] = [.seconds(Int64.min), .seconds(-1), .zero, .nanoseconds(1), .seconds(Int64.max)]
        for policy in policies {
            var longestSoFar = Duration.zero
            for attempt in attempts.sorted() {
                let longest = policy.longestDelay(beforeAttempt: attempt)
                #expect(longest >= longestSoFar && longest <= policy.cap)
                longestSoFar = longest
                let delay = policy.delay(beforeAttempt: attempt, using: &generator)
                #expect(delay >= .zero && delay <= longest)
                for elapsed in times {
                    for budget in times + [nil] {
                        guard
                            case .retry(let after) = policy.decision(
                                attempt: attempt,
                                elapsed: elapsed,
                                budget: budget,
                                using: &generator
                            )
                        else { continue }
                        #expect(attempt < policy.attemptsMax)
                        #expect(after >= .zero && after <= policy.cap)
                        #expect(max(.zero, elapsed) + after < budget ?? policy.budget)
                    }
                }
            }
        }
    }

    @Test func theFirstAttemptIsMadeAtOnce() {
        var generator = SplitMix64(seed: 2)
        #expect((0..<100).allSatisfy { _ in policy.delay(beforeAttempt: 1, using: &generator) == .zero })
    }

    @Test func pausesAreSpreadEvenlyFromZeroToTheLongest() {
        var generator = SplitMix64(seed: 3)
        // Attempt 5 pauses for 0 to 80 ms: ten classes of 8 ms, 1000 draws each expected, with a deviation of 30.
        var draws = Array(repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let delay = policy.delay(beforeAttempt: 5, using: &generator)
            draws[min(9, Int(delay / .milliseconds(8)))] += 1
        }
        #expect(draws.allSatisfy { (850...1150).contains($0) }, "\(draws)")
    }

    @Test func pausesComeFromTheGeneratorAlone() {
        func pauses(seed: UInt64) -> [Duration] {
            var generator = SplitMix64(seed: seed)
            return (1...20).map { policy.delay(beforeAttempt: $0, using: &generator) }
        }
        #expect(pauses(seed: 4) == pauses(seed: 4))
        #expect(pauses(seed: 4) != pauses(seed: 5))
    }

    @Test func callersThatFailTogetherDoNotReturnTogether() {
        let pauses = (0..<1000).map { seed in
            var generator = SplitMix64(seed: UInt64(seed))
            return policy.delay(beforeAttempt: 6, using: &generator)
        }
        #expect(Set(pauses).count > 990)
    }

    @Test func attemptsEnd() {
        var generator = SplitMix64(seed: 6)
        for attempt in 1...5 {
            guard case .retry = policy.decision(attempt: attempt, elapsed: .zero, using: &generator) else {
                Issue.record("attempt \(attempt) of 6 was the last")
                continue
            }
        }
        #expect(policy.decision(attempt: 6, elapsed: .zero, using: &generator) == .giveUp(.attemptsSpent))
    }

    @Test func aPolicyOfOneAttemptNeverRetries() {
        var generator = SplitMix64(seed: 7)
        let once = RetryPolicy.once(timeout: .seconds(1))
        #expect(once.decision(attempt: 1, elapsed: .zero, using: &generator) == .giveUp(.attemptsSpent))
        #expect(once.attemptTimeout(elapsed: .zero) == .seconds(1))
    }

    @Test func nothingIsTriedAfterTheDeadline() {
        var generator = SplitMix64(seed: 8)
        for elapsed in [Duration.seconds(10), .seconds(10) + .nanoseconds(1), .seconds(1_000_000)] {
            #expect(policy.decision(attempt: 1, elapsed: elapsed, using: &generator) == .giveUp(.deadlinePassed))
            #expect(policy.attemptTimeout(elapsed: elapsed) == .zero)
        }
    }

    @Test func noPauseReachesTheDeadline() {
        var generator = SplitMix64(seed: 9)
        for leftNs in [1, 2, 10, 1_000_000, 50_000_000] {
            for _ in 0..<200 {
                let elapsed = Duration.seconds(10) - .nanoseconds(leftNs)
                guard case .retry(let after) = policy.decision(attempt: 5, elapsed: elapsed, using: &generator) else {
                    Issue.record("gave up with \(leftNs) ns left")
                    return
                }
                #expect(elapsed + after < .seconds(10))
            }
        }
    }

    @Test func aCallsOwnDeadlineGoesBeforeThePolicys() {
        var generator = SplitMix64(seed: 10)
        let tight = policy.decision(attempt: 1, elapsed: .seconds(1), budget: .seconds(1), using: &generator)
        #expect(tight == .giveUp(.deadlinePassed))
        guard case .retry = policy.decision(attempt: 1, elapsed: .seconds(20), budget: .seconds(30), using: &generator)
        else {
            Issue.record("gave up with 10 s left")
            return
        }
    }

    @Test func anAttemptWaitsNoLongerThanTheBudgetLeft() {
        #expect(policy.attemptTimeout(elapsed: .zero) == .milliseconds(500))
        #expect(policy.attemptTimeout(elapsed: .milliseconds(9_700)) == .milliseconds(300))
        #expect(policy.attemptTimeout(elapsed: .zero, budget: .milliseconds(20)) == .milliseconds(20))
    }

    @Test func aClockThatWasSetBackCountsAsOneThatStoodStill() {
        var one = SplitMix64(seed: 11)
        var other = SplitMix64(seed: 11)
        let back = policy.decision(attempt: 3, elapsed: .seconds(-100), using: &one)
        #expect(back == policy.decision(attempt: 3, elapsed: .zero, using: &other))
        #expect(policy.attemptTimeout(elapsed: .seconds(-100)) == .milliseconds(500))
    }

    /// A whole call against a peer that never answers: it ends within its attempts and its budget, whatever the seed.
    @Test func everyCallEndsInTime() {
        for seed in 0..<500 {
            var generator = SplitMix64(seed: UInt64(seed))
            var elapsed = Duration.zero
            var attempt = 1
            while true {
                elapsed += policy.attemptTimeout(elapsed: elapsed, budget: .seconds(2))
                guard
                    case .retry(let after) = policy.decision(
                        attempt: attempt,
                        elapsed: elapsed,
                        budget: .seconds(2),
                        using: &generator
                    )
                else { break }
                elapsed += after
                attempt += 1
            }
            #expect(attempt <= 6)
            #expect(elapsed <= .seconds(2))
        }
    }
}
