// That a silent peer becomes suspect, a lively one does not, and that the timer and the value of phi agree.

import RingmasterProtocol
import Testing

struct PhiAccrualDetectorTests {
    /// No pause is forgiven, and the least deviation is small: phi follows the heartbeats alone.
    private let strict = PhiAccrualDetector.Configuration(
        threshold: 8,
        windowSize: 100,
        standardDeviationMin: .milliseconds(10),
        acceptablePause: .zero,
        firstEstimate: .milliseconds(100)
    )

    /// A detector that has heard a heartbeat every 100 ms for so many times, and the time of the last.
    private func regular(
        _ configuration: PhiAccrualDetector.Configuration,
        heartbeats: Int = 200
    ) -> (PhiAccrualDetector, last: Duration) {
        var detector = PhiAccrualDetector(configuration: configuration, startingAt: .at(.zero))
        for count in 1...heartbeats {
            detector.heartbeat(at: .at(.milliseconds(100 * count)))
        }
        return (detector, .milliseconds(100 * heartbeats))
    }

    @Test func aPeerThatIsHeardOfIsAvailable() {
        var detector = PhiAccrualDetector(startingAt: .at(.zero))
        for count in 1...1000 {
            let now = ContinuousClock.Instant.at(.milliseconds(100 * count))
            #expect(detector.isAvailable(at: now))
            #expect(detector.phi(at: now) < 1)
            detector.heartbeat(at: now)
        }
    }

    @Test func aPeerThatIsNeverHeardOfBecomesSuspect() {
        let detector = PhiAccrualDetector(startingAt: .at(.zero))
        #expect(detector.isAvailable(at: .at(.zero)))
        #expect(!detector.isAvailable(at: .at(.seconds(2))))
    }

    @Test func aPeerThatFallsSilentBecomesSuspectAndRecovers() {
        var (detector, last) = regular(.init())
        #expect(detector.isAvailable(at: .at(last + .milliseconds(450))))
        #expect(!detector.isAvailable(at: .at(last + .milliseconds(550))))
        detector.heartbeat(at: .at(last + .seconds(5)))
        #expect(detector.isAvailable(at: .at(last + .seconds(5))))
        #expect(detector.isAvailable(at: .at(last + .seconds(5) + .milliseconds(450))))
    }

    /// Against the exact normal tail: a heartbeat y deviations late has phi -log10 P(Y > y).
    @Test(arguments: [(0.0, 0.301), (1.0, 0.800), (2.0, 1.643), (-1.0, 0.0751)])
    func phiIsTheSurpriseOfTheSilence(deviations: Double, exact: Double) {
        let (detector, last) = regular(strict)
        let silence = Duration.milliseconds(100) + .milliseconds(10) * deviations
        #expect(abs(detector.phi(at: .at(last + silence)) - exact) < 0.01)
    }

    @Test func phiNeverFallsWhileAPeerIsSilent() {
        let (detector, last) = regular(strict)
        var before = -1.0
        for silenceMs in 0...10_000 {
            let phi = detector.phi(at: .at(last + .milliseconds(silenceMs)))
            if !(phi >= before && phi.isFinite && phi >= 0) {
                Issue.record("phi went from \(before) to \(phi) at \(silenceMs) ms")
            }
            before = phi
        }
        #expect(before > 100)
    }

    @Test func phiIsFiniteHoweverLongTheSilence() {
        for deviation in [Duration.nanoseconds(1), .milliseconds(10), TimingLimits.intervalMax] {
            var configuration = strict
            configuration.standardDeviationMin = deviation
            let (detector, last) = regular(configuration)
            for silence in [Duration.zero, .seconds(1), .seconds(1_000_000_000), .seconds(Int64.max / 2)] {
                let phi = detector.phi(at: .at(last + silence))
                #expect(phi.isFinite && phi >= 0)
            }
        }
    }

