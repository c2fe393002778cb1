// What a run was done to, where that is not Ringmaster: another system's service, which promises what it promises.

import Foundation

/// A service under test as run.json has it.
public struct RunTarget: Codable, Sendable, Equatable {
    /// As on the command line.
    public var name: String
    /// Which of its services.
    public var service: String
    /// Everything that takes part, with versions.
    public var version: String
    /// The settings that matter, for people.
    public var settings: String
    /// What a client may rely on.
    public var promise: String
    /// Promises of the checker that it does not make: the name of an anomaly, and why.
    public var notPromised: [String: String]

    public init(
        name: String,
        service: String,
        version: String,
        settings: String,
        promise: String,
        notPromised: [String: String]
    ) {
        self.name = name
        self.service = service
        self.version = version
        self.settings = settings
        self.promise = promise
        self.notPromised = notPromised
    }

    /// Why an anomaly breaks no promise of this target; nil where it does.
    public func excuse(_ kind: AnomalyKind) -> String? { notPromised[kind.rawValue] }

    /// What a verdict is worth in the light of what the target promises: a violation that breaks none of its promises is none.
    public func outcome(of verdict: Verdict) -> Verdict.Outcome {
        if verdict.anomalies.contains(where: { excuse($0.kind) == nil }) { return .violation }
        return verdict.problems.isEmpty ? .valid : .undecided
    }

    /// The findings that it does not promise to be free of, a line each.
    public func notes(on verdict: Verdict) -> [String] {
        verdict.anomalies.compactMap { finding in
            excuse(finding.kind).map { "not promised: \(finding.count) \(finding.kind.rawValue): \($0)" }
        }
    }
}
