// `compare run`, which plain `compare` means.

import Alternatives
import ArgumentParser
import Foundation
import Measurement

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

    @Option(help: "Directory for the results, instead of results/compare-<time>.")
    var out: String?

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds \(rounds) is not within 1...1000") }
        guard seconds > 0, seconds <= 600 else { throw ValidationError("--seconds \(seconds) is not within 0...600") }
        for work in works.split(separator: ",") where Work(rawValue: String(work)) == nil {
            throw ValidationError("--works \(work): there are calls and jobs")
        }
    }

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
        let systems = try chosen.flatMap { try SystemRow.all(of: $0) }
        for system in systems {
            print("\(system.system), \(system.work.rawValue): \(system.version); \(system.settings)")
        }
        let machine = MachineInfo.current(
            command: (["bench", "compare"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
            versions: Dictionary(systems.map { ($0.system, $0.version) }) { first, _ in first },
            repository: URL(filePath: #filePath).deletingLastPathComponent()
        )
        let wanted = Set(works.split(separator: ",").map(String.init))
        let points = Point.standard.filter {
            wanted.contains($0.work.rawValue) && (match.map($0.title.contains) ?? true)
        }
        let place = try ComparePlace()
        defer { place.remove() }
        var run = CompareRun(chosen, points, rounds: rounds, seconds: seconds, place: place.directory) { text in
            FileHandle.standardError.write(Data("\(text)\n".utf8))
        }
        run.measure()
        let results = CompareResults(machine: machine, systems: systems, rows: run.rows, failures: run.failures)
        print(CompareTable.text(results.rows), terminator: "")
        print(CompareBars.text(CompareBars.all(results)), terminator: "")
        for failure in results.failures { print("not as it should be: \(failure)") }
        let directory = URL(filePath: out ?? "results/compare-\(machine.date.filter { !":-".contains($0) })")
        for warning in try results.write(to: directory) { print("warning: \(warning)") }
        print("\nWritten to \(directory.relativePath)/")
    }
}
