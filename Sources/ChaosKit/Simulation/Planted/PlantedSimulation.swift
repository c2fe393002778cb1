// How many seeds it takes until a simulation notices a mistake that is planted.

import Foundation
import Ringmaster

/// Seeds from one on, with a mistake or without, until one is found wrong.
public struct PlantedSimulation: Sendable {
    /// nil: none, for the control.
    public let planted: PlantedBug?
    public let seeds: ClosedRange<UInt64>

    public init(_ planted: PlantedBug?, seeds: ClosedRange<UInt64>) {
        self.planted = planted
        self.seeds = seeds
    }

    /// What came of it.
    public struct Outcome: Sendable, Codable {
        /// Seeds that were run, the one that was found wrong among them.
        public var seeds: Int
        /// Of the processor, for all of them.
        public var seconds: Double
        /// By what the last of them was found wrong; nil: none was.
        public var finding: String?
        /// Seeds before it whose verdict stayed open.
        public var undecided: Int
    }

    /// Why a mistake can be in a simulation and not be seen; nil: it can be.
    public static func reasonUnseen(_ bug: PlantedBug) -> String? {
        switch bug {
        case .seededHashInState: "all processes of a simulation share one hash seed"
        case .voteForgotten: "the simulated disk keeps term and vote apart from the files that this mistake writes to"
        case .twinTakenForSuccessor: "no simulation begins two processes of one name"
        default: nil
        }
    }

    // MARK: In a process of its own

    /// Runs the seeds here, says which is run, and in the end prints the outcome as the last line.
    public func report() throws {
        var outcome = Outcome(seeds: 0, seconds: 0, finding: nil, undecided: 0)
        for seed in seeds where outcome.finding == nil {
            print("seed \(seed)")
            fflush(nil)
            let result = try Simulation(seed: seed, planted: planted).run()
            outcome.seeds += 1
            outcome.finding = result.findings.first
            if result.findings.isEmpty, !result.problems.isEmpty { outcome.undecided += 1 }
        }
        outcome.seconds = Self.processorSeconds
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
    }

    private static var processorSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    // MARK: From outside

    /// Begins the process; its outcome is for `outcome(of:)`.
    private func start() throws -> (Process, Pipe) {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["simulate-planted", "--seeds", "\(seeds.lowerBound)...\(seeds.upperBound)"]
            + (planted.map { ["--planted", $0.rawValue] } ?? [])
        let output = Pipe()
        process.standardOutput = output
        // What a process says that a mistake ends.
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, output)
    }

    private static func outcome(of process: Process, _ output: Pipe) throws -> Outcome {
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = text.split(separator: "\n")
        if let last = lines.last, let outcome = try? JSONDecoder().decode(Outcome.self, from: Data(last.utf8)) {
            return outcome
        }
        guard process.terminationReason == .uncaughtSignal else {
            throw SimulationError.shareFailed("it ended with \(process.terminationStatus)")
        }
        // An assertion of the production code: what it took is not known.
        let seeds = lines.count { $0.hasPrefix("seed ") }
        return Outcome(seeds: seeds, seconds: .nan, finding: "a process stopped itself", undecided: 0)
    }

    /// Runs many, at most `jobs` at a time, and hands each outcome over in their order.
    public static func run(
        _ simulations: [PlantedSimulation],
        jobs: Int,
        then: (PlantedSimulation, Outcome) -> Void
    ) throws {
        var rest = simulations[...]
        var running: [(simulation: PlantedSimulation, process: Process, output: Pipe)] = []
        while !rest.isEmpty || !running.isEmpty {
            while running.count < jobs, let next = rest.popFirst() {
                let (process, output) = try next.start()
                running.append((next, process, output))
            }
            let (simulation, process, output) = running.removeFirst()
            then(simulation, try outcome(of: process, output))
        }
    }
}
