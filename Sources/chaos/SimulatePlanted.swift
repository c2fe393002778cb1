// `chaos simulate --planted all`: how soon simulations notice each mistake, and that they find nothing without one.

import ArgumentParser
import ChaosKit
import Foundation
import Measurement
import Ringmaster

/// The table of mistakes. Each is tried from several seeds on, so that there is a median.
struct SimulatePlanted {
    let first: UInt64
    let starts: Int
    let seedsMax: UInt64
    let jobs: Int
    let only: [PlantedBug]

    /// Between two starts: farther than any of them goes.
    private static let distance: UInt64 = 10_000

    private var ranges: [ClosedRange<UInt64>] {
        (0..<UInt64(starts)).map { first + $0 * Self.distance }.map { $0...($0 + seedsMax - 1) }
    }

    func run() throws {
        var table = TextTable(
            [
                TextTable.Column("mistake", .left), TextTable.Column("caught", .right),
                TextTable.Column("median seeds", .right), TextTable.Column("most", .right),
                TextTable.Column("median s", .right), TextTable.Column("by, first", .left),
            ],
            lineWidthMax: 160
        )
        let bugs = only.filter { PlantedSimulation.reasonUnseen($0) == nil }
        let simulations = bugs.flatMap { bug in ranges.map { PlantedSimulation(bug, seeds: $0) } }
        var outcomes: [PlantedBug: [PlantedSimulation.Outcome]] = [:]
        var tried: [UInt64: Int] = [:]
        try PlantedSimulation.run(simulations, jobs: jobs) { simulation, outcome in
            guard let bug = simulation.planted else { return }
            let from = simulation.seeds.lowerBound
            tried[from] = max(tried[from] ?? 0, outcome.seeds)
            outcomes[bug, default: []].append(outcome)
            tell("\(bug.rawValue) from \(from): \(outcome.finding ?? "not caught") after \(outcome.seeds) seeds")
        }
        var caught = 0
        var medians: [Double] = []
        for bug in bugs {
            let all = outcomes[bug] ?? []
            let found = all.filter { $0.finding != nil }
            // One that was never caught counts as more than any.
            let seeds = median(all.map { $0.finding == nil ? .infinity : Double($0.seeds) })
            medians.append(seeds)
            if found.count == all.count { caught += 1 }
            table.append([
                bug.rawValue, "\(found.count) of \(all.count)", text(seeds), "\(all.map(\.seeds).max() ?? 0)",
                text(median(found.map(\.seconds).filter { !$0.isNaN })), found.first?.finding ?? "nothing",
            ])
        }
        print(
            "\n\(table.text)\n\(caught) of \(bugs.count) caught from every start; median of the medians: \(text(median(medians))) seeds"
        )
        for bug in only { if let reason = PlantedSimulation.reasonUnseen(bug) { print("\(bug.rawValue): \(reason)") } }
        let isSound = try control(tried)
        if !isSound || caught < bugs.count { throw ChaosStatus.violation }
    }

    /// Runs every seed that was tried, without a mistake.
    private func control(_ tried: [UInt64: Int]) throws -> Bool {
        let controls = tried.sorted { $0.key < $1.key }.map { from, count in
            PlantedSimulation(nil, seeds: from...(from + UInt64(max(1, count)) - 1))
        }
        var (seeds, wrong, undecided) = (0, 0, 0)
        try PlantedSimulation.run(controls, jobs: jobs) { simulation, outcome in
            seeds += outcome.seeds
            undecided += outcome.undecided
            guard let finding = outcome.finding else { return }
            wrong += 1
            print("control, seed \(simulation.seeds.lowerBound + UInt64(outcome.seeds) - 1): \(finding)")
        }
        print("control: \(seeds) seeds without a mistake, \(wrong) violations, \(undecided) undecided")
        return wrong == 0
    }

    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }

    private func text(_ value: Double) -> String {
        value.isNaN ? "-" : value.isInfinite ? "not caught" : "\((value * 10).rounded() / 10)"
    }
}

/// Seeds of one mistake from one start, which no person calls.
struct SimulatePlantedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "simulate-planted", shouldDisplay: false)

    @Option var seeds: String
    @Option var planted: PlantedBug?

    func run() throws {
        try DeterministicProcess.begin()
        guard let seeds = SeedRange(seeds) else { throw ValidationError("'\(seeds)' is no range") }
        try PlantedSimulation(planted, seeds: seeds.seeds).report()
    }
}
