// The directory of a run, with errors that name the file.

import Foundation
import Measurement

/// Reads and writes files in one directory, and keeps a list of what was written.
struct RunDirectory {
    private let directory: URL
    private(set) var written = WrittenRun()

    init(_ directory: URL) {
        self.directory = directory
    }

    /// Where figures go.
    var plots: URL { directory.appending(path: "plots") }

    // MARK: Writing

    mutating func write(_ data: Data, to name: String) throws(BenchRunError) {
        let file = directory.appending(path: name)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try data.write(to: file, options: .atomic)
        } catch {
            throw .cannotWrite(path: file.path(percentEncoded: false), reason: error.localizedDescription)
        }
        written.files.append(file)
    }

    func makeDirectory(_ name: String = "") throws(BenchRunError) {
        let path = name.isEmpty ? directory : directory.appending(path: name)
        do {
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(path: path.path(percentEncoded: false), reason: error.localizedDescription)
        }
    }

    func remove(_ file: URL) throws(BenchRunError) {
        do {
            try FileManager.default.removeItem(at: file)
        } catch {
            throw .cannotWrite(path: file.path(percentEncoded: false), reason: error.localizedDescription)
        }
    }

    func removeIfThere(_ name: String) throws(BenchRunError) {
        let file = directory.appending(path: name)
        if FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) { try remove(file) }
    }

    mutating func note(_ file: URL) { written.files.append(file) }

    mutating func warn(_ text: String) { written.warnings.append(text) }

    // MARK: Reading

    func read(_ file: URL) throws(BenchRunError) -> String {
        do {
            return try String(contentsOf: file, encoding: .utf8)
        } catch {
            throw .cannotRead(path: file.path(percentEncoded: false), reason: error.localizedDescription)
        }
    }

    func textIfAny(_ name: String) throws(BenchRunError) -> String? {
        let file = directory.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return nil }
        return try read(file)
    }

    func table<Record: CSVRecord>(_ name: String, isRequired: Bool = false) throws(BenchRunError) -> [Record] {
        let file = directory.appending(path: name)
        guard let text = isRequired ? try read(file) : try textIfAny(name) else { return [] }
        do {
            return try Record.read(text, file: file.path(percentEncoded: false))
        } catch {
            throw .badTable(error)
        }
    }

    func files(in name: String, withExtension fileExtension: String) -> [URL] {
        let folder = directory.appending(path: name)
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == fileExtension }
    }
}
