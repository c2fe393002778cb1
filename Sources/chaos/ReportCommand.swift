// `chaos report`: tells a run anew from its folder.

import ArgumentParser
import ChaosKit
import Foundation

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write the tables, plots and report of a run anew.",
        discussion: """
            Reads history.jsonl, and run.json where there is one; docs/MEASURES.md defines what is measured. The exit status is \
            that of the verdict.

            \(ChaosStatus.list)
            """
    )

    @Argument(help: ArgumentHelp("A run's directory.", valueName: "dir"))
    var directory: String

    @OptionGroup var written: FormatOptions

    func run() throws {
        let report = try ChaosReport(reading: URL(filePath: directory))
        let (files, warnings) = try report.write(formats: written.formats)
        for warning in warnings { print("warning: \(warning)") }
        print("\(report.verdict.outcome.rawValue): \(report.verdict.counts.summary)")
        print(report.glance)
        print("\(directory): \(files.count) files written")
        switch report.verdict.outcome {
        case .valid: break
        case .violation: throw ChaosStatus.violation
        case .undecided: throw ChaosStatus.couldNot
        }
    }
}
