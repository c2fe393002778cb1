// `swift run -c release history-trials`: a million valid histories, planted anomalies and second opinions for the checker.

import ArgumentParser
import ChaosKit
import HistoryTrials

@main
struct HistoryTrial: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tries the checker of histories on histories whose verdict is known.",
        discussion: """
            The same seed gives the same histories. One that is judged wrong is printed, and the exit code is 1. With --write, \
            a single valid history goes to a file instead, to measure the checker on.
            """
    )

    @Option(help: "How many valid histories to judge. Each third of as many: planted anomalies, second opinions.")
    var histories = 1_000_000

    @Option(help: "Where the random numbers begin.")
    var seed: UInt64 = 1

    @Option(help: "The first trial, to repeat one that failed.")
    var first = 0

    @Flag(
        help: "Print the histories of the second opinions instead, each with its verdict after it, for other checkers."
    )
    var printJudged = false

    @Option(help: ArgumentHelp("Write one valid history there.", valueName: "file"))
    var write: String?

    @Option(help: "Operations of the history of --write.")
    var operations = 1_000_000

    @Option(help: "Its keys.")
    var keys = 1000

    @Option(help: "Its processes.")
    var processes = 64

    @Option(help: "The share of reads among its operations.")
    var reads = 0.2

    func validate() throws {
        guard histories >= 1, first >= 0, operations >= 0, keys >= 1, processes >= 1 else {
            throw ValidationError(
                "--histories, --keys and --processes are at least 1, --first and --operations at least 0"
            )
        }
    }

    func run() throws {
        if let write { return try writeHistory(to: write) }
        do {
            if printJudged { try printHistories() } else { try judge() }
        } catch let failure as TrialFailure {
            print(failure)
            throw ExitCode(1)
        }
    }

    private func judge() throws {
        let trials = Trials(seed: seed)
        let clock = ContinuousClock()
        var operations = 0
        let time = try clock.measure {
            for trial in first..<first + histories { operations += try trials.validHistory(trial) }
        }
        print("valid: \(histories) histories of \(operations) operations, none judged otherwise; \(time)")

        let others = first..<first + max(1, histories / 3)
        var planted: [AnomalyKind: Int] = [:]
        for trial in others { if let kind = try trials.plantedAnomaly(trial) { planted[kind, default: 0] += 1 } }
        for kind in AnomalyKind.allCases { print("planted: \(kind.rawValue), \(planted[kind] ?? 0) times, all found") }

        var opinions: [Bool?: Int] = [:]
        for trial in others { opinions[try trials.secondOpinion(trial), default: 0] += 1 }
        print(
            """
            second opinion: agreed on \(opinions[true] ?? 0) linearizable histories and \(opinions[false] ?? 0) others; \
            \(opinions[nil] ?? 0) left undecided
            """
        )
    }

    private func printHistories() throws {
        let trials = Trials(seed: seed)
        for trial in first..<first + histories {
            let events = trials.damagedHistory(trial)
            let lines = String(decoding: Judging.lines(events), as: UTF8.self)
            print(lines + "# \(try Judging.verdict(events).outcome.rawValue)")
        }
    }

    private func writeHistory(to path: String) throws {
        var shape = RunShape()
        shape.operations = operations
        shape.keys = keys
        shape.processes = processes
        shape.reads = reads
        shape.unknown = 0.01
        shape.failing = 0.01
        shape.hasNemesis = false
        let writer = try HistoryWriter(path: path)
        var failure: HistoryError?
        SimulatedRun.events(shape, SplitMix64(seed: seed)) { event in
            do throws(HistoryError) {
                if failure == nil { try writer.append(event) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        try writer.close()
        print("\(path): \(writer.eventCount) events")
    }
}
