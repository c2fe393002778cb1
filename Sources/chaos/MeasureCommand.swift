// `chaos measure`: runs with faults and without, in turn, and what the faults cost.

import ArgumentParser
import ChaosKit
import Foundation
import RingmasterCommand

struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Run with faults and without them in turn, and compare.",
        discussion: """
            Each pair is a run without faults and resizes and one with them, at the same offered rate. A last run without a rate tells \
            what the suite itself costs. All runs must be valid. DIR gets measures.csv, and a folder for each run. Use a release \
            build on a quiet machine.

            \(ChaosStatus.list)
            """
    )

    @OptionGroup(title: "Cluster, load and faults") var options: RunOptions
    /// Under way for each client of the run without a rate: so many that neither side waits for the other.
    private static let lanesOfFastest = 1024

    @Option(help: ArgumentHelp("Pairs of runs.", valueName: "n")) var pairs = 3
    @Option(help: ArgumentHelp("Fixes the schedules and the load. (default: a new one)", valueName: "n"))
    var seed: UInt64?
    @Option(help: ArgumentHelp("Where the results go. (default: results/measure-<seed>)", valueName: "dir"))
    var out: String?

    func validate() throws {
        guard (1...100).contains(pairs) else { throw ValidationError("--pairs is \(pairs); possible is 1 to 100") }
        let settings = try options.settings()
        if let mistake = settings.mistake { throw ValidationError(mistake) }
        guard settings.load.perSecond != nil else {
            throw ValidationError("--rate is max; pairs are compared at one offered rate")
        }
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        let path = out ?? "results/measure-\(seed)"
        printNow("seed \(seed), results in \(path)")
        let interruption = Interruption()
        let faulty = try options.settings()
        var calm = faulty
        (calm.killRate, calm.faultRate, calm.faults, calm.resizeEveryNs, calm.during) = (0, 0, [], 0, .any)
        var fastest = calm
        fastest.load.perSecond = nil
        fastest.load.lanes = Self.lanesOfFastest
        var cost = FaultCost()
        for pair in 1...pairs {
            let pairSeed = seed &+ UInt64(pair - 1)
            let without = try await figures(calm, pairSeed, "\(path)/pair-\(pair)-without", interruption)
            let with = try await figures(faulty, pairSeed, "\(path)/pair-\(pair)-with", interruption)
            cost.pairs.append((without, with))
        }
        cost.fastest = try await figures(fastest, seed, "\(path)/fastest", interruption)
        print(cost.text, terminator: "")
        do {
            try Data(cost.csv.utf8).write(to: URL(filePath: "\(path)/measures.csv"))
        } catch {
            throw ReportError.cannotWrite(path: "\(path)/measures.csv", reason: error.localizedDescription)
        }
    }

    /// The figures of a run, which must be valid.
    private func figures(
        _ settings: RunSettings,
        _ seed: UInt64,
        _ path: String,
        _ interruption: Interruption
    ) async throws -> RunFigures {
        let folder = try RunFolder(making: path)
        let result = try await interruption.perform(
            Schedule(planning: settings, seed: seed),
            in: folder,
            showsLive: false
        )
        guard result.outcome == .valid else {
            print(try result.text(folder), terminator: "")
            throw result.status
        }
        let report = try ChaosReport(reading: URL(filePath: folder.path))
        let figures = RunFigures(report.measures)
        printNow(
            "\(path): \(Int(figures.throughputPerSecond))/s, p99 \(figures.p99Ns / 1000) us, \(figures.kills) kills,"
                + " \(figures.rounds) resizes"
        )
        return figures
    }
}
