// cluster.json: what `up` keeps of a cluster beside the logs, so that names, ids and ports stay the same.

import Foundation
import Ringmaster

/// The processes of a cluster on one machine.
struct ClusterFile: Codable, Equatable, Sendable {
    struct Coordinator: Codable, Equatable, Sendable {
        let name: String
        let raftID: UInt64
        let port: UInt16
    }

    struct Worker: Codable, Equatable, Sendable {
        let name: String
        let port: UInt16
    }

    static let formatNow = 1
    /// Numbers of coordinators that a majority makes sense of.
    static let coordinatorCounts = [1, 3, 5]
    /// Workers on one machine: each is a process with a port.
    static let workersMax = 64

    var format = formatNow
    let clusterID: UInt64
    /// 0: the log is in memory; else the number of coordinators.
    let replicas: Int
    let host: String
    let coordinators: [Coordinator]
    var workers: [Worker]

    var coordinatorEndpoints: [String] { coordinators.map { "tcp://\(host):\($0.port)" } }

    /// The lowest name that is free.
    var freeWorkerName: String {
        var number = 1
        while workers.contains(where: { $0.name == "w\(number)" }) { number += 1 }
        return "w\(number)"
    }

    // MARK: On disk

    static func path(in directory: String) -> String { directory + "/cluster.json" }

    /// Reads the file of a directory; nil where there is none.
    /// - Throws: `CommandFailure` where it cannot be read or was written by another version.
    static func read(in directory: String) throws(CommandFailure) -> ClusterFile? {
        let path = path(in: directory)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file: ClusterFile
        do {
            file = try JSONDecoder().decode(ClusterFile.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw CommandFailure(.badData, "'\(path)' cannot be read: \(error). Mend it, or choose another --data")
        }
        guard file.format == formatNow else {
            throw CommandFailure(
                .badData,
                "'\(path)' has format \(file.format), this program reads \(formatNow): update it"
            )
        }
        guard coordinatorCounts.contains(file.coordinators.count),
            file.replicas == 0 || file.replicas == file.coordinators.count
        else {
            throw CommandFailure(
                .badData,
                "'\(path)' has \(file.coordinators.count) coordinators and \(file.replicas) replicas; it was changed by hand"
            )
        }
        return file
    }

    /// Writes the file: whole, or not at all.
    func write(in directory: String) throws(CommandFailure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try encoder.encode(self).write(to: URL(filePath: Self.path(in: directory)), options: .atomic)
        } catch {
            throw CommandFailure(
                .cannotCreate,
                "'\(Self.path(in: directory))' cannot be written: \(error.localizedDescription)"
            )
        }
    }
}
