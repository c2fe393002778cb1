// The check of a coordinator's log: every file, every entry, and the state that they come to.

import Ringmaster

/// Reads the log as a coordinator does when it starts, and applies each entry to a state in memory.
struct DeltaLogCheck: DataDirectoryCheck {
    let subject = "delta log"

    func applies(to directory: String) -> Bool { DataDirectory.holdsLog(at: directory) }

    func check(_ directory: String) throws(CommandFailure) -> DataDirectoryFindings {
        let report: DataDirectoryReport
        do throws(DeltaLogError) {
            report = try DataDirectory.verify(path: directory)
        } catch {
            // A directory that is in use, or that cannot be read, is no sign of damage.
            guard case .corrupt = error else { throw CommandFailure(log: error) }
            return DataDirectoryFindings(problems: [error.description])
        }
        var findings = DataDirectoryFindings(facts: [
            ("cluster", "\(report.clusterID)"), ("raft id", "\(report.raftID)"),
        ])
        guard report.isBootstrapped else {
            findings.facts.append(("entries", "none yet"))
            return findings
        }
        findings.facts += [
            ("term", "\(report.term)"), ("index", "\(report.lastIndex)"), ("snapshot", "\(report.snapshotIndex)"),
            ("jobs", "\(report.jobIndex)"), ("epoch", "\(report.epoch)"), ("keys", "\(report.keys)"),
            ("sessions", "\(report.sessions)"), ("replica hash", "\(report.stateHash)"),
        ]
        if report.tornBytes > 0 {
            findings.facts.append(("cut short at the end", "\(report.tornBytes) bytes"))
        }
        return findings
    }
}
