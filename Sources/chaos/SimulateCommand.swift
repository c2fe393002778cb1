// `chaos simulate`: whole clusters in one process each, with virtual time, network and disks, fixed by a seed.

import ArgumentParser
import ChaosKit
import Foundation
import Measurement
import Ringmaster
import RingmasterProtocol

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulate whole clusters, each fixed by a seed.",
        discussion: """
            A seed draws a cluster, a load and faults, and always gives the same run, byte for byte. What is simulated, and what \
            is the very code that runs live: docs/SIMULATION.md.

            \(ChaosStatus.list)
            """
    )

    @Option(help: ArgumentHelp("The seeds: one, or as 1...1000.", valueName: "seeds"))
    var seeds = "1...100"

    @Option(help: ArgumentHelp("Processes that share the seeds.", valueName: "n"))
    var jobs = 1

    @Option(
        name: .customLong("planted"),
        help: ArgumentHelp(
            "Plant a mistake in every process (chaos planted lists them); all: one after the other, for a table of how many seeds each takes.",
            valueName: "name"
        )
    )
    var plantedName: String?

    @Option(help: ArgumentHelp("Of --planted all: only this mistake. Repeatable.", valueName: "name"))
    var only: [PlantedBug] = []

    @Option(help: ArgumentHelp("Of --planted all: from how many seeds each mistake is tried.", valueName: "n"))
    var starts = 5

    @Option(help: ArgumentHelp("Of --planted all: seeds from each start at the most.", valueName: "n"))
    var seedsMax: UInt64 = 200

    @Option(
        help: ArgumentHelp(
            "Strike whoever comes to a fault point: POINT:kill or POINT:pause=TIME, perhaps with @N. Repeatable.",
            valueName: "order"
        )
    )
    var strike: [String] = []

    @Flag(help: "Strike in each simulation at fault points that few before it came to.")
    var steer = false

    @Flag(help: "Small clusters, short loads and few faults.")
    var quick = false

    @Flag(help: "Print what was reached how often, and name what was not.")
    var coverage = false

    @Flag(help: "Print what happens, a line for each message, fault and log line.")
    var trace = false

    @Flag(help: "Print a line a seed: seed, hash of the trace, events, operations, verdict.")
    var verbose = false

    @Option(help: ArgumentHelp("Run the plan of this file in the place of seeds.", valueName: "file"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "Make the first plan that fails as small as it can be while it fails in the same way, and write it there.",
            valueName: "file"
        )
    )
    var shrink: String?

    @Flag(help: "Measure how fast virtual time goes, with 3 coordinators, 4 workers and 1,000 jobs/s.")
    var speed = false

    @Option(help: ArgumentHelp("Write the history of the last seed there.", valueName: "file"))
    var history: String?

    func validate() throws {
        guard SeedRange(seeds) != nil else {
            throw ValidationError("'\(seeds)' is no seed, and no range of seeds as 1...1000")
        }
        guard shrink == nil || jobs == 1 else { throw ValidationError("--shrink goes with one process") }
        if let plantedName, plantedName != "all", planted == nil {
            throw ValidationError("\(FaultError.bugUnknown(plantedName))")
        }
        for order in strike {
            do throws(FaultError) { _ = try FaultPointOrder(parsing: order) } catch {
                throw ValidationError("\(error)")
            }
        }
        guard (1...100).contains(starts), (1...10_000).contains(seedsMax) else {
            throw ValidationError("1 to 100 starts of 1 to 10000 seeds, not \(starts) of \(seedsMax)")
        }
        guard (1...256).contains(jobs) else { throw ValidationError("1 to 256 processes, not \(jobs)") }
    }

    private var planted: PlantedBug? { plantedName.flatMap(PlantedBug.init) }

    func run() throws {
        guard let range = SeedRange(seeds)?.seeds else { return }
        try DeterministicProcess.begin()
        if speed { return try measureSpeed() }
        if plantedName == "all" {
            let bugs = only.isEmpty ? PlantedBug.allCases : only
            let first = range.lowerBound
            return try SimulatePlanted(first: first, starts: starts, seedsMax: seedsMax, jobs: jobs, only: bugs).run()
        }
        var total = SimulationTotal()
        var series = SimulationSeries(
            planted: planted,
            strikes: strike,
            isSteered: steer,
            isCovered: coverage,
            isQuick: quick
        )
        if let plan {
            var plan = try SimulationPlan(path: plan)
            if let planted { plan.planted = planted }
            _ = try run(plan, again: "chaos simulate --plan \(self.plan!)" + plantedOption, &series, &total)
        } else if jobs > 1 {
            let options =
                strike.flatMap { ["--strike", $0] } + (steer ? ["--steer"] : []) + (coverage ? ["--coverage"] : [])
                + (quick ? ["--quick"] : [])
            total = try SimulationJobs.run(range, jobs: jobs, planted: planted, verbose: verbose, options: options)
        } else {
            for seed in range {
                let (plan, again) = series.next(seed: seed)
                let hasFailed = try run(plan, again: again, &series, &total)
                if hasFailed, shrink != nil { break }
            }
        }
        if coverage { printCoverage(total.coverage) }
        print(total.text)
        if total.violations > 0 { throw ChaosStatus.violation }
        if total.undecided > 0 { throw ChaosStatus.couldNot }
    }
}

