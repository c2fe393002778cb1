// `compare chaos`, which `chaos run --target` becomes.

import Alternatives
import ArgumentParser
import ChaosKit
import Foundation
import Measurement
import TargetRuns

struct ChaosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "A chaos run on a worker service of another system. Use chaos run --target.",
        discussion: """
            Exit status: 0 where the service kept what it promises, 1 where it did not, 2 for a wrong command line, 3 for no verdict.
            """
    )

    @Option(help: "The service, or all for each of them and Ringmaster, one after the other.")
    var target: String

    @Flag(help: "The service with the user's own record of what was done.")
    var idempotent = false

    @Option(help: "A schedule.json; - reads it from standard input.")
    var schedule: String

    @Option(help: "Where the results go.")
    var out: String

    @Option(help: "For --target all: the program chaos, which runs Ringmaster's part.")
    var ringmaster: String?

    @Option(help: "What was typed, for those who read the results.")
    var typed: String?

    @Option(help: "What the report is written as: csv, svg, png, json, hgrm, html; separated by commas.")
    var format: String?

    @Flag(help: "Show nothing while it runs.") var quiet = false

    // Not async: processes end with the thread that started them, and this one lasts.
    func run() throws {
        // A client or worker that ends at the wrong moment is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        let plan = try readSchedule()
        if let mistake = TargetRun.mistake(in: plan) { throw ValidationError(mistake) }
        if target == "all" {
            guard let ringmaster else { throw ValidationError("--target all needs --ringmaster") }
            let series = TargetSeries(plan, out: out, ringmaster: ringmaster, say: say)
            print(try series.run(typed: typed), terminator: "")
            return
        }
        guard let service = WorkerServices.named(target) else {
            throw ValidationError(
                "--target \(target): there are \(WorkerServices.all.map(\.name).joined(separator: ", ")), all"
            )
        }
        let care: ServiceCare = idempotent ? .idempotent : .recommended
        guard service.promise(care) != nil else {
            throw ValidationError("\(target) has no service that is \(care.rawValue)")
        }
        let folder = try RunFolder(making: out)
        print(
            "\(service.name), \(care.rawValue): \(try service.find().version)\nseed \(plan.seed), results in \(folder.path)"
        )
        let run = try TargetRun(service, care, plan, in: folder, progress: say)
        let result = try run.run(command: typed)
        print(
            result.report(
                excerpts: try HistoryPlace.excerpts(of: folder.historyPath, lines: result.verdict.evidenceLines)
            ),
            terminator: ""
        )
        let report = try ChaosReport(reading: URL(filePath: folder.path))
        let (_, warnings) = try report.write(formats: try formats())
        for warning in warnings { print("warning: \(warning)") }
        print(report.glance)
        throw ExitCode(result.exitStatus)
    }

    private func readSchedule() throws -> Schedule {
        guard schedule == "-" else { return try Schedule(path: schedule) }
        return try Schedule(path: "/dev/stdin")
    }

    private func formats() throws -> OutputFormats {
        guard let format else { return .all }
        guard let formats = OutputFormats(names: format) else { throw ValidationError("--format is '\(format)'") }
        return formats
    }

    private func say(_ text: String) {
        if !quiet { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
    }
}

extension RunResult {
    /// As of `chaos run`.
    var exitStatus: Int32 {
        switch outcome {
        case .valid: 0
        case .violation: 1
        case .undecided: 3
        }
    }
}
