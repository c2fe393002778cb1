// The verdict on a history, as verdict.json has it.

/// What the checker says of a history.
public struct Verdict: Equatable, Sendable, Encodable {
    public let outcome: Outcome
    /// The promises that are broken, in the order of `AnomalyKind`.
    public let anomalies: [Finding<AnomalyKind>]
    /// What keeps the history from being judged whole, in the order of `ProblemKind`.
    public let problems: [Finding<ProblemKind>]
    public let counts: Counts

    public enum Outcome: String, Sendable, Encodable {
        /// The history is complete, and every promise holds in it.
        case valid
        /// There is an anomaly.
        case violation
        /// There is none, but the history or the run has a problem, so that one might have gone unseen.
        case undecided
    }

    /// All cases of one kind.
    public struct Finding<Kind: Encodable & Sendable & Equatable>: Equatable, Sendable, Encodable {
        public let kind: Kind
        /// How many cases there are. Of reads with lists of one length at most one counts.
        public let count: Int
        /// The shortest cases, `HistoryLimits.examplesMax` at most, the shortest first.
        public let examples: [Case]
    }

    /// What the history is made of.
    public struct Counts: Equatable, Sendable, Encodable {
        public var lines = 0
        public var appends = 0
        public var reads = 0
        /// Of appends and reads: how they ended. Those that did not are `open`.
        public var ok = 0
        public var fail = 0
        public var info = 0
        public var open = 0
        public var keys = 0
        public var processes = 0
        public var faults = 0
        public var rounds = 0

        /// Invocations.
        public var operations: Int { appends + reads }

        mutating func note(_ line: HistoryLine) {
            switch line.type {
            case .invoke:
                if line.function == .append { appends += 1 } else { reads += 1 }
                open += 1
                return
            case .ok: ok += 1
            case .fail: fail += 1
            case .info: info += 1
            }
            open -= 1
        }
    }

    init(_ judgement: Judgement, _ counts: Counts) {
        anomalies = AnomalyKind.allCases.compactMap { kind in
            judgement.anomalies.cases[kind].map { Finding(kind: kind, count: $0.count, examples: $0.shown) }
        }
        problems = ProblemKind.allCases.compactMap { kind in
            judgement.problems.cases[kind].map { Finding(kind: kind, count: $0.count, examples: $0.shown) }
        }
        outcome = !anomalies.isEmpty ? .violation : problems.isEmpty ? .valid : .undecided
        self.counts = counts
    }

    /// Every line that an example names, ascending.
    public var evidenceLines: [Int] {
        Set(anomalies.flatMap(\.examples).flatMap(\.lines) + problems.flatMap(\.examples).flatMap(\.lines)).sorted()
    }
}
