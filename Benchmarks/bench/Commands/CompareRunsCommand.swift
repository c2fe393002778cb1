// `bench compare-runs A B`: what got slower from one run to another.

import ArgumentParser
import BenchResults
import Foundation

struct CompareRunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare-runs",
        abstract: "Say what got slower from run A to run B.",
        discussion: """
            A change counts when it is larger than the noise: the spread of the repetitions on either side, at least 3 %;
            10 % where neither was repeated. Exit status: 0 nothing got slower, 1 something did, 64 usage.
            """
    )

    @Argument(help: "Directory of the earlier run.")
    var a: String

    @Argument(help: "Directory of the later run.")
    var b: String

    func run() throws {
        let comparison = CompareRuns(try BenchRun(reading: URL(filePath: a)), try BenchRun(reading: URL(filePath: b)))
        print(comparison.text, terminator: "")
        if comparison.anySlower { throw ExitCode(1) }
    }
}