    @Test func suspicionSetsInWherePhiReachesTheThreshold() {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<300 {
            let configuration = PhiAccrualDetector.Configuration(
                threshold: Double.random(in: 1...100, using: &generator),
                windowSize: Int.random(in: 1...300, using: &generator),
                standardDeviationMin: .microseconds(Int.random(in: 1...100_000, using: &generator)),
                acceptablePause: .microseconds(Int.random(in: 0...1_000_000, using: &generator)),
                firstEstimate: .microseconds(Int.random(in: 1...1_000_000, using: &generator))
            )
            var detector = PhiAccrualDetector(configuration: configuration, startingAt: .at(.zero))
            var now = Duration.zero
            for _ in 0..<Int.random(in: 0...400, using: &generator) {
                now += .microseconds(Int.random(in: 0...500_000, using: &generator))
                detector.heartbeat(at: .at(now))
            }
            let deadline = detector.suspicionDeadline
            let threshold = configuration.threshold
            // The deadline is rounded up to a whole nanosecond, and phi to 53 bits.
            #expect(detector.phi(at: deadline) >= threshold * (1 - 1e-9))
            #expect(detector.phi(at: deadline.advanced(by: .nanoseconds(-2))) < threshold)
            #expect(!detector.isAvailable(at: deadline))
            #expect(detector.isAvailable(at: deadline.advanced(by: .nanoseconds(-1))))
        }
    }

    @Test func theTimeUntilSuspicionRunsDownToZero() {
        let (detector, last) = regular(strict)
        let whole = detector.timeUntilSuspicion(at: .at(last))
        #expect(detector.suspicionDeadline == .at(last + whole))
        #expect(detector.timeUntilSuspicion(at: .at(last + .milliseconds(50))) == whole - .milliseconds(50))
        #expect(detector.timeUntilSuspicion(at: .at(last + whole)) == .zero)
        #expect(detector.timeUntilSuspicion(at: .at(last + .seconds(100))) == .zero)
    }

    @Test func anUnsteadyPeerGetsMoreTime() {
        var generator = SplitMix64(seed: 2)
        let (steady, _) = regular(strict)
        var unsteady = PhiAccrualDetector(configuration: strict, startingAt: .at(.zero))
        var now = Duration.zero
        for _ in 0..<200 {
            now += .milliseconds(Int.random(in: 0...200, using: &generator))
            unsteady.heartbeat(at: .at(now))
        }
        let patience = steady.timeUntilSuspicion(at: steady.lastHeartbeat)
        #expect(unsteady.timeUntilSuspicion(at: unsteady.lastHeartbeat) > patience * 2)
    }

