// The built `ringmaster`, run as a process.

import Foundation
import Testing

/// A process of the built program. Whoever starts one ends it with `end`.
final class Program {
    let process = Process()
    private let folder: URL

    /// What a finished run left.
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    init(_ arguments: [String], environment: [String: String] = [:], input: FileHandle = .nullDevice) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "rm-run-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "ringmaster")
        process.arguments = arguments
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("RINGMASTER_") }
        all.merge(environment) { $1 }
        process.environment = all
        process.standardInput = input
        process.standardOutput = try file("out")
        process.standardError = try file("err")
        try process.run()
    }

    private func file(_ name: String) throws -> FileHandle {
        let url = folder.appending(path: name)
        _ = FileManager.default.createFile(atPath: url.path(percentEncoded: false), contents: nil)
        return try FileHandle(forWritingTo: url)
    }

    var pid: Int32 { process.processIdentifier }
    var output: String { (try? String(contentsOf: folder.appending(path: "out"), encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOf: folder.appending(path: "err"), encoding: .utf8)) ?? "" }

    /// Waits for its end; ends it where it does not end by itself.
    func waitForEnd(within limit: Duration = .seconds(20)) async -> Result {
        if !(await eventually(within: limit) { !process.isRunning }) {
            Issue.record("ringmaster \(process.arguments ?? []) did not end within \(limit)")
            kill(pid, SIGKILL)
        }
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: output, errors: errors)
    }

    /// Ends it, whatever it does, and removes its files.
    func end() {
        if process.isRunning { kill(pid, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        within limit: Duration = .seconds(20)
    ) async throws -> Result {
        let program = try Program(arguments, environment: environment)
        defer { program.end() }
        return await program.waitForEnd(within: limit)
    }
}

/// Asks `condition` until it holds; whether it did in time.
func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}

/// A folder that is removed with the object.
final class TestFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.path(percentEncoded: false) + "rm-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
