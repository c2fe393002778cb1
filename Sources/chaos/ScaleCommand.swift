// `chaos scale`: simulated clusters of growing size, and what each costs.

import ArgumentParser
import ChaosKit
import Foundation
import Measurement

struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Count what clusters of growing size cost.",
        discussion: """
            Each size is a simulated cluster of production code in one process: messages, bytes and virtual times are the same each \
            time, the processor's time is measured. DIR gets rest.csv, resizes.csv, traffic.csv, machine.json and plots. Use a \
            release build on a quiet machine. docs/SCALE.md says what came of it.

            \(ChaosStatus.list)
            """
    )

    @Option(help: ArgumentHelp("Numbers of workers, separated by commas.", valueName: "list"))
    var workers = "10,32,100,320,1000"
    @Option(help: ArgumentHelp("Slots of the ring.", valueName: "n")) var slots = 131_072
    @Option(
        help: ArgumentHelp("More numbers of slots, measured with 100 workers; 'none' for none.", valueName: "list")
    )
    var slotsSweep = "4096,16384,32768,65536,262144"
    @Option(help: ArgumentHelp("Clients, which listen for the view.", valueName: "n")) var clients = 8
    @Option(help: ArgumentHelp("Coordinators.", valueName: "n")) var coordinators = 3
    @Option(help: ArgumentHelp("How often a worker joins and leaves, and another joins and dies.", valueName: "n"))
    var rounds = 3
    @Option(help: ArgumentHelp("Where the results go.", valueName: "dir")) var out = "results/scale"
    @OptionGroup var format: FormatOptions

    private static let sweepWorkers = 100

    func validate() throws {
        guard numbers(workers)?.allSatisfy({ (1...2000).contains($0) }) ?? false else {
            throw ValidationError("--workers is '\(workers)'; possible are numbers from 1 to 2000, with commas between")
        }
        guard let sweep = numbers(slotsSweep),
            (sweep + [slots]).allSatisfy({ $0 > 0 && $0 & ($0 - 1) == 0 && $0 <= 1 << 20 })
        else { throw ValidationError("numbers of slots are powers of two up to 1048576") }
        guard [1, 3, 5].contains(coordinators) else {
            throw ValidationError("1, 3 or 5 coordinators, not \(coordinators)")
        }
        guard (1...200).contains(clients) else { throw ValidationError("1 to 200 clients, not \(clients)") }
        guard (1...20).contains(rounds) else { throw ValidationError("1 to 20 rounds, not \(rounds)") }
    }

    /// nil: it is no list of numbers.
    private func numbers(_ list: String) -> [Int]? {
        guard list != "none" else { return [] }
        let parts = list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        return parts.allSatisfy { $0 != nil } ? parts.compactMap(\.self) : nil
    }

    func run() throws {
        try DeterministicProcess.begin()
        func size(_ workers: Int, _ slots: Int) -> ScaleSize {
            ScaleSize(workers: workers, slots: slots, clients: clients, coordinators: coordinators, rounds: rounds)
        }
        var sizes = (numbers(workers) ?? []).map { size($0, slots) }
        sizes += (numbers(slotsSweep) ?? []).filter { $0 != slots }.map { size(Self.sweepWorkers, $0) }
        let measurements = try ScaleRun.measure(sizes) { measurement in
            print(ScaleTables.text(of: measurement), terminator: "")
            fflush(nil)
        }
        let machine = MachineInfo.current(
            command: (["chaos"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
        )
        for warning in try ScaleFolder.write(measurements, on: machine, to: out, formats: format.formats) {
            print(warning)
        }
        print("written to \(out)")
    }
}

/// One cluster of `chaos scale`, which no person calls.
struct ScaleShareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "scale-share", shouldDisplay: false)

    @Argument var size: String

    func run() throws {
        try DeterministicProcess.begin()
        print(try ScaleRun.share(size))
    }
}
