// Simulations side by side: a simulation has one thread, so each share of the seeds is a process.
//
// A share says, line by line, which seed it begins and what came of it; so what it had done is known also where it crashes.

import Foundation
import RingmasterProtocol

/// Shares a range of seeds between processes of this program.
public enum SimulationJobs {
    /// Seeds of one process: what a simulation leaves in memory goes with it.
    private static let seedsPerProcess: UInt64 = 50

    /// In front of the seed that a share begins and of the command that runs it once more.
    private static let beginMark = "begins "
    /// In front of a seed's sums.
    private static let totalMark = "sums "

    /// Prints what each process reports of failing seeds, and gives the sum. A seed at which a process dies counts as a violation,
    /// and the rest of its share goes to another process.
    /// - Throws: `SimulationError.shareFailed` where a process ends before it has begun a seed.
    public static func run(
        _ range: ClosedRange<UInt64>,
        jobs: Int,
        planted: PlantedBug?,
        verbose: Bool,
        options: [String] = []
    ) throws -> SimulationTotal {
        let options = (planted.map { ["--planted", $0.rawValue] } ?? []) + (verbose ? ["--verbose"] : []) + options
        return try run(range, jobs: jobs, options, program: program)
    }

    static func run(
        _ range: ClosedRange<UInt64>,
        jobs: Int,
        _ options: [String],
        program: URL,
        print: (String) -> Void = { Swift.print($0) }
    ) throws -> SimulationTotal {
        var total = SimulationTotal()
        var next: UInt64? = range.lowerBound
        var running: [Share] = []
        while next != nil || !running.isEmpty {
            while running.count < jobs, let first = next {
                let last = min(range.upperBound, first.addingReportingOverflow(seedsPerProcess - 1).partialValue)
                running.append(try Share(first...last, options, program))
                next = last < range.upperBound ? last + 1 : nil
            }
            // In their order, so that what is printed is the same each time.
            let share = running.removeFirst()
            guard let crashed = try share.take(&total, print), crashed < share.seeds.upperBound else { continue }
            running.insert(try Share(crashed + 1...share.seeds.upperBound, options, program), at: 0)
        }
        return total
    }

    /// By its own path: of a link in /proc a backtrace has no symbols.
    static var program: URL { URL(filePath: "/proc/self/exe").resolvingSymlinksInPath() }

    /// A process that runs.
    private struct Share {
        let seeds: ClosedRange<UInt64>
        private let process = Process()
        private let output = Pipe()

        /// - Parameter options: Options of the command that its share has, too.
        init(_ seeds: ClosedRange<UInt64>, _ options: [String], _ program: URL) throws {
            self.seeds = seeds
            process.executableURL = program
            process.arguments = ["simulate-share", "--seeds", "\(seeds.lowerBound)...\(seeds.upperBound)"] + options
            process.standardOutput = output
            try process.run()
        }

        /// Waits for its end, and takes what it says.
        /// - Returns: the seed at which it died; nil: it came to its end.
        func take(_ total: inout SimulationTotal, _ print: (String) -> Void) throws -> UInt64? {
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            var begun: (seed: UInt64, again: String)?
            for line in text.split(separator: "\n") {
                if line.hasPrefix(beginMark) {
                    let words = line.dropFirst(beginMark.count).split(separator: " ", maxSplits: 1)
                    guard words.count == 2, let seed = UInt64(words[0]) else { continue }
                    begun = (seed, String(words[1]))
                } else if line.hasPrefix(totalMark) {
                    let bytes = Data(line.dropFirst(totalMark.count).utf8)
                    total.add(try JSONDecoder().decode(SimulationTotal.self, from: bytes))
                    begun = nil
                } else {
                    print(String(line))
                }
            }
            let isSignal = process.terminationReason == .uncaughtSignal
            let end = "\(isSignal ? "by signal" : "with") \(process.terminationStatus)"
            guard let begun else {
                guard !isSignal, process.terminationStatus == 0 else {
                    throw SimulationError.shareFailed("it ended \(end), with no seed in hand")
                }
                return nil
            }
            print(
                "seed \(begun.seed):\n\(PlanRun.mark)crash: the process ended \(end)\n  again: \(begun.again) --trace"
            )
            total.addCrash()
            return begun.seed
        }
    }

    /// One share, in its process.
    public static func runShare(_ seeds: ClosedRange<UInt64>, _ series: SimulationSeries, verbose: Bool) throws {
        var series = series
        for seed in seeds {
            if verbose { print("seed \(seed)") }
            let (plan, again) = series.next(seed: seed)
            print("\(beginMark)\(seed) \(again)")
            fflush(nil)
            let result = try series.run(plan)
            if verbose { print(result.line) }
            if !result.isValid { print(result.report(again: again)) }
            var total = SimulationTotal()
            total.add(result)
            print(totalMark + String(decoding: try JSONEncoder().encode(total), as: UTF8.self))
            fflush(nil)
        }
    }
}
