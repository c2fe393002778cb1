// `compare run`, which plain `compare` means.

import Alternatives
import ArgumentParser
import Foundation

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure all systems in turn and print the table. The default."
    )

    @Option(help: "Systems beside Ringmaster, separated by commas; by default all.")
    var against: String?

    @Option(help: "Works, separated by commas: calls, jobs.")
    var works: String = "calls,jobs"

    @Option(help: "How often each system is measured at each point.")
    var rounds: Int = 3

    @Option(help: "How long one measurement takes.")
    var seconds: Double = 1

    @Option(help: "Only points whose title in the table has this text.")
    var match: String?

    // Not async: servers end with the thread that started them, and this one lasts.
    func run() throws {
        var chosen = Alternatives.all
        if let against {
            let names = Set(against.split(separator: ",").map(String.init))
            for name in names where Alternatives.named(name) == nil {
                let known = Alternatives.all.map(\.name).joined(separator: ", ")
                throw ValidationError("--against \(name): there are \(known)")
            }
            chosen = chosen.filter { $0.name == "ringmaster" || names.contains($0.name) }
        }
        for alternative in chosen {
            let found = try alternative.find()
            print("\(alternative.name): \(found.version)")
        }
        let points = Point.standard.filter {
            works.contains($0.work.rawValue) && (match.map($0.title.contains) ?? true)
        }
        let place = try ComparePlace()
        defer { place.remove() }
        var run = CompareRun(chosen, points, rounds: rounds, seconds: seconds, place: place.directory) { text in
            FileHandle.standardError.write(Data("\(text)\n".utf8))
        }
        run.measure()
        print(CompareTable.text(run.rows), terminator: "")
        for failure in run.failures { print("not as it should be: \(failure)") }
    }
}
