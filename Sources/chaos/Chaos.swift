// `chaos`: runs a cluster under faults and judges what it did. Here from the command line to the exit status.

import ArgumentParser
import ChaosKit
import Foundation

@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tries a cluster under faults, and judges what it did.",
        discussion: ChaosStatus.list,
        subcommands: [CheckCommand.self, ExportCommand.self]
    )

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let status as ChaosStatus {
            Glibc.exit(status.rawValue)
        } catch let error as HistoryError {
            writeError("chaos: \(error)")
            Glibc.exit(ChaosStatus.couldNot.rawValue)
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            writeError(fullMessage(for: error))
            Glibc.exit(ChaosStatus.usage.rawValue)
        }
    }

    private static func writeError(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// What the process tells whoever started it.
enum ChaosStatus: Int32, Error, CaseIterable {
    case valid = 0
    case violation = 1
    case usage = 2
    case couldNot = 3

    private var meaning: String {
        switch self {
        case .valid: "valid"
        case .violation: "a promise is broken"
        case .usage: "usage: the command line is wrong"
        case .couldNot: "no verdict: a history cannot be read or is incomplete, a fault could not be applied"
        }
    }

    /// For --help.
    static var list: String {
        "Exit status:\n" + allCases.map { "  \($0.rawValue)\t\($0.meaning)" }.joined(separator: "\n")
    }
}
