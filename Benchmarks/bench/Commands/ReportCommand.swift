// `bench report DIR`: draws a run again from its files.

import ArgumentParser
import BenchResults
import Foundation
import Measurement

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Draw the plots and the report of a run again, from its CSV files."
    )

    @Argument(help: "Directory of a run, as in results/reference.")
    var directory: String

    @Option(help: "Where to write, instead of the same directory.")
    var out: String?

    @Option(help: "What to write, separated by commas.")
    var format: FormatList = FormatList(formats: [.svg, .png, .html])

    func run() throws {
        let run = try BenchRun(reading: URL(filePath: directory))
        let target = URL(filePath: out ?? directory)
        let written = try run.write(to: target, formats: format.formats)
        for warning in written.warnings { print("warning: \(warning)") }
        print(summaryTable(run), terminator: "")
        print("\nWritten to \(target.relativePath)/: \(written.files.count) files")
    }
}
