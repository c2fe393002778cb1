// Where a run keeps its socket files, and the logs of its clusters.

import Foundation
import RaftBaseline

/// A directory of its own in the temporary one, short enough for the paths of Unix sockets.
struct BenchPlace {
    let directory: URL
    /// As `directory`, on a disk: not in memory, where synchronising costs nothing.
    let disk: URL

    init() throws {
        let name = "rm-bench-\(UInt32.random(in: 0 ... .max))"
        directory = FileManager.default.temporaryDirectory.appending(path: name)
        let here = URL(filePath: FileManager.default.currentDirectoryPath)
        let candidates = [FileManager.default.temporaryDirectory, URL(filePath: "/var/tmp"), here]
        disk = (candidates.first { raft_baseline_is_in_memory($0.path(percentEncoded: false)) == 0 } ?? here).appending(
            path: name
        )
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    }

    func remove() {
        try? FileManager.default.removeItem(at: directory)
        try? FileManager.default.removeItem(at: disk)
    }
}
