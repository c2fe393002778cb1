// `chaos run`: a cluster of processes under load, resizes and faults, and the verdict on it.

import ArgumentParser
import ChaosKit
import Foundation
import RingmasterCommand

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a cluster under load, resizes and faults, and judge it.",
        discussion: """
            Starts coordinators, workers and clients, each a process on this machine, and puts everything into DIR: the \
            schedule, the history, the verdict, tables, plots and the report. The seed fixes the schedule and the load; --schedule replays one. Ctrl-C heals \
            everything and judges what there is; a second one ends it at once.

            \(ChaosStatus.list)
            """
    )

    @OptionGroup(title: "Cluster, load and faults") var options: RunOptions

    @Option(help: ArgumentHelp("Fixes the schedule and the load. (default: a new one)", valueName: "n"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Replay this schedule.json; all but --out is in it.", valueName: "file"))
    var schedule: String?

    @Option(help: ArgumentHelp("Where the results go. (default: results/chaos-<seed>)", valueName: "dir"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "The same on workers of another system, as redis; all for each of them and Ringmaster. docs/CHAOS.md has the list.",
            valueName: "system"
        )
    ) var target: String?

    @Flag(help: "With --target: workers with the user's own record of what was done.") var idempotent = false

    @OptionGroup var written: FormatOptions

    @Flag(help: "Show nothing while it runs.") var quiet = false

    func validate() throws {
        guard schedule == nil || seed == nil else { throw ValidationError("--schedule has a seed; leave --seed out") }
        guard target != nil || !idempotent else { throw ValidationError("--idempotent needs --target") }
        let settings = try options.settings()
        if let mistake = settings.mistake { throw ValidationError(mistake) }
        if let lack = MachineNeeds.lack(for: settings.faults) { throw ValidationError(lack) }
        if settings.network == .namespaces, geteuid() != 0 {
            throw ValidationError("--network namespaces needs root; --network proxy needs no privileges")
        }
    }

    func run() async throws {
        let plan: Schedule =
            if let schedule {
                try Schedule(path: schedule)
            } else {
                Schedule(planning: try options.settings(), seed: seed ?? UInt64.random(in: 1...999_999))
            }
        if let lack = MachineNeeds.lack(for: plan.kinds) { throw ValidationError(lack) }
        if let target {
            try TargetProgram.become(
                target,
                isIdempotent: idempotent,
                plan,
                out: out ?? Self.freeFolder(for: plan.seed),
                ["--format", written.format] + (quiet ? ["--quiet"] : [])
            )
        }
        let folder = try RunFolder(making: out ?? Self.freeFolder(for: plan.seed))
        printNow("seed \(plan.seed), results in \(folder.path)")
        let result = try await Interruption().perform(plan, in: folder, showsLive: !quiet)
        print(try result.text(folder), terminator: "")
        let report = try ChaosReport(reading: URL(filePath: folder.path))
        let (_, warnings) = try report.write(formats: written.formats)
        for warning in warnings { print("warning: \(warning)") }
        print(report.glance)
        if written.formats.contains(.html) { print("Open \(folder.path)/report.html in a browser.") }
        try result.status.throwUnlessValid()
    }

    /// A folder that is not there yet.
    static func freeFolder(for seed: UInt64) -> String {
        let name = "results/chaos-\(seed)"
        var path = name
        var number = 2
        while FileManager.default.fileExists(atPath: path) {
            path = "\(name)-\(number)"
            number += 1
        }
        return path
    }
}

extension RunResult {
    /// What is printed of it.
    func text(_ folder: RunFolder) throws(HistoryError) -> String {
        report(excerpts: try HistoryPlace.excerpts(of: folder.historyPath, lines: verdict.evidenceLines))
    }

    var status: ChaosStatus {
        switch outcome {
        case .valid: .valid
        case .violation: .violation
        case .undecided: .couldNot
        }
    }
}
