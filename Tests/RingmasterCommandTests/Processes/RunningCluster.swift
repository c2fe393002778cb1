// `ringmaster up` with the log in memory, for tests that use a cluster.

import Foundation
import Testing

@testable import RingmasterCommand

/// A cluster that was started by the real program. Ended by `end`.
final class RunningCluster {
    let folder: TestFolder
    let up: Program
    private(set) var endpoint = ""

    init(workers: Int, _ more: [String] = []) async throws {
        let folder = try TestFolder()
        self.folder = folder
        up = try Program(
            ["up", "--replicas", "0", "--port", "0", "--workers", "\(workers)", "--data", folder.path] + more
        )
        let up = up
        guard await eventually(within: .seconds(30), { up.output.contains("\nready.") }) else {
            let (output, errors) = (up.output, up.errors)
            end()
            throw CommandFailure(.failed, "the cluster did not come up: \(output)\(errors)")
        }
        let file = try #require(try ClusterFile.read(in: folder.path))
        endpoint = file.coordinatorEndpoints[0]
    }

    var file: ClusterFile {
        get throws { try #require(try ClusterFile.read(in: folder.path)) }
    }

    func run(_ arguments: String...) async throws -> Program.Result {
        let program = try Program(arguments, environment: ["RINGMASTER_CLUSTER": endpoint])
        defer { program.end() }
        return await program.waitForEnd()
    }

    /// The pid that `up` said a process has.
    func pid(of name: String) throws -> Int32 {
        for line in up.output.split(separator: "\n").reversed() {
            let words = line.split(separator: " ")
            if words.first == Substring(name), words.count == 3, let pid = Int32(words[1]) { return pid }
            if words.count > 4, words[1] == Substring(name), line.contains("runs again"),
                let pid = Int32(line.filter(\.isNumber).dropFirst(name.filter(\.isNumber).count))
            {
                return pid
            }
        }
        throw CommandFailure(.failed, "up did not name \(name): \(up.output)")
    }

    func end() {
        guard up.process.isRunning else { return up.end() }
        kill(up.pid, SIGTERM)
        let deadline = Date.now.addingTimeInterval(15)
        while up.process.isRunning, Date.now < deadline { usleep(20_000) }
        up.end()
    }
}
