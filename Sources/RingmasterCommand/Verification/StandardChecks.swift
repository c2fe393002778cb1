// The checks that need no log to be opened: cluster.json, and that a log's files are all there.

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

/// The files of a coordinator's log, by their names: libraft's metadata, segments and snapshots.
struct LogFilesCheck: DataDirectoryCheck {
    let subject = "log files"

    func applies(to directory: String) -> Bool {
        names(in: directory).contains { $0 == "metadata1" || $0 == "metadata2" }
    }

    func check(_ directory: String) throws(CommandFailure) -> DataDirectoryFindings {
        let names = names(in: directory)
        var findings = DataDirectoryFindings()
        let segments = names.compactMap(Self.range).sorted { $0.lowerBound < $1.lowerBound }
        let snapshots = names.filter { $0.hasPrefix("snapshot-") && !$0.hasSuffix(".meta") }
        findings.facts = [
            ("closed segments", "\(segments.count)"),
            ("open segments", "\(names.filter { $0.hasPrefix("open-") }.count)"),
            ("snapshots", "\(snapshots.count)"),
        ]
        for (before, after) in zip(segments, segments.dropFirst()) where before.upperBound + 1 != after.lowerBound {
            findings.problems.append(
                "'\(directory)' has no entries between \(before.upperBound) and \(after.lowerBound): a segment is missing; restore it"
            )
        }
        for snapshot in snapshots where !names.contains(snapshot + ".meta") {
            findings.problems.append(
                "'\(directory)/\(snapshot)' has no .meta file: it was not finished, and is not used"
            )
        }
        return findings
    }

    /// The entries of a closed segment: its name is FIRST-LAST in 16 digits each.
    static func range(_ name: String) -> ClosedRange<UInt64>? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 16 }), let first = UInt64(parts[0]),
            let last = UInt64(parts[1]), first <= last
        else { return nil }
        return first...last
    }

    private func names(in directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }
}
