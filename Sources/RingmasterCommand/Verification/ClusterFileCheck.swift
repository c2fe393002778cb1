// The check of cluster.json, and that what it names is there.

import Foundation

/// `up`'s own file.
struct ClusterFileCheck: DataDirectoryCheck {
    let subject = "cluster.json"

    func applies(to directory: String) -> Bool {
        FileManager.default.fileExists(atPath: ClusterFile.path(in: directory))
    }

    func check(_ directory: String) throws(CommandFailure) -> DataDirectoryFindings {
        var findings = DataDirectoryFindings()
        do throws(CommandFailure) {
            guard let file = try ClusterFile.read(in: directory) else { return findings }
            findings.facts = [
                ("cluster", "\(file.clusterID)"), ("replicas", "\(file.replicas)"),
                ("coordinators", file.coordinators.map(\.name).joined(separator: ", ")),
                ("workers", file.workers.map(\.name).joined(separator: ", ")),
            ]
            for coordinator in file.coordinators where file.replicas > 0 {
                let path = "\(directory)/\(coordinator.name)"
                if !FileManager.default.fileExists(atPath: path) {
                    findings.problems.append("'\(path)' is missing: \(coordinator.name) starts with an empty log")
                }
            }
        } catch {
            guard error.status == .badData else { throw error }
            findings.problems.append(error.message)
        }
        return findings
    }
}
