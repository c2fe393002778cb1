// A coordinator or worker as a process of its own, which a test kills, pauses and starts again.

import Foundation

/// A process of the `ringmaster` command that was built beside the tests. Ended with SIGKILL when it goes away.
final class NodeProcess {
    let name: String
    private let arguments: [String]
    private var process: Process?

    init(_ name: String, _ arguments: [String]) {
        self.name = name
        self.arguments = arguments
    }

    deinit {
        kill()
    }

    var isRunning: Bool { process?.isRunning ?? false }

    func start() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "ringmaster")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        if ProcessInfo.processInfo.environment["CLUSTER_LOG"] == nil { process.standardError = FileHandle.nullDevice }
        try process.run()
        self.process = process
    }

    /// SIGKILL, and waits until the process is gone.
    func kill() {
        guard let process, process.isRunning else { return }
        signal(SIGCONT)
        signal(SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// The exit status, once it has ended by itself.
    func waitForEnd() async -> Int32 {
        guard let process else { return -1 }
        let unchecked = Unchecked(process)
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                unchecked.value.waitUntilExit()
                continuation.resume(returning: unchecked.value.terminationStatus)
            }
        }
    }

    func pause() { signal(SIGSTOP) }
    func wake() { signal(SIGCONT) }

    /// SIGTERM, and the exit status.
    func terminate() -> Int32 {
        guard let process else { return -1 }
        signal(SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func signal(_ number: Int32) {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, number)
    }
}

/// Carries a process to whoever waits for its end.
///
/// @unchecked Sendable: the test does not touch it meanwhile, but for killing it.
struct Unchecked<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
