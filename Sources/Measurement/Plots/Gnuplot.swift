// Runs gnuplot. Where it is missing a run of the benchmark still leaves everything but its plots.

import Foundation

/// The program gnuplot on this machine.
public struct Gnuplot: Sendable {
    /// The kinds of file that it draws.
    public enum Format: String, Sendable, CaseIterable {
        case svg
        case png
    }

    private let executable: URL

    /// Looks for gnuplot in the directories of `path`.
    ///
    /// - Parameter path: Directories with colons between; by default the environment's `PATH`.
    /// - Throws: `GnuplotError.notFound`.
    public init(searching path: String? = ProcessInfo.processInfo.environment["PATH"]) throws(GnuplotError) {
        for directory in (path ?? "").split(separator: ":") {
            let candidate = URL(filePath: String(directory)).appending(path: "gnuplot")
            if FileManager.default.isExecutableFile(atPath: candidate.path(percentEncoded: false)) {
                executable = candidate
                return
            }
        }
        throw .notFound
    }

    /// Draws `plot` into `directory`/`name`.svg or .png and returns the file. Blocks until it is drawn.
    ///
    /// - Throws: `GnuplotError`.
    @discardableResult
    public func draw(_ plot: Plot, named name: String, as format: Format, in directory: URL) throws(GnuplotError) -> URL
    {
        let output = directory.appending(path: "\(name).\(format.rawValue)")
        let script = GnuplotScript.text(
            plot,
            terminal: format == .svg ? .svg(name: name.filter { $0.isLetter || $0.isNumber }) : .png,
            output: output.path(percentEncoded: false)
        )
        let scriptFile = FileManager.default.temporaryDirectory.appending(path: "plot-\(UUID().uuidString).gp")
        defer { try? FileManager.default.removeItem(at: scriptFile) }
        do {
            try Data(script.utf8).write(to: scriptFile)
        } catch {
            throw .cannotRun(reason: "cannot write \(scriptFile.path(percentEncoded: false)): \(error)")
        }
        let (status, message) = try run(scriptFile)
        guard status == 0, FileManager.default.fileExists(atPath: output.path(percentEncoded: false)) else {
            throw .failed(figure: name, message: message)
        }
        return output
    }

    private func run(_ script: URL) throws(GnuplotError) -> (status: Int32, message: String) {
        let process = Process()
        let errors = Pipe()
        process.executableURL = executable
        process.arguments = [script.path(percentEncoded: false)]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        do {
            try process.run()
        } catch {
            throw .cannotRun(reason: "\(error)")
        }
        let message = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: message.prefix(2000), as: UTF8.self))
    }
}

/// Why no figure was drawn.
public enum GnuplotError: Error, Equatable, CustomStringConvertible {
    /// There is no gnuplot in the PATH. Install it and draw again.
    case notFound
    /// It is there but could not be started.
    case cannotRun(reason: String)
    /// It ran and reported an error.
    case failed(figure: String, message: String)

    public var description: String {
        switch self {
        case .notFound: "gnuplot is not in the PATH; on Debian: apt-get install gnuplot-nox"
        case .cannotRun(let reason): "gnuplot could not be run: \(reason)"
        case .failed(let figure, let message): "gnuplot could not draw \(figure): \(message)"
        }
    }
}
