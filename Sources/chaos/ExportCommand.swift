// `chaos export`: a recorded history in the form of other checkers.

import ArgumentParser
import ChaosKit

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a recorded history in the form of other checkers.",
        discussion: """
            --edn: Jepsen's list-append histories, as Elle reads them: history.edn beside the history.

            \(ChaosStatus.list)
            """
    )

    @Argument(help: ArgumentHelp("A run's directory, or a history.jsonl.", valueName: "dir|file"))
    var path: String

    @Flag(help: "As EDN.")
    var edn = false

    @Option(help: ArgumentHelp("Write there instead.", valueName: "file"))
    var out: String?

    func validate() throws {
        guard edn else { throw ValidationError("the form to export to is missing: --edn") }
    }

    func run() throws {
        let place = HistoryPlace(path)
        let ednPath = out ?? place.ednPath
        let count = try EDNExport.export(place.historyPath, to: ednPath)
        print("\(ednPath): \(count) events")
    }
}
