// `chaos check`: judges a recorded history, knowing nothing else.

import ArgumentParser
import ChaosKit
import Foundation

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Judge a recorded history.",
        discussion: """
            Reads the history alone (docs/HISTORY.md), and names each broken promise with the lines that show it. With DIR, \
            verdict.json there is written anew.

            \(ChaosStatus.list)
            """
    )

    @Argument(help: ArgumentHelp("A run's directory, or a history.jsonl.", valueName: "dir|file"))
    var path: String

    @Flag(help: "Print the verdict as JSON.")
    var json = false

    func run() throws {
        let place = HistoryPlace(path)
        let verdict = try HistoryChecker.check(path: place.historyPath)
        if let verdictPath = place.verdictPath {
            do {
                try verdict.json.write(toFile: verdictPath, atomically: true, encoding: .utf8)
            } catch {
                throw HistoryError.cannotWrite(path: verdictPath, reason: error.localizedDescription)
            }
        }
        if json {
            print(verdict.json, terminator: "")
        } else {
            let excerpts = try HistoryPlace.excerpts(of: place.historyPath, lines: verdict.evidenceLines)
            print(verdict.report(excerpts: excerpts), terminator: "")
        }
        switch verdict.outcome {
        case .valid: break
        case .violation: throw ChaosStatus.violation
        case .undecided: throw ChaosStatus.couldNot
        }
    }
}
