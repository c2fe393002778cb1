// The README's example is what is compiled here, and does what the README says.

import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReadmeTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: ["example-server", "example-client", "example-worker", "example-jobs"])
    func theReadmeShowsTheCompiledExample(name: String) throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let source = try String(
            contentsOf: Self.root.appending(path: "Tests/Examples/\(name)/main.swift"),
            encoding: .utf8
        )
        #expect(readme.contains("```swift\n\(source)```"), "README.md does not show Tests/Examples/\(name)/main.swift")
    }

    @Test func theExampleRuns() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "rm-example-\(UInt32.random(in: 0 ... .max))"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let endpoint = "ipc://\(folder.path(percentEncoded: false))/example"
        let server = try start("example-server", endpoint)
        defer {
            kill(server.process.processIdentifier, SIGKILL)
            server.process.waitUntilExit()
        }
        let client = try start("example-client", endpoint)
        let said = String(decoding: try client.output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        client.process.waitUntilExit()
        #expect(client.process.terminationStatus == 0)
        #expect(said == "2 + 3 = 5, echo [1, 2, 3]\n")
    }

    @Test func theExampleOfAClusterRuns() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "rm-example-\(UInt32.random(in: 0 ... .max))"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let endpoint = "ipc://\(folder.path(percentEncoded: false))/cluster"
        var started: [Process] = []
        defer {
            for process in started {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
        }
        started.append(try start("ringmaster", "coordinator", "--listen", endpoint).process)
        started.append(try start("example-worker", endpoint).process)
        let jobs = try start("example-jobs", endpoint)
        let said = String(decoding: try jobs.output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        jobs.process.waitUntilExit()
        #expect(jobs.process.terminationStatus == 0)
        #expect(said == "alice has 5\nalice has 12\n")
    }

    /// Starts a program that was built beside the tests.
    private func start(_ name: String, _ arguments: String...) throws -> (process: Process, output: Pipe) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: name)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        return (process, output)
    }
}
