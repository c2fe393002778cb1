// `ringmaster verify`: a look at a data directory while nothing runs in it.

import ArgumentParser
import Foundation

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a data directory while nothing runs in it. Changes nothing.",
        discussion:
            "DIR is that of `up` or of one coordinator. Status 1 where something is wrong.\n\n\(ExitStatus.list)"
    )

    @Argument(help: "The directory.")
    var directory: String

    func run() throws {
        let problems = try Self.verify(directory, checks: DataDirectoryChecks.all) { printNow($0) }
        guard problems == 0 else {
            throw CommandFailure(.failed, "'\(directory)' has \(problems) problem\(problems > 1 ? "s" : "")")
        }
        printNow("'\(directory)' is sound")
    }

    /// Runs the checks on the directory and on the coordinators' within it. Gives the number of problems.
    static func verify(
        _ directory: String,
        checks: [any DataDirectoryCheck],
        say: (String) -> Void
    ) throws(CommandFailure) -> Int {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
            throw CommandFailure(.noInput, "'\(directory)' is not a data directory: it does not exist")
        }
        guard isDirectory.boolValue else {
            throw CommandFailure(.noInput, "'\(directory)' is not a data directory: it is a file")
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CommandFailure(.noInput, "'\(directory)' cannot be read: \(error.localizedDescription)")
        }
        let places = [directory] + names.filter { $0.hasPrefix("coordinator-") }.sorted().map { "\(directory)/\($0)" }
        var (applied, problems) = (0, 0)
        for place in places {
            for check in checks where check.applies(to: place) {
                applied += 1
                let findings = try check.check(place)
                let facts = findings.facts.map { "\($0.name) \($0.value)" }.joined(separator: "; ")
                say("\(place): \(check.subject): \(facts)")
                for problem in findings.problems { say("  problem: \(problem)") }
                problems += findings.problems.count
            }
        }
        guard applied > 0 else {
            throw CommandFailure(
                .noInput,
                "'\(directory)' is not a data directory: it has neither cluster.json nor the files of a log"
            )
        }
        return problems
    }
}
