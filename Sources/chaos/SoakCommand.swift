// `chaos soak`: run after run with other seeds and settings, until the time is over or a promise is broken.

import ArgumentParser
import ChaosKit
import Foundation
import RingmasterCommand

struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Run after run with other seeds and settings, to the first violation.",
        discussion: """
            The soak's seed fixes the runs. Of a valid run one line stays, in DIR/soak.csv; of any other run the whole folder, with \
            the schedule to replay it and the coordinators' data. Ctrl-C ends the run under way, and the soak with it.

            \(ChaosStatus.list)
            """
    )

    @Option(help: ArgumentHelp("How long.", valueName: "h")) var hours = 1.0
    @Option(help: ArgumentHelp("Expected SIGKILLs a second.", valueName: "n")) var killRate = 1.0
    @Option(help: ArgumentHelp("Fixes the runs. (default: a new one)", valueName: "n")) var seed: UInt64?
    @Option(help: ArgumentHelp("Where the results go. (default: results/soak-<seed>)", valueName: "dir"))
    var out: String?
    @Flag(help: "Show nothing of a run while it lasts.") var quiet = false

    func validate() throws {
        guard hours > 0, hours <= 1000 else {
            throw ValidationError("--hours is \(hours); possible is above 0 and up to 1000")
        }
        guard (0...RunLimits.faultsPerSecondMax).contains(killRate) else {
            throw ValidationError("--kill-rate is \(killRate); possible is 0 to \(RunLimits.faultsPerSecondMax)")
        }
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        let path = out ?? "results/soak-\(seed)"
        var table = try SoakTable(in: path)
        printNow("soak seed \(seed), results in \(path)")
        let end = ContinuousClock.now + .seconds(hours * 3600)
        let interruption = Interruption()
        var undecided = 0
        for (number, plan) in SoakPlan(seed: seed, killRate: killRate, kinds: MachineNeeds.kinds).enumerated() {
            guard ContinuousClock.now < end, await !interruption.hasCome else { break }
            let folder = try RunFolder(making: "\(path)/run-\(number + 1)")
            let result = try await interruption.perform(plan, in: folder, showsLive: !quiet)
            let line = try table.add(number + 1, plan, result)
            printNow(line)
            switch result.outcome {
            case .valid: try? FileManager.default.removeItem(atPath: folder.path)
            case .violation:
                print(try result.text(folder), terminator: "")
                print("replay: chaos run --schedule \(folder.schedulePath)")
                throw ChaosStatus.violation
            case .undecided:
                undecided += 1
                print(try result.text(folder), terminator: "")
            }
        }
        print(table.summary)
        if undecided > 0 { throw ChaosStatus.couldNot }
    }
}

/// soak.csv: a line a run, and the sums.
private struct SoakTable {
    private let file: FileHandle
    private var runs = 0, faults = 0, kills = 0, rounds = 0, operations = 0

    init(in folder: String) throws(RunError) {
        let path = folder + "/soak.csv"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            guard !FileManager.default.fileExists(atPath: path) else {
                throw RunError.cannotCreate(path: path, reason: "it is there already; choose another --out")
            }
            try Data("run,seed,outcome,operations,faults,kills,resizes,seconds\n".utf8).write(to: URL(filePath: path))
            file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.seekToEnd()
        } catch let error as RunError {
            throw error
        } catch {
            throw .cannotCreate(path: path, reason: error.localizedDescription)
        }
    }

    /// Adds a run, and gives what is printed of it.
    mutating func add(_ number: Int, _ plan: Schedule, _ result: RunResult) throws -> String {
        let counts = result.verdict.counts
        runs += 1
        faults += counts.faults
        kills += result.kills
        rounds += counts.rounds
        operations += counts.operations
        let fields = [
            "\(number)", "\(plan.seed)", result.outcome.rawValue, "\(counts.operations)", "\(counts.faults)",
            "\(result.kills)", "\(counts.rounds)", "\(plan.settings.durationNs / 1_000_000_000)",
        ]
        try file.write(contentsOf: Data((fields.joined(separator: ",") + "\n").utf8))
        return "run \(number), seed \(plan.seed): \(result.outcome.rawValue), \(counts.summary), \(result.kills) kills"
    }

    var summary: String {
        "\(runs) runs, \(operations) operations, \(faults) faults, \(kills) kills, \(rounds) resizes"
    }
}
