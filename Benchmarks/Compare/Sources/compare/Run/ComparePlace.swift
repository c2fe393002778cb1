// Where a run keeps its servers' data: all on one disk, and gone when it is over, however it ends.

import Alternatives
import Foundation

/// A directory of its own in /var/tmp, which is a disk where /tmp may be memory.
struct ComparePlace {
    private static let parent = URL(filePath: "/var/tmp")
    private static let prefix = "rm-compare-"
    let directory: URL
    private let signals: [any DispatchSourceSignal]

    init() throws {
        Self.removeAbandoned()
        let directory = Self.parent.appending(path: "\(Self.prefix)\(getpid())")
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        signals = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                ServerProcess.killAll()
                try? FileManager.default.removeItem(at: directory)
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    func remove() {
        try? FileManager.default.removeItem(at: directory)
    }

    /// What runs left that were killed.
    private static func removeAbandoned() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path(percentEncoded: false))) ?? [] {
            guard name.hasPrefix(prefix), let pid = pid_t(name.dropFirst(prefix.count)) else { continue }
            if kill(pid, 0) != 0, errno == ESRCH {
                try? FileManager.default.removeItem(at: parent.appending(path: name))
            }
        }
    }
}
