// `compare report DIR`: draws a run again from its files.

import ArgumentParser
import Foundation

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Draw the plots and the report of a comparison again, and print its table."
    )

    @Argument(help: "Directory of a run, as in results/compare.")
    var directory: String

    @Flag(help: "Print the README's table, in Markdown, and nothing else.")
    var markdown = false

    func run() throws {
        let results = try CompareResults(reading: URL(filePath: directory))
        if markdown { return print(CompareMarkdown.text(results), terminator: "") }
        for warning in try results.write(to: URL(filePath: directory)) { print("warning: \(warning)") }
        print(CompareTable.text(results.rows), terminator: "")
        print(CompareBars.text(CompareBars.all(results)), terminator: "")
    }
}
