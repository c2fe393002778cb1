// The situation in which a planted bug shows, and what the checker says of it.

import Foundation
import Ringmaster

/// What came of a planted bug.
public struct PlantedResult: Sendable {
    public let bug: PlantedBug
    /// What the situation was.
    public let situation: String
    /// By which anomalies it was caught; empty: it was not.
    public let anomalies: [String]
    /// What keeps the history from being judged whole.
    public let problems: [String]
    /// From the first process's start to the verdict.
    public let time: Duration

    public var isCaught: Bool { !anomalies.isEmpty }
    /// Whether nothing is wrong, and nothing could have gone unseen.
    public var isValid: Bool { anomalies.isEmpty && problems.isEmpty }
}

/// Tries one bug. To be run in a process in which it is planted: the client's bugs are in there.
public struct PlantedTrial {
    let bug: PlantedBug
    let planted: PlantedBug?
    let folder: String
    let notes = TrialNotes()
    let keys = (0..<24).map { "p-\($0)" }

    /// - Parameter isPlanted: false tries the situation without the bug: then nothing may be found.
    public init(_ bug: PlantedBug, isPlanted: Bool, folder: String) {
        self.bug = bug
        planted = isPlanted ? bug : nil
        self.folder = folder
    }

    /// In which situation the bug shows. Several share one.
    public var situation: String { PlantedSituation(of: bug).name }

    /// Bugs of every kind that are caught within a few seconds.
    public static let fast: [PlantedBug] = [
        .staleBaseAccepted, .noSessionTable, .onlyNewestReplyKept, .expiredSessionRevived, .seededHashInState,
        .snapshotOfOlderState, .handOverBeforeDrain, .regainedSlotsNotReloaded, .staleViewAccepted, .oldEpochServed,
        .replyBeforeCommit, .answeredBeforeQuorum,
    ]

    public func run() async throws -> PlantedResult {
        let start = ContinuousClock.now
        let situation = PlantedSituation(of: bug)
        try? FileManager.default.removeItem(atPath: folder)
        let anomalies: [String]
        var problems: [String] = []
        switch situation {
        case .cell(let name):
            (anomalies, problems) = try await runCell(name)
        case .trial(_, let run):
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw TrialError.cannotCreate(path: folder, reason: error.localizedDescription)
            }
            do {
                try await run(self)()
            } catch let error as TrialError {
                // What is in the history until here may tell why.
                problems = ["\(error)"]
            }
            let verdict = try notes.judge(path: "\(folder)/history.jsonl")
            anomalies = verdict.anomalies.map(\.kind.rawValue)
            problems += verdict.problems.map(\.kind.rawValue)
        }
        return PlantedResult(
            bug: bug,
            situation: situation.name,
            anomalies: anomalies,
            problems: problems,
            time: ContinuousClock.now - start
        )
    }

    private func runCell(_ name: String) async throws -> (anomalies: [String], problems: [String]) {
        let cell = MatrixPlan.cells.first { $0.description == name }
        guard let cell else { preconditionFailure("the matrix has no cell '\(name)'") }
        let results = try await MatrixRun([cell], folder: folder, planted: planted).run { _ in }
        switch results.cells[0].outcome {
        case .valid: return ([], [])
        case .violation(let reason): return ([reason], [])
        case .notReached(let reason), .undecided(let reason): return ([], [reason])
        }
    }
}