    @Test func anAcceptablePausePutsSuspicionOffByAsMuch() {
        var forgiving = strict
        forgiving.acceptablePause = .seconds(3)
        let (detector, last) = regular(strict)
        let (patient, _) = regular(forgiving)
        #expect(
            patient.timeUntilSuspicion(at: .at(last)) == detector.timeUntilSuspicion(at: .at(last)) + .seconds(3)
        )
    }

    @Test func theLeastDeviationHoldsForAPerfectlyRegularPeer() {
        let (detector, last) = regular(strict)
        #expect(detector.standardDeviation == .zero)
        // phi 8 is 5.22 deviations of 10 ms after the 100 ms.
        #expect(detector.timeUntilSuspicion(at: .at(last)) > .milliseconds(152))
        #expect(detector.timeUntilSuspicion(at: .at(last)) < .milliseconds(153))
    }

    @Test func oneOutageDoesNotBluntTheDetector() {
        var (detector, last) = regular(strict)
        let before = detector.timeUntilSuspicion(at: .at(last))
        detector.heartbeat(at: .at(last + .seconds(3600)))
        #expect(detector.timeUntilSuspicion(at: detector.lastHeartbeat) < before + .milliseconds(1))
    }

    @Test func aSlowerPaceIsLearnt() {
        var (detector, last) = regular(strict)
        var suspected = 0
        for count in 1...500 {
            let now = ContinuousClock.Instant.at(last + .seconds(count))
            if !detector.isAvailable(at: now) { suspected += 1 }
            detector.heartbeat(at: now)
        }
        #expect(suspected > 0, "a tenfold interval is suspicious at first")
        #expect(suspected < 100)
        #expect(detector.isAvailable(at: .at(last + .seconds(501))))
        #expect(detector.meanInterval == .seconds(1))
    }

    @Test func onlyTheWindowIsRemembered() {
        var configuration = strict
        configuration.windowSize = 10
        var generator = SplitMix64(seed: 3)
        var detector = PhiAccrualDetector(configuration: configuration, startingAt: .at(.zero))
        var now = Duration.zero
        for _ in 0..<5000 {
            now += .microseconds(Int.random(in: 0...150_000, using: &generator))
            detector.heartbeat(at: .at(now))
        }
        for _ in 0..<10 {
            now += .milliseconds(70)
            detector.heartbeat(at: .at(now))
        }
        #expect(detector.meanInterval == .milliseconds(70))
        #expect(detector.standardDeviation == .zero, "no rounding is left of what was dropped")
    }

    @Test func theMeanAndDeviationAreThoseOfTheWindow() {
        var configuration = strict
        configuration.windowSize = 4
        configuration.acceptablePause = .seconds(10)
        var detector = PhiAccrualDetector(configuration: configuration, startingAt: .at(.zero))
        #expect(detector.meanInterval == .milliseconds(100))
        #expect(detector.standardDeviation == .milliseconds(25))
        for offsetMs in [999, 1001, 1007, 1010, 1021] {
            detector.heartbeat(at: .at(.milliseconds(offsetMs)))
        }
        // Intervals 2, 6, 3, 11: mean 5.5, deviation sqrt(12.25).
        #expect(detector.meanInterval == .microseconds(5500))
        #expect(detector.standardDeviation == .microseconds(3500))
    }

    @Test func aHeartbeatFromThePastChangesNothing() {
        var (detector, last) = regular(strict)
        let (untouched, _) = regular(strict)
        detector.heartbeat(at: .at(last - .nanoseconds(1)))
        detector.heartbeat(at: .at(.seconds(-900_000)))
        #expect(detector.lastHeartbeat == untouched.lastHeartbeat)
        #expect(detector.suspicionDeadline == untouched.suspicionDeadline)
        #expect(detector.meanInterval == untouched.meanInterval)
    }

    @Test func aClockThatGoesBackwardsIsAsOneThatStandsStill() {
        let (detector, last) = regular(strict)
        for now in [ContinuousClock.Instant.at(last - .seconds(1)), .at(.seconds(-900_000))] {
            #expect(detector.phi(at: now) == detector.phi(at: .at(last)))
            #expect(detector.isAvailable(at: now))
            #expect(detector.timeUntilSuspicion(at: now) > .zero)
        }
    }

    @Test func heartbeatsThatArriveTogetherAreAllCounted() {
        var (detector, last) = regular(strict)
        for _ in 0..<1000 {
            detector.heartbeat(at: .at(last))
        }
        #expect(detector.meanInterval == .zero)
        #expect(detector.isAvailable(at: .at(last + .milliseconds(50))))
        #expect(!detector.isAvailable(at: .at(last + .milliseconds(60))))
    }

    @Test func aHigherThresholdIsSurerAndSlower() {
        var before = Duration.zero
        for threshold in 1...100 {
            var configuration = strict
            configuration.threshold = Double(threshold)
            let (detector, last) = regular(configuration)
            let patience = detector.timeUntilSuspicion(at: .at(last))
            #expect(patience > before)
            before = patience
        }
    }

    @Test func theExtremesOfTheConfigurationAreUsable() {
        let extreme = PhiAccrualDetector.Configuration(
            threshold: TimingLimits.thresholdMax,
            windowSize: TimingLimits.windowSizeMax,
            standardDeviationMin: TimingLimits.intervalMax,
            acceptablePause: TimingLimits.intervalMax,
            firstEstimate: TimingLimits.intervalMax
        )
        var detector = PhiAccrualDetector(configuration: extreme, startingAt: .at(.zero))
        for count in 1...20_000 {
            detector.heartbeat(at: .at(.seconds(100_000_000 * count)))
        }
        #expect(detector.isAvailable(at: detector.lastHeartbeat))
        #expect(detector.meanInterval == .seconds(86_400), "an interval counts as a day at most")
        #expect(detector.phi(at: detector.lastHeartbeat).isFinite)
    }
}
