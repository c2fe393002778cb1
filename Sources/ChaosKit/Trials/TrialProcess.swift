// A process of a trial's cluster: it can be told at which point it is to be struck, and it is known whether it was.

import Foundation
import Ringmaster

/// A process that is started again and again under one name. Ends with SIGKILL when it goes away. Owned by one task.
final class TrialProcess {
    let name: String
    let life = LifeCount()
    private let program: URL
    private let arguments: [String]
    private let reportPath: String
    private let controlPath: String
    /// Held open, so that an order waits for a process that has not looked yet.
    private let control: Int32
    private var process: Process?
    /// Open as long as the process is to live: at its end a supervised process ends, too.
    private var input: Pipe?
    /// How much of the report was there when the last order was given.
    private var reportStart = 0

    /// - Throws: `.cannotCreate`.
    init(_ name: String, _ program: URL, _ arguments: [String], folder: String) throws(TrialError) {
        self.name = name
        self.program = program
        self.arguments = arguments
        reportPath = "\(folder)/\(name).report"
        controlPath = "\(folder)/\(name).control"
        guard mkfifo(controlPath, 0o600) == 0 || errno == EEXIST else {
            throw .cannotCreate(path: controlPath, reason: HistoryError.systemReason)
        }
        control = open(controlPath, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard control >= 0 else { throw .cannotCreate(path: controlPath, reason: HistoryError.systemReason) }
    }

    deinit {
        kill()
        close(control)
    }

    /// The program of that name beside this one.
    static func program(_ name: String) -> URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
    }

    var isRunning: Bool { process?.isRunning ?? false }

    /// Whether all of it is stopped, every thread: by SIGSTOP, from inside or outside.
    var isStopped: Bool {
        guard let process, process.isRunning else { return false }
        let tasks = "/proc/\(process.processIdentifier)/task"
        guard let threads = try? FileManager.default.contentsOfDirectory(atPath: tasks) else { return false }
        return threads.allSatisfy { thread in
            guard let status = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8),
                let end = status.lastIndex(of: ")")
            else { return false }
            return status[end...].dropFirst(2).first == "T"
        }
    }

    /// Starts it, to be struck as the order says.
    func start(_ order: FaultPointOrder? = nil, planted: PlantedBug? = nil) throws(TrialError) {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("RINGMASTER_") }
        environment["RINGMASTER_FAULT_CONTROL"] = controlPath
        environment["RINGMASTER_FAULT_REPORT"] = reportPath
        environment["RINGMASTER_FAULT"] = order?.description
        environment["RINGMASTER_PLANTED"] = planted?.rawValue
        process.environment = environment
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        if ProcessInfo.processInfo.environment["CLUSTER_LOG"] == nil { process.standardError = FileHandle.nullDevice }
        reportStart = report.count
        do {
            try process.run()
        } catch {
            throw .cannotStart(name, reason: "\(error)")
        }
        life.begin()
        self.process = process
        self.input = input
    }

    /// Has it struck as the order says, from now on.
    /// - Throws: `.didNotHappen`: it did not take the order.
    func arm(_ order: FaultPointOrder?) async throws(TrialError) {
        reportStart = report.count
        let text = order.map { "\($0)" } ?? "off"
        let line = Array((text + "\n").utf8)
        guard write(control, line, line.count) == line.count else { throw .didNotHappen("an order for \(name)") }
        try await TrialWait.until("\(name) to take the order \(text)", within: .seconds(2)) {
            has("armed \(text)") || has("reached \(text)")
        }
    }

    private var report: Data { FileManager.default.contents(atPath: reportPath) ?? Data() }

    private func has(_ line: String) -> Bool {
        String(decoding: report.dropFirst(reportStart), as: UTF8.self).split(separator: "\n").contains(Substring(line))
    }

    /// Whether it came to the order's point since the order was given.
    func hasReached(_ order: FaultPointOrder) -> Bool { has("reached \(order)") }

    func kill() {
        guard let process, process.isRunning else { return }
        signal(SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Stops it. A busy system takes its time for that; meanwhile it would go on answering.
    /// - Throws: `.didNotHappen`.
    func pause() async throws(TrialError) {
        askToPause()
        try await TrialWait.until("\(name) to stop", within: .seconds(2)) { isStopped }
    }

    /// Has it stopped, and does not wait.
    func askToPause() { signal(SIGSTOP) }
    func wake() { signal(SIGCONT) }
    /// Asks it to end in order, and does not wait.
    func terminate() { signal(SIGTERM) }
    /// Ends its standard input.
    func endInput() {
        try? input?.fileHandleForWriting.close()
        input = nil
    }

    private func signal(_ number: Int32) {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, number)
    }
}

/// Waiting for what processes do.
enum TrialWait {
    static func until(
        _ what: String,
        within limit: Duration,
        _ condition: () async -> Bool
    ) async throws(TrialError) {
        let end = ContinuousClock.now + limit
        while !(await condition()) {
            guard ContinuousClock.now < end else { throw .didNotHappen(what) }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
