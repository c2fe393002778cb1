// A cluster's state as a table and as JSON.

import Foundation
import Ringmaster

/// What `status` prints.
struct StatusReport {
    let coordinators: [CoordinatorReport]
    let workers: [WorkerReport]

    private var leader: CoordinatorStatus? {
        coordinators.compactMap(\.status).filter { $0.role == "leader" }.max { $0.term < $1.term }
    }

    // MARK: For people

    var text: String {
        var lines: [String] = []
        var table = Columns(["COORDINATOR", "ROLE", "TERM", "LOG", "APPLIED", "ENDPOINT"], numbers: [2, 3, 4])
        for report in coordinators {
            switch report.result {
            case .success(let status):
                table.add([
                    status.name, status.role, "\(status.term)", "\(status.logIndex)", "\(status.appliedIndex)",
                    report.endpoint.text,
                ])
            case .failure(let error): table.add(["?", Self.short(error), "", "", "", report.endpoint.text])
            }
        }
        lines += table.lines
        guard let leader else { return lines.joined(separator: "\n") }
        lines.append("")
        var workerTable = Columns(
            ["WORKER", "SLOTS", "KEYS", "JOBS", "IN HAND", "READS", "HEARD", "ENDPOINT"],
            numbers: [1, 2, 3, 4, 5, 6]
        )
        for worker in leader.workers {
            let own = workers.first { $0.name == worker.name }?.status
            workerTable.add([
                worker.name, "\(worker.slots)", own.map { "\($0.keys)" } ?? "?",
                own.map { "\($0.jobsCommitted)" } ?? "?",
                own.map { "\($0.jobsInHand)" } ?? "?", own.map { "\($0.reads)" } ?? "?",
                worker.silentMs < 0 ? "never" : "\(worker.silentMs) ms", worker.endpoint,
            ])
        }
        lines += leader.workers.isEmpty ? ["no workers: start one with `ringmaster worker`"] : workerTable.lines
        lines.append("")
        lines.append(
            "\(leader.jobIndex) jobs, \(leader.keys) keys, \(leader.sessions) sessions; epoch \(leader.epoch)"
                + (leader.intentEpoch > 0 ? ", a resize to epoch \(leader.intentEpoch) is under way" : "")
                + "; replicas \(leader.replicas) (\(leader.durability))"
        )
        return lines.joined(separator: "\n")
    }

    /// The first words of an error, for a column.
    static func short(_ error: ClusterError) -> String {
        switch error {
        case .deadlineExceeded, .noQuorum: "unreachable"
        case .notAuthorised: "not authorised"
        default: "failed: \(error)"
        }
    }

    // MARK: For programs

    private struct JSONReport: Encodable {
        struct Silent: Encodable {
            let endpoint: String
            let error: String
        }
        let leader: String?
        let coordinators: [CoordinatorStatus]
        let workers: [WorkerStatus]
        let unreachable: [Silent]
    }

    /// One object: leader (its endpoint or null), coordinators, workers, unreachable.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let silent = coordinators.compactMap { report in
            report.failure.map { JSONReport.Silent(endpoint: report.endpoint.text, error: "\($0)") }
        }
        let silentWorkers = workers.compactMap { report in
            report.failure.map { JSONReport.Silent(endpoint: report.name, error: "\($0)") }
        }
        let report = JSONReport(
            leader: leader?.endpoint,
            coordinators: coordinators.compactMap(\.status),
            workers: workers.compactMap(\.status),
            unreachable: silent + silentWorkers
        )
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
