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
    /// From the first process's start to the verdict.
    public let time: Duration

    public var isCaught: Bool { !anomalies.isEmpty }
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

    public func run() async throws -> PlantedResult {
        let start = ContinuousClock.now
        let situation = Self.situation(of: bug)
        try? FileManager.default.removeItem(atPath: folder)
        let anomalies: [String]
        switch situation {
        case .cell(let name):
            anomalies = try await runCell(name)
        case .trial(_, let run):
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw TrialError.cannotCreate(path: folder, reason: error.localizedDescription)
            }
            try await run(self)()
            anomalies = try notes.judge(path: "\(folder)/history.jsonl").anomalies.map(\.kind.rawValue)
        }
        return PlantedResult(
            bug: bug,
            situation: situation.name,
            anomalies: anomalies,
            time: ContinuousClock.now - start
        )
    }

    private func runCell(_ name: String) async throws -> [String] {
        let cell = MatrixPlan.cells.first { $0.description == name }
        guard let cell else { preconditionFailure("the matrix has no cell '\(name)'") }
        let results = try await MatrixRun([cell], folder: folder, planted: planted).run { _ in }
        switch results.cells[0].outcome {
        case .violation(let reason): return [reason]
        case .valid, .notReached, .undecided: return []
        }
    }

    /// How a bug is brought to light.
    enum Situation {
        /// A cell of the matrix, by its line in the list.
        case cell(String)
        case trial(String, (PlantedTrial) -> () async throws -> Void)

        var name: String {
            switch self {
            case .cell(let name): name
            case .trial(let name, _): name
            }
        }
    }

    static func situation(of bug: PlantedBug) -> Situation {
        switch bug {
        case .noSessionTable, .resendRenumbered: .cell("handoff staying worker.deltas.answered load kill")
        case .duplicateDeltaApplied: .cell("handoff leader coordinator.deltas-answer.sending load kill")
        case .repliesLostInSnapshot:
            .trial("a job is sent again after a restart from a snapshot", PlantedTrial.resendAfterASnapshot)
        case .deadMemberAwaited: .trial("a joiner dies in phase 2 and stays dead", PlantedTrial.joinerStaysDead)
        case .commitWithoutBarrier, .handOverBeforeDrain:
            .trial("joins under a heavy load, the gainer slow to acknowledge", PlantedTrial.joinsWithSlowGainer)
        case .staleViewAccepted: .trial("an old view comes late", PlantedTrial.oldViewComesLate)
        case .oldEpochServed: .trial("a late client asks former owners", PlantedTrial.lateClientAsksFormerOwners)
        case .leaseIgnored, .readWithoutLease:
            .trial("a worker wakes up with reads in its socket", PlantedTrial.readsWaitForAZombie)
        case .leaseNotWaitedFor:
            .trial("a worker is silent for less than its lease", PlantedTrial.silenceShorterThanTheLease)
        case .staleOwnerAccepted:
            .trial("a worker wakes up with a job that has run", PlantedTrial.zombieHasAJob)
        case .fencedAccepted:
            .trial("a worker wakes up with a job while its slots are taken over", PlantedTrial.zombieWakesInTheRound)
        case .staleBaseAccepted:
            .trial("a job runs on top of one that is refused", PlantedTrial.jobOnTopOfARefusedOne)
        case .replyBeforeCommit:
            .trial("everything dies while the leader is stopped", PlantedTrial.allDieWhileTheLeaderIsStopped)
        case .voteForgotten: .trial("all coordinators die at once, again and again", PlantedTrial.crashLoop)
        }
    }
}
