// `chaos planted`: plants one mistake after the other, and says whether it is noticed.

import ArgumentParser
import ChaosKit
import Foundation
import Measurement
import Ringmaster

struct PlantedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "planted",
        abstract: "Plant mistakes in the cluster, and see whether they are caught.",
        discussion: """
            Runs, for each mistake, the situation in which it shows, and prints by which anomaly it was caught and after how \
            long. Each situation runs without the mistake, too: that control has to end valid.

            \(ChaosStatus.list)
            """
    )

    @Option(help: ArgumentHelp("Only this mistake. Repeatable.", valueName: "name"))
    var only: [String] = []

    @Flag(help: "Only a dozen mistakes of all kinds that are caught soon.")
    var fast = false

    @Flag(help: "Run only the controls.")
    var sound = false

    @Flag(help: "Only list the mistakes.")
    var list = false

    @Option(help: ArgumentHelp("Where the histories go.", valueName: "dir"))
    var out = "results/planted"

    func validate() throws {
        for name in only where PlantedBug(rawValue: name) == nil {
            throw ValidationError("\(FaultError.bugUnknown(name))")
        }
    }

    func run() async throws {
        let chosen = fast ? PlantedTrial.fast : PlantedBug.allCases
        let bugs = chosen.filter { only.isEmpty || only.contains($0.rawValue) }
        if list { return bugs.forEach { print($0.rawValue) } }
        var table = TextTable(
            [
                TextTable.Column("mistake", .left), TextTable.Column("caught by", .left),
                TextTable.Column("after", .right), TextTable.Column("tries", .right),
                TextTable.Column("control", .left),
                TextTable.Column("in", .left),
            ],
            lineWidthMax: 160
        )
        var controls: [String: PlantedTrialReport] = [:]
        var caught = 0
        for bug in bugs {
            let situation = PlantedTrial(bug, isPlanted: true, folder: out).situation
            let control = try controls[situation] ?? trial(bug, isPlanted: false)
            if controls[situation] == nil { tell("control of \(situation): \(control.verdict) (\(control.time))") }
            controls[situation] = control
            guard !sound else { continue }
            var result = try trial(bug, isPlanted: true)
            var tries = 1
            while result.anomalies.isEmpty, tries < Self.triesMax {
                result = try trial(bug, isPlanted: true)
                tries += 1
            }
            caught += result.anomalies.isEmpty ? 0 : 1
            tell("\(bug.rawValue): \(result.wordAndReason) (\(result.time)\(tries > 1 ? ", try \(tries)" : ""))")
            table.append(
                [
                    bug.rawValue, result.word, result.time, "\(tries)", control.isValid ? "valid" : "NOT VALID",
                    situation,
                ]
            )
        }
        let valid = controls.values.count { $0.isValid }
        if !sound { print("\n\(table.text)\n\(caught) of \(bugs.count) caught") }
        print("\(valid) of \(controls.count) controls valid")
        if valid < controls.count || !sound && caught < bugs.count { throw ChaosStatus.violation }
    }

    /// A process that wakes may read first that it was given up, and then what would show the mistake: another try may find it.
    private static let triesMax = 3

    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Tries a situation in a process of its own, so that the mistake is in its clients, too.
    private func trial(_ bug: PlantedBug, isPlanted: Bool) throws -> PlantedTrialReport {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let folder = "\(out)/\(bug.rawValue)\(isPlanted ? "" : "-control")"
        process.arguments = ["planted-trial", bug.rawValue, "--out", folder]
        var environment = ProcessInfo.processInfo.environment
        environment["RINGMASTER_PLANTED"] = isPlanted ? bug.rawValue : nil
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return PlantedTrialReport(line: text.split(separator: "\n").last.map(String.init) ?? "")
    }
}

/// What a trial's process says at its end: a line of three fields.
struct PlantedTrialReport {
    var anomalies: String
    var problems: String
    var time: String

    init(line: String) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3 else {
            (anomalies, problems, time) = ("", "could not be tried", "-")
            return
        }
        (anomalies, problems, time) = (fields[0], fields[1], fields[2])
    }

    init(_ result: PlantedResult) {
        anomalies = result.anomalies.joined(separator: ", ")
        problems = result.problems.joined(separator: ", ")
        time = result.time.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1)))
    }

    var line: String { "\(anomalies)\t\(problems)\t\(time)" }
    var isValid: Bool { anomalies.isEmpty && problems.isEmpty }
    var verdict: String { isValid ? "valid" : (anomalies.isEmpty ? problems : anomalies) }
    /// By what a mistake was caught.
    var word: String { anomalies.isEmpty ? "NOT CAUGHT" : anomalies }
    var wordAndReason: String { anomalies.isEmpty && !problems.isEmpty ? "\(word): \(problems)" : word }
}

/// One trial of `chaos planted`, which no person calls.
struct PlantedTrialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "planted-trial", shouldDisplay: false)

    @Argument var bug: String
    @Option var out: String

    func run() async throws {
        guard let bug = PlantedBug(rawValue: bug) else { throw ValidationError("\(FaultError.bugUnknown(bug))") }
        let isPlanted = ProcessInfo.processInfo.environment["RINGMASTER_PLANTED"] != nil
        let result = try await PlantedTrial(bug, isPlanted: isPlanted, folder: out).run()
        print(PlantedTrialReport(result).line)
    }
}

/// The program of a worker in a trial.
struct TrialWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "trial-worker", shouldDisplay: false)

    @Option var name: String
    @Option var cluster: String

    func run() async throws {
        try await TrialWorker.run(name: name, cluster: cluster.split(separator: ",").map(String.init))
    }
}
