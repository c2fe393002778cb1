// Where a run keeps its socket files.

import Foundation

/// A directory of its own in the temporary one, short enough for the paths of Unix sockets.
struct BenchPlace {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "rm-bench-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    func remove() {
        try? FileManager.default.removeItem(at: directory)
    }
}
