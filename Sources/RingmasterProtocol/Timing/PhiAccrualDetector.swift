// How sure one can be that a silent peer is dead. A coordinator keeps one of these for each member (and a member one
// for its coordinator), tells it of every heartbeat, and sets a timer to the moment at which suspicion sets in.

/// A phi-accrual failure detector: the longer a heartbeat is overdue, measured by how regular the earlier ones were,
/// the higher phi.
///
/// phi = -log10 of the probability that a heartbeat comes later still than now, where intervals are taken as normally
/// distributed with the mean and standard deviation of a sliding window. At a threshold of 1 one suspicion in ten is
/// wrong, at 2 one in a hundred, and so on. Source: Hayashibara, Défago, Yared, Katayama, "The phi accrual failure
/// detector", SRDS 2004; the least standard deviation, the acceptable pause and the first estimate are as in Akka's
/// `PhiAccrualFailureDetector`.
///
/// A heartbeat takes O(1) and allocates nothing; so does every question. A clock that goes backwards is taken as one
/// that stands still.
public struct PhiAccrualDetector: Sendable {
    /// How a detector judges.
    public struct Configuration: Hashable, Sendable {
        /// The phi from which on a peer is suspected: 1...`TimingLimits.thresholdMax`.
        public var threshold: Double
        /// How many intervals are remembered: 1...`TimingLimits.windowSizeMax`.
        public var windowSize: Int
        /// The least standard deviation to reckon with, however regular the heartbeats: 1 ns up to
        /// `TimingLimits.intervalMax`. It keeps a very regular peer from being suspected for a very small delay.
        public var standardDeviationMin: Duration
        /// How much later than the mean a heartbeat may come before that counts at all: zero up to
        /// `TimingLimits.intervalMax`.
        public var acceptablePause: Duration
        /// The interval to expect until there are heartbeats to learn from: 1 ns up to `TimingLimits.intervalMax`.
        public var firstEstimate: Duration

        /// For heartbeats every 100 ms or so on a local network: silence of about half a second is suspicious.
        public init(
            threshold: Double = 8,
            windowSize: Int = 200,
            standardDeviationMin: Duration = .milliseconds(20),
            acceptablePause: Duration = .milliseconds(300),
            firstEstimate: Duration = .milliseconds(100)
        ) {
            self.threshold = threshold
            self.windowSize = windowSize
            self.standardDeviationMin = standardDeviationMin
            self.acceptablePause = acceptablePause
            self.firstEstimate = firstEstimate
        }
    }

    /// How this detector judges.
    public let configuration: Configuration
    /// When the latest heartbeat came.
    public private(set) var lastHeartbeat: ContinuousClock.Instant

    private var window: IntervalWindow
    /// By how many standard deviations a heartbeat is late when phi reaches the threshold.
    private let suspiciousDeviation: Double

    /// A detector of a peer that is known to be alive now; if it is never heard of again, it becomes suspect.
    ///
    /// - Parameters:
    ///   - configuration: Its values must be in their ranges.
    ///   - start: Now: counts as the first heartbeat.
    public init(configuration: Configuration = Configuration(), startingAt start: ContinuousClock.Instant) {
        configuration.check()
        self.configuration = configuration
        lastHeartbeat = start
        suspiciousDeviation = LogisticTail.deviation(ofPhi: configuration.threshold)
        window = IntervalWindow(capacity: configuration.windowSize)
        // Two intervals around the estimate: a deviation of a quarter of it, until real ones take over.
        let estimateNs = configuration.firstEstimate.nanosecondsClamped
        window.append(estimateNs - estimateNs / 4)
        window.append(estimateNs + estimateNs / 4)
    }
}

extension PhiAccrualDetector {
    /// Takes note of a heartbeat. One before the latest is ignored. O(1).
    ///
    /// An interval longer than what was suspicious counts only up to there: one long outage does not blunt the
    /// detector, and yet a peer that has become slower for good is learnt.
    public mutating func heartbeat(at now: ContinuousClock.Instant) {
        guard now >= lastHeartbeat else { return }
        let interval = lastHeartbeat.duration(to: now)
        window.append(min(interval, suspiciousSilence).nanosecondsClamped)
        lastHeartbeat = now
    }

    /// How suspect the peer is: 0 (not at all) and up, without bound. O(1).
    public func phi(at now: ContinuousClock.Instant) -> Double {
        let silenceNs = Double(max(.zero, lastHeartbeat.duration(to: now)).nanosecondsClamped)
        return LogisticTail.phi(ofDeviation: (silenceNs - expectedNs) / deviationNs)
    }

    /// Whether the peer is not suspect: phi is below the threshold. O(1).
    public func isAvailable(at now: ContinuousClock.Instant) -> Bool {
        now < suspicionDeadline
    }

    /// The moment from which on the peer is suspect unless it is heard of before: when phi reaches the threshold.
    /// Every heartbeat puts it off. O(1).
    public var suspicionDeadline: ContinuousClock.Instant {
        lastHeartbeat.advanced(by: suspiciousSilence)
    }

    /// How long until the peer is suspect: zero if it is. O(1).
    public func timeUntilSuspicion(at now: ContinuousClock.Instant) -> Duration {
        max(.zero, now.duration(to: suspicionDeadline))
    }

    /// The mean interval between the heartbeats remembered. O(1).
    public var meanInterval: Duration { .nanoseconds(window.meanNs) }

    /// The standard deviation of the intervals remembered; it may be less than the least that is reckoned with. O(1).
    public var standardDeviation: Duration { .nanoseconds(window.standardDeviationNs) }

    /// The silence at which phi reaches the threshold, at least 1 ns.
    private var suspiciousSilence: Duration {
        .nanoseconds(max(1, (expectedNs + suspiciousDeviation * deviationNs).rounded(.up)))
    }

    private var expectedNs: Double {
        window.meanNs + Double(configuration.acceptablePause.nanosecondsClamped)
    }

    private var deviationNs: Double {
        max(window.standardDeviationNs, Double(configuration.standardDeviationMin.nanosecondsClamped))
    }
}

extension PhiAccrualDetector.Configuration {
    /// Stops the process unless every value is in its range.
    fileprivate func check() {
        let interval = Duration.nanoseconds(1)...TimingLimits.intervalMax
        precondition(
            (1...TimingLimits.thresholdMax).contains(threshold),
            "a threshold of phi \(threshold) is out of range; choose one from 1 to \(TimingLimits.thresholdMax)"
        )
        precondition(
            (1...TimingLimits.windowSizeMax).contains(windowSize),
            "a window of \(windowSize) intervals is out of range; choose one from 1 to \(TimingLimits.windowSizeMax)"
        )
        precondition(
            interval.contains(standardDeviationMin),
            "a least deviation of \(standardDeviationMin) is out of range; choose one from 1 ns to a day"
        )
        precondition(
            acceptablePause == .zero || interval.contains(acceptablePause),
            "an acceptable pause of \(acceptablePause) is out of range; choose one from 0 to a day"
        )
        precondition(
            interval.contains(firstEstimate),
            "a first estimate of \(firstEstimate) is out of range; choose one from 1 ns to a day"
        )
    }
}
