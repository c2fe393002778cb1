// Simulations side by side: a simulation has one thread, so each share of the seeds is a process.

import Foundation
import RingmasterProtocol

/// Shares a range of seeds between processes of this program.
public enum SimulationJobs {
    /// Seeds of one process: what a simulation leaves in memory goes with it.
    private static let seedsPerProcess: UInt64 = 50

    /// Prints what each process reports of failing seeds, and gives the sum.
    public static func run(
        _ range: ClosedRange<UInt64>,
        jobs: Int,
        planted: PlantedBug?,
        verbose: Bool,
        options: [String] = []
    ) throws -> SimulationTotal {
        var total = SimulationTotal()
        var next: UInt64? = range.lowerBound
        var running: [(process: Process, output: Pipe)] = []
        while next != nil || !running.isEmpty {
            while running.count < jobs, let first = next {
                let last = min(range.upperBound, first.addingReportingOverflow(seedsPerProcess - 1).partialValue)
                running.append(try start(first...last, planted, verbose: verbose, options))
                next = last < range.upperBound ? last + 1 : nil
            }
            // In their order, so that what is printed is the same each time.
            let (process, output) = running.removeFirst()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            total.add(try take(text, status: process.terminationStatus))
        }
        return total
    }

    /// By its own path: of a link in /proc a backtrace has no symbols.
    static var program: URL { URL(filePath: "/proc/self/exe").resolvingSymlinksInPath() }

    /// - Parameter options: Options of the command that its share has, too.
    private static func start(
        _ seeds: ClosedRange<UInt64>,
        _ planted: PlantedBug?,
        verbose: Bool,
        _ options: [String]
    ) throws -> (Process, Pipe) {
        let process = Process()
        process.executableURL = program
        process.arguments =
            ["simulate-share", "--seeds", "\(seeds.lowerBound)...\(seeds.upperBound)"]
            + (planted.map { ["--planted", $0.rawValue] } ?? []) + (verbose ? ["--verbose"] : [])
            + options
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return (process, output)
    }

    /// The last line is the sum.
    private static func take(_ text: String, status: Int32) throws -> SimulationTotal {
        let lines = text.split(separator: "\n")
        for line in lines.dropLast() { print(line) }
        guard let last = lines.last, let total = try? JSONDecoder().decode(SimulationTotal.self, from: Data(last.utf8))
        else {
            if let last = lines.last { print(last) }
            throw SimulationError.shareFailed("it ended with \(status)")
        }
        return total
    }

    /// One share, in its process.
    public static func runShare(_ seeds: ClosedRange<UInt64>, _ series: SimulationSeries, verbose: Bool) throws {
        var series = series
        var total = SimulationTotal()
        for seed in seeds {
            if verbose { print("seed \(seed)") }
            let (plan, again) = series.next(seed: seed)
            let result = try series.run(plan)
            if verbose { print(result.line) }
            if !result.isValid { print(result.report(again: again)) }
            fflush(nil)
            total.add(result)
        }
        print(String(decoding: try JSONEncoder().encode(total), as: UTF8.self))
    }
}
