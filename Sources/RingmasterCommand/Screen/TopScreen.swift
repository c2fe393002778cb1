// What `top` shows: one frame of a terminal, or one line where there is none.

import Ringmaster

/// A cluster at a moment, and how it moves.
struct TopSample {
    /// Nil where no coordinator leads.
    let leader: CoordinatorStatus?
    let coordinators: [CoordinatorReport]
    let workers: [WorkerReport]
    /// Since the sample before; nil for the first.
    let jobsPerSecond: Double?
    let p50: Duration?
    let p99: Duration?
    let probeFailures: Int

    /// One line, for logs and pipes.
    var line: String {
        guard let leader else { return "no leader; \(coordinators.count) coordinators asked" }
        return "leader=\(leader.name) epoch=\(leader.epoch) workers=\(leader.workers.count) jobs=\(leader.jobIndex)"
            + " jobs_per_s=\(jobsPerSecond.map(Self.rate) ?? "-") read_p50=\(Self.text(p50)) read_p99=\(Self.text(p99))"
            + " log=\(leader.logIndex) keys=\(leader.keys) rounds=\(leader.roundsCommitted)"
    }

    /// The lines of a screen, cut to its size.
    func lines(columns: Int, rows: Int) -> [String] {
        var lines: [String] = []
        if let leader {
            lines.append(
                "Ringmaster  leader \(leader.name) (term \(leader.term))  epoch \(leader.epoch)"
                    + (leader.intentEpoch > 0 ? "  RESIZE to \(leader.intentEpoch)" : "")
                    + "  replicas \(leader.replicas) (\(leader.durability))"
            )
            lines.append(
                "jobs \(leader.jobIndex)  \(jobsPerSecond.map(Self.rate) ?? "-")/s   read p50 \(Self.text(p50))  p99 \(Self.text(p99))"
                    + (probeFailures > 0 ? "  \(probeFailures) failed" : "")
            )
            lines.append(
                "log \(leader.logIndex)  applied \(leader.appliedIndex)  keys \(leader.keys)  sessions \(leader.sessions)"
                    + "  rounds \(leader.roundsCommitted) (superseded \(leader.roundsSuperseded))"
            )
        } else {
            lines.append("Ringmaster  NO LEADER: nothing is acknowledged. Is a majority of the coordinators running?")
        }
        lines.append("")
        var table = Columns(["COORDINATOR", "ROLE", "APPLIED", "ENDPOINT"], numbers: [2])
        for report in coordinators {
            switch report.result {
            case .success(let status):
                table.add([status.name, status.role, "\(status.appliedIndex)", report.endpoint.text])
            case .failure(let error): table.add(["?", StatusReport.short(error), "", report.endpoint.text])
            }
        }
        lines += table.lines + [""]
        if let leader { lines += workerLines(leader) }
        return lines.prefix(max(1, rows - 1)).map { String($0.prefix(columns)) }
    }

    private func workerLines(_ leader: CoordinatorStatus) -> [String] {
        var table = Columns(["WORKER", "SLOTS", "KEYS", "JOBS", "IN HAND", "HEARD"], numbers: [1, 2, 3, 4, 5])
        let total = max(1, leader.workers.map(\.slots).reduce(0, +))
        for worker in leader.workers {
            let own = workers.first { $0.name == worker.name }?.status
            table.add([
                worker.name, "\(worker.slots) (\(worker.slots * 100 / total) %)", own.map { "\($0.keys)" } ?? "?",
                own.map { "\($0.jobsCommitted)" } ?? "?", own.map { "\($0.jobsInHand)" } ?? "?",
                worker.silentMs < 0 ? "-" : "\(worker.silentMs) ms",
            ])
        }
        return table.lines
    }

    static func rate(_ rate: Double) -> String {
        rate >= 10_000 ? "\(Int(rate / 1000))k" : rate >= 100 ? "\(Int(rate))" : "\((rate * 10).rounded() / 10)"
    }

    static func text(_ duration: Duration?) -> String {
        guard let duration else { return "-" }
        let us = duration / Duration.microseconds(1)
        return us < 1000
            ? "\(Int(us))us" : us < 1_000_000 ? "\((us / 100).rounded() / 10)ms" : "\((us / 100_000).rounded() / 10)s"
    }
}
