// The folder of a run as its report writes to it.

import Foundation

/// Writes files into one directory, and keeps a list of them.
struct ReportFolder {
    private let directory: URL
    private(set) var files: [URL] = []
    private(set) var warnings: [String] = []

    init(_ directory: URL) {
        self.directory = directory
    }

    mutating func write(_ text: String, to name: String) throws(ReportError) {
        let file = directory.appending(path: name)
        do {
            let folder = file.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw .cannotWrite(path: file.path(percentEncoded: false), reason: error.localizedDescription)
        }
        files.append(file)
    }

    func makeDirectory(_ name: String) throws(ReportError) -> URL {
        let folder = directory.appending(path: name)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(path: folder.path(percentEncoded: false), reason: error.localizedDescription)
        }
        return folder
    }

    /// Removes a file that was only needed on the way; one that stays does no harm.
    func remove(_ file: URL) { try? FileManager.default.removeItem(at: file) }

    mutating func note(_ file: URL) { files.append(file) }

    mutating func warn(_ text: String) { warnings.append(text) }
}
