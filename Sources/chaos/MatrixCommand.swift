// `chaos matrix`: kills and stops every role at every step of the protocol.

import ArgumentParser
import ChaosKit
import Foundation
import Ringmaster

struct MatrixCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matrix",
        abstract: "Kill and stop every role at every step of the protocol.",
        discussion: """
            A cell is a role (joining, leaving or staying worker, leader, follower, client), a step that it takes, what \
            brings the step about, and a kill or a pause exactly there, under a light load. It is valid when the cluster \
            settles and serves within 10 s after it was healed, and the history breaks no promise. At the end of each series \
            of cells on one cluster, what its coordinators have on disk is checked. --list names all cells.

            \(ChaosStatus.list)
            """
    )

    @Flag(help: "Only list the cells and the steps.")
    var list = false

    @Option(
        help: ArgumentHelp("Only cells whose line in the list has all of these words. Repeatable.", valueName: "words")
    )
    var only: [String] = []

    @Option(help: ArgumentHelp("Only each n-th cell, beginning with the first.", valueName: "n"))
    var every = 1

    @Option(help: ArgumentHelp("Only so many cells, from all over the list, the same each time.", valueName: "n"))
    var sample: Int?

    @Flag(help: "As --sample \(MatrixPlan.quickCount): half a minute.")
    var quick = false

    @Option(help: ArgumentHelp("Where the histories and the table go.", valueName: "dir"))
    var out = "results/matrix"

    func validate() throws {
        guard every >= 1 else { throw ValidationError("--every \(every) is not possible: give 1 or more") }
        if let sample, sample < 1 { throw ValidationError("--sample \(sample) is not possible: give 1 or more") }
        guard !cells.isEmpty else {
            throw ValidationError("no cell has the words of --only; `chaos matrix --list` names all")
        }
    }

    private var cells: [MatrixCell] {
        let chosen = MatrixPlan.cells.filter { cell in
            let words = cell.description.split(separator: " ")
            return only.isEmpty
                || only.contains {
                    $0.split(separator: " ").allSatisfy { word in words.contains { $0.hasPrefix(word) } }
                }
        }
        let some = stride(from: 0, to: chosen.count, by: max(every, 1)).map { chosen[$0] }
        guard let count = sample ?? (quick ? MatrixPlan.quickCount : nil) else { return some }
        return MatrixPlan.sample(count, of: some)
    }

    func run() async throws {
        if list {
            for cell in cells { print(cell) }
            print("\(cells.count) cells of \(FaultPoint.allCases.count) steps")
            return
        }
        let results = try await MatrixRun(cells, folder: out).run { result in
            print(MatrixTable.line(result))
            fflush(nil)
        }
        let table = MatrixTable(results)
        print("\n\(table.text)")
        try table.csv.write(toFile: "\(out)/matrix.csv", atomically: true, encoding: .utf8)
        if table.hasViolation { throw ChaosStatus.violation }
        if !table.isWhole { throw ChaosStatus.couldNot }
    }
}

/// The program of a client in a trial.
struct TrialClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "trial-client", shouldDisplay: false)

    @Option var cluster: String
    @Option var keys: String
    @Option var process: String
    @Option var firstValue: Int64
    @Option var notes: String

    func run() async throws {
        try await TrialClient.run(
            cluster: cluster.split(separator: ",").map(String.init),
            keys: keys.split(separator: ",").map(String.init),
            process: process,
            firstValue: firstValue,
            notesPath: notes
        )
    }
}