extension SimulateCommand {
    private var plantedOption: String { planted.map { " --planted \($0.rawValue)" } ?? "" }

    /// - Returns: whether it was found to be wrong.
    private func run(
        _ plan: SimulationPlan,
        again: String,
        _ series: inout SimulationSeries,
        _ total: inout SimulationTotal
    ) throws -> Bool {
        let result = try series.run(plan, print: trace ? { print($0) } : nil)
        if verbose { print(result.line) }
        total.add(result)
        if let history { try Data(result.history).write(to: URL(filePath: history)) }
        if !result.isValid { print(result.report(again: again)) }
        guard !result.findings.isEmpty else { return false }
        if let shrink { try makeSmaller(plan, file: shrink) }
        return true
    }

    private func makeSmaller(_ plan: SimulationPlan, file: String) throws {
        let run = try PlanRun(plan)
        print("shrinking: \(run.kinds.sorted().joined(separator: ", "))")
        let small = try run.shrink(plan) { smaller in
            print("  smaller: \(smaller.size)")
            fflush(nil)
        }
        guard let small else { throw SimulationError.shareFailed("the plan does not fail in a process of its own") }
        try small.plan.write(to: file)
        print(small.plan.text)
        print("\(small.tries) runs; again: chaos simulate --plan \(file) --trace")
    }

    private func measureSpeed() throws {
        let speed = try SimulationSpeed.measure(virtualSeconds: 30)
        print(speed.text)
        guard speed.isValid else { throw ChaosStatus.violation }
    }

    private func printCoverage(_ coverage: SimulationCoverage) {
        var table = TextTable(
            [
                TextTable.Column("reached", .left), TextTable.Column("times", .right),
                TextTable.Column("seeds", .right),
            ],
            lineWidthMax: 160
        )
        for name in SimulationCoverage.everything where coverage.count(of: name).times > 0 {
            let count = coverage.count(of: name)
            table.append([name, "\(count.times)", "\(count.seeds)"])
        }
        print("\(table.text)\n")
        let unreached = coverage.unreached
        for name in unreached { print("not reached: \(name)") }
        for (name, reason) in SimulationCoverage.notSimulated { print("not simulated: \(name): \(reason)") }
        let all = SimulationCoverage.everything.count
        print("\(all - unreached.count) of \(all) reached, \(SimulationCoverage.notSimulated.count) not simulated")
    }
}

/// A share of the seeds of `chaos simulate`, which no person calls.
struct SimulateShareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "simulate-share", shouldDisplay: false)

    @Option var seeds: String
    @Option var planted: PlantedBug?
    @Option var strike: [String] = []
    @Flag var steer = false
    @Flag var coverage = false
    @Flag var quick = false
    @Flag var verbose = false

    func run() throws {
        try DeterministicProcess.begin()
        guard let seeds = SeedRange(seeds) else { throw ValidationError("'\(seeds)' is no range") }
        let series = SimulationSeries(
            planted: planted,
            strikes: strike,
            isSteered: steer,
            isCovered: coverage,
            isQuick: quick
        )
        try SimulationJobs.runShare(seeds.seeds, series, verbose: verbose)
    }
}

/// Seeds as they are given: `7`, or `1...1000`.
struct SeedRange {
    let seeds: ClosedRange<UInt64>

    init?(_ text: String) {
        let ends = text.split(separator: ".", omittingEmptySubsequences: true).map { UInt64($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
            return nil
        }
        seeds = first...last
    }
}
