// What came of a run.

import Measurement

/// The verdict on the history, and on the run itself.
public struct RunResult: Sendable {
    public let verdict: Verdict
    /// What keeps the run from saying what it was to say: faults that were not seen to work, processes that did not start.
    public let errors: [String]
    /// Processes of the cluster that ended though nobody ended them.
    public let crashes: [String]
    /// Processes of the cluster that the run ended by SIGKILL.
    public let kills: Int

    public enum Outcome: String, Codable, Sendable {
        case valid, violation, undecided
    }

    public var outcome: Outcome {
        if verdict.outcome == .violation || !crashes.isEmpty { return .violation }
        return verdict.outcome == .valid && errors.isEmpty ? .valid : .undecided
    }

    /// For a person.
    /// - Parameter excerpts: See `Verdict.report`.
    public func report(excerpts: [Int: String] = [:]) -> String {
        var text = verdict.report(excerpts: excerpts)
        for crash in crashes { text += "crash: \(crash)\n" }
        for error in errors { text += "error: \(error)\n" }
        return text
    }
}

/// When the parts of a run began, in ns from its beginning, as the history counts.
struct RunTimes: Codable, Equatable, Sendable {
    var loadBeginsNs: Int64 = 0
    var healedNs: Int64 = 0
    var loadEndsNs: Int64 = 0
}

/// run.json.
struct RunFile: Encodable {
    var format = 1
    let seed: UInt64
    let settings: RunSettings
    let machine: MachineInfo
    let times: RunTimes
    let outcome: RunResult.Outcome
    let errors: [String]
    let crashes: [String]
    /// How many of each kind were applied.
    let faults: [String: Int]

    init(
        seed: UInt64,
        settings: RunSettings,
        machine: MachineInfo,
        times: RunTimes,
        result: RunResult,
        faults: [String: Int]
    ) {
        self.seed = seed
        self.settings = settings
        self.machine = machine
        self.times = times
        self.faults = faults
        outcome = result.outcome
        errors = result.errors
        crashes = result.crashes
    }
}
