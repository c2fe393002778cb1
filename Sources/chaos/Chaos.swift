// `chaos`: runs a cluster under faults and judges what it did. Here from the command line to the exit status.

import ArgumentParser
import ChaosKit
import Foundation
import Ringmaster
import RingmasterCommand

@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tries a cluster under faults, and judges what it did.",
        discussion: ChaosStatus.list,
        subcommands: [
            RunCommand.self, MatrixCommand.self, PlantedCommand.self, SoakCommand.self, MeasureCommand.self,
            SimulateCommand.self, ScaleCommand.self, ExploreCommand.self, CheckCommand.self, ReportCommand.self,
            ExportCommand.self,
            NodeCommand.self, TrialClientCommand.self, TrialWorkerCommand.self, PlantedTrialCommand.self,
            SimulateShareCommand.self, SimulatePlantedCommand.self, ScaleShareCommand.self,
        ]
    )

    static func main() {
        let command: any ParsableCommand
        do {
            try Faults.begin()
            command = try parseAsRoot()
            try (command as? NodeCommand)?.enterNamespace()
        } catch {
            finish(error)
        }
        guard var command = command as? any AsyncParsableCommand else {
            var command = command
            do { try command.run() } catch { finish(error) }
            return
        }
        // Before any other thread begins: all of them are to leave the signals to the one that waits for them.
        StopSignals.block()
        Task.detached {
            do {
                try await command.run()
                Glibc.exit(ChaosStatus.valid.rawValue)
            } catch {
                finish(error)
            }
        }
        while true { pause() }
    }

    private static func finish(_ error: any Error) -> Never {
        switch error {
        case let status as ChaosStatus: Glibc.exit(status.rawValue)
        case is HistoryError, is RunError, is ReportError, is TrialError, is SimulationError, is ScaleError:
            writeError("chaos: \(error)")
            Glibc.exit(ChaosStatus.couldNot.rawValue)
        case is FaultError:
            writeError("chaos: \(error)")
            Glibc.exit(ChaosStatus.usage.rawValue)
        default:
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

    func throwUnlessValid() throws {
        if self != .valid { throw self }
    }

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
