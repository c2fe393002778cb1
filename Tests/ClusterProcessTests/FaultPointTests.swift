// Processes that are struck at a point of the protocol: by their environment, and by an order while they run.

import Foundation
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct FaultPointTests {
    private let folder: URL
    private var reportURL: URL { folder.appending(path: "report") }
    private var controlURL: URL { folder.appending(path: "control") }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "faults-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func start(_ variables: [String: String]) throws -> (Process, standardError: Pipe) {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "ringmaster")
        process.arguments = ["coordinator", "--listen", "tcp://127.0.0.1:*", "--peer", "1=tcp://127.0.0.1:*"]
        process.environment = variables
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return (process, errors)
    }

    private var report: [Substring] {
        ((try? String(contentsOf: reportURL, encoding: .utf8)) ?? "").split(separator: "\n")
    }

    /// Waits until the report has a line.
    private func wait(for line: String) async throws {
        while !report.contains(Substring(line)) { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func aProcessKillsItselfWhereItIsToldAndSaysSoFirst() throws {
        let (process, _) = try start([
            "RINGMASTER_FAULT": "coordinator.log.loaded:kill",
            "RINGMASTER_FAULT_REPORT": reportURL.path(percentEncoded: false),
        ])
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
        #expect(report == ["armed coordinator.log.loaded:kill", "reached coordinator.log.loaded:kill"])
    }

    @Test func aProcessStopsWhereItIsToldAndGoesOnByItself() async throws {
        let (process, _) = try start([
            "RINGMASTER_FAULT": "coordinator.log.loaded:pause=50ms",
            "RINGMASTER_FAULT_REPORT": reportURL.path(percentEncoded: false),
        ])
        try await wait(for: "woke coordinator.log.loaded:pause=50ms")
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func aProcessTakesAnOrderWhileItRuns() async throws {
        #expect(mkfifo(controlURL.path(percentEncoded: false), 0o600) == 0)
        let (process, _) = try start([
            "RINGMASTER_FAULT_CONTROL": controlURL.path(percentEncoded: false),
            "RINGMASTER_FAULT_REPORT": reportURL.path(percentEncoded: false),
        ])
        let control = try FileHandle(forWritingTo: controlURL)
        try control.write(contentsOf: Data("none.such:kill\n".utf8))
        try await wait(for: "refused none.such:kill")
        try control.write(contentsOf: Data("coordinator.stepped-down:kill\n".utf8))
        try await wait(for: "armed coordinator.stepped-down:kill")
        try control.write(contentsOf: Data("off\n".utf8))
        try await wait(for: "armed off")
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }

    @Test func aProcessDoesNotStartWithAPointThatThereIsNot() throws {
        let (process, errors) = try start(["RINGMASTER_FAULT": "worker.phase2.lodaed:kill"])
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 78)
        #expect(said.contains("'worker.phase2.lodaed'") && said.contains("worker.phase2.loaded"))
    }
}
