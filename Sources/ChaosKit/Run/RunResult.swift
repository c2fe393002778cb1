// What came of a run.

import Foundation
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
    /// Whose promises count, where these are not Ringmaster's.
    public let target: RunTarget?

    public init(verdict: Verdict, errors: [String], crashes: [String], kills: Int, target: RunTarget? = nil) {
        self.verdict = verdict
        self.errors = errors
        self.crashes = crashes
        self.kills = kills
        self.target = target
    }

    public enum Outcome: String, Codable, Sendable {
        case valid, violation, undecided
    }

    public var outcome: Outcome {
        let judged = target?.outcome(of: verdict) ?? verdict.outcome
        if judged == .violation || !crashes.isEmpty { return .violation }
        return judged == .valid && errors.isEmpty ? .valid : .undecided
    }

    /// For a person.
    /// - Parameter excerpts: See `Verdict.report`.
    public func report(excerpts: [Int: String] = [:]) -> String {
        var text = verdict.report(excerpts: excerpts)
        for note in target?.notes(on: verdict) ?? [] { text += "\(note)\n" }
        for crash in crashes { text += "crash: \(crash)\n" }
        for error in errors { text += "error: \(error)\n" }
        return text
    }
}

/// When the parts of a run began, in ns from its beginning, as the history counts.
public struct RunTimes: Codable, Equatable, Sendable {
    public var loadBeginsNs: Int64 = 0
    public var healedNs: Int64 = 0
    public var loadEndsNs: Int64 = 0

    public init() {}
}

/// run.json.
public struct RunFile: Encodable {
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
    /// What the run was done to, where that is not Ringmaster.
    let target: RunTarget?

    public init(
        seed: UInt64,
        settings: RunSettings,
        machine: MachineInfo,
        times: RunTimes,
        result: RunResult,
        faults: [String: Int],
        target: RunTarget? = nil
    ) {
        self.seed = seed
        self.settings = settings
        self.machine = machine
        self.times = times
        self.faults = faults
        self.target = target
        outcome = result.outcome
        errors = result.errors
        crashes = result.crashes
    }

    /// - Throws: `RunError.cannotCreate`.
    public func write(in folder: RunFolder) throws(RunError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try folder.write(encoder.encode(self) + Data("\n".utf8), to: folder.runPath)
        } catch {
            throw .cannotCreate(path: folder.runPath, reason: "\(error)")
        }
    }
}
