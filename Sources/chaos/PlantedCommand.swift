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
            long. With --sound the same situations run without the mistakes: nothing may be found then.

            \(ChaosStatus.list)
            """
    )

    @Option(help: ArgumentHelp("Only this mistake. Repeatable.", valueName: "name"))
    var only: [String] = []

    @Flag(help: "Run the situations without the mistakes.")
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
        let bugs = PlantedBug.allCases.filter { only.isEmpty || only.contains($0.rawValue) }
        if list { return bugs.forEach { print($0.rawValue) } }
        var table = TextTable(
            [
                TextTable.Column("mistake", .left), TextTable.Column("caught", .left), TextTable.Column("by", .left),
                TextTable.Column("after", .right), TextTable.Column("in", .left),
            ],
            lineWidthMax: 160
        )
        var caught = 0
        for bug in bugs {
            let result = try trial(bug)
            let isCaught = result.anomalies != "-"
            caught += isCaught ? 1 : 0
            print("\(bug.rawValue): \(isCaught ? "caught by \(result.anomalies)" : "nothing found") (\(result.time))")
            fflush(nil)
            table.append([bug.rawValue, isCaught ? "yes" : "no", result.anomalies, result.time, result.situation])
        }
        print("\n\(table.text)\n\(caught) of \(bugs.count) caught")
        if sound ? caught > 0 : caught < bugs.count { throw ChaosStatus.violation }
    }

    /// Tries a mistake in a process of its own, so that it is in its clients, too.
    private func trial(_ bug: PlantedBug) throws -> (anomalies: String, time: String, situation: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["planted-trial", bug.rawValue, "--out", "\(out)/\(bug.rawValue)"]
        var environment = ProcessInfo.processInfo.environment
        environment["RINGMASTER_PLANTED"] = sound ? nil : bug.rawValue
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let fields = text.split(separator: "\n").last?.split(separator: "\t").map(String.init) ?? []
        guard process.terminationStatus == 0, fields.count == 3 else { return ("-", "-", "could not be tried") }
        return (fields[0], fields[1], fields[2])
    }
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
        let anomalies = result.isCaught ? result.anomalies.joined(separator: ", ") : "-"
        print("\(anomalies)\t\(result.time.formatted(.units(fractionalPart: .show(length: 1))))\t\(result.situation)")
    }
}
