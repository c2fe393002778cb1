// `bench run`, which plain `bench` means: measures, prints one table, writes results.

import ArgumentParser
import BenchResults
import Foundation
import Measurement
import Ringmaster

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure, print the table, write results/<name>/. The default.",
        discussion: """
            Scenarios:
            \(ScenarioName.allCases.map { "  \($0.rawValue): \($0.abstract)" }.joined(separator: "\n"))
            Groups of them:
            \(ScenarioName.Group.allCases.map { "  \($0.rawValue): \($0.abstract)" }.joined(separator: "\n"))

            Plain bench measures the group core; make bench measures core,cluster. Swift and raw C run in turn (A B A B);
            ratios are medians of pairs, and above 1 is better than raw C. A cluster's coordinators keep their logs on a
            real disk and synchronise them, unless the row says memory. Exit status: 0 measured, 1 could not measure, 64
            usage.
            """
    )

    @Option(help: "Scenarios and groups to run, separated by commas.")
    var scenarios: ScenarioList = ScenarioList(names: ScenarioName.Group.core.members)

    @Option(help: "Bytes of payload in every scenario, 0 to 33,554,432, instead of the standard ones.")
    var payload: Int?

    @Option(help: "Transports: tcp, ipc or both. Scenarios other than roundtrip and restart use the first.")
    var transports: TransportList = TransportList(transports: [.tcp, .ipc])

    @Option(help: "Multiply every measured time: 0.1 is a smoke test, 10 a long run.")
    var scale: Double = 1

    @Option(help: "Pairs of Swift and raw C in each measurement, instead of the planned number.")
    var pairs: Int?

    @Option(help: "Name of the run; by default the time and the commit.")
    var name: String?

    @Option(help: "Directory for the results, instead of results/<name>.")
    var out: String?

    @Option(help: "What to write, separated by commas: \(OutputFormats.allNames.joined(separator: ", ")).")
    var format: FormatList = FormatList(formats: .all)

    @Flag(help: "Measure in a debug build. The figures then say nothing about a release build.")
    var allowDebug = false

    func validate() throws {
        if let payload, !(0...Limits.payloadBytesMax).contains(payload) {
            throw ValidationError("--payload \(payload) is not within 0...\(Limits.payloadBytesMax)")
        }
        guard scale > 0, scale <= 1000 else { throw ValidationError("--scale \(scale) is not within 0...1000") }
        if let pairs, !(1...1000).contains(pairs) { throw ValidationError("--pairs \(pairs) is not within 1...1000") }
    }

    func run() async throws {
        if ReleaseBuild.isNeeded, !allowDebug {
            try ReleaseBuild.runInstead(arguments: Array(CommandLine.arguments.dropFirst()))
        }
        let machine = MachineInfo.current(
            command: (["bench"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
            versions: ["libzmq": MessagingContext.libraryVersion, "swift": ReleaseBuild.compilerVersion]
        )
        let directory = URL(filePath: out ?? "results/\(name ?? Self.standardName(machine))")
        var run = BenchRun(machine: machine)
        if ReleaseBuild.isNeeded {
            run.note("Measured in a debug build: the figures say nothing about a release build.")
        }
        try await measure(&run)
        run.judge()
        print(summaryTable(run), terminator: "")
        let written = try run.write(to: directory, formats: format.formats)
        for warning in written.warnings { print("warning: \(warning)") }
        print("\nWritten to \(directory.relativePath)/")
        if format.formats.contains(.html) { print("Open \(directory.relativePath)/report.html in a browser.") }
    }

    private func measure(_ run: inout BenchRun) async throws {
        let place = try BenchPlace()
        defer { place.remove() }
        let choices = BenchChoices(
            scenarios: Set(scenarios.names),
            payloadBytes: payload,
            transports: transports.transports,
            timeScale: scale,
            pairs: pairs
        )
        let steps = ScenarioName.allCases.filter(choices.scenarios.contains).flatMap { $0.steps(choices, place) }
        let bar = ProgressBar(plannedSeconds: steps.map(\.plannedSeconds).reduce(0, +))
        let ticks = Task.detached {
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(500))
                bar.tick()
            }
        }
        defer {
            ticks.cancel()
            bar.finish()
        }
        for step in steps {
            bar.beginStep(step.label, plannedSeconds: step.plannedSeconds)
            try await step.measure(&run)
        }
    }

    private static func standardName(_ machine: MachineInfo) -> String {
        let time = machine.date.filter { !":-".contains($0) }
        return machine.commit.map { "\(time)-\($0.prefix(8))" } ?? time
    }
}

/// A list of scenarios on the command line.
struct ScenarioList: ExpressibleByArgument {
    let names: [ScenarioName]

    init(names: [ScenarioName]) {
        self.names = names
    }

    init?(argument: String) {
        var names: [ScenarioName] = []
        for word in argument.split(separator: ",").map(String.init) {
            if let group = ScenarioName.Group(rawValue: word) {
                names += group.members
            } else if let name = ScenarioName(rawValue: word) {
                names.append(name)
            } else {
                return nil
            }
        }
        guard !names.isEmpty else { return nil }
        self.names = names
    }

    var defaultValueDescription: String { "core" }
    static var allValueStrings: [String] {
        ScenarioName.Group.allCases.map(\.rawValue) + ScenarioName.allCases.map(\.rawValue)
    }
}

/// A list of transports on the command line.
struct TransportList: ExpressibleByArgument {
    let transports: [Transport]

    init(transports: [Transport]) {
        self.transports = transports
    }

    init?(argument: String) {
        let transports = argument.split(separator: ",").map { Transport(rawValue: String($0)) }
        guard !transports.isEmpty, !transports.contains(nil), !transports.contains(.inproc) else { return nil }
        self.transports = transports.compactMap { $0 }
    }

    var defaultValueDescription: String { transports.map(\.rawValue).joined(separator: ",") }
    static var allValueStrings: [String] { ["tcp", "ipc"] }
}

/// A list of formats on the command line.
struct FormatList: ExpressibleByArgument {
    let formats: OutputFormats

    init(formats: OutputFormats) {
        self.formats = formats
    }

    init?(argument: String) {
        guard let formats = OutputFormats(names: argument) else { return nil }
        self.formats = formats
    }

    var defaultValueDescription: String { OutputFormats.allNames.joined(separator: ",") }
    static var allValueStrings: [String] { OutputFormats.allNames }
}
