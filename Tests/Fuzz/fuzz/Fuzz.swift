// `swift run -c release fuzz`: hostile bytes for everything that reads what comes from outside.

import ArgumentParser
import Fuzzing
import Glibc

@main
struct Fuzz: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feeds mutated frames, values, messages, endpoints and key files to what reads them.",
        discussion: """
            The same seed gives the same inputs. An input that breaks a promise, crashes or takes too long is printed in \
            hex with the command that feeds it again, and the exit code is 1.
            """
    )

    @Option(help: "How many inputs to make.")
    var iterations = 1_000_000

    @Option(help: "Where the random numbers begin.")
    var seed: UInt64 = 1

    @Option(help: "The first iteration, to repeat one that failed.")
    var first = 0

    @Option(help: ArgumentHelp("Feed these bytes (hex) to --target instead.", valueName: "hex"))
    var input: String?

    @Option(help: "The target of --input, by its name in the table.")
    var target = "frames"

    mutating func validate() throws {
        guard iterations >= 1, first >= 0 else {
            throw ValidationError("--iterations is at least 1, --first at least 0")
        }
    }

    mutating func run() async throws {
        let run = FuzzRun(seed: seed)
        CrashReport.install()
        let clock = ContinuousClock()
        let start = clock.now
        var memory = MemoryUse()
        do {
            if let input {
                try run.feed(bytes(of: input), toTarget: target)
            } else {
                if first == 0 { try run.feedTruncatedSeeds() }
                try feed(run, &memory)
            }
        } catch let finding as FuzzFinding {
            print(finding)
            throw ExitCode(1)
        }
        show(run, start.duration(to: clock.now))
        guard iterations >= 10_000, input == nil else { return }
        print(memory)
        if let complaint = memory.complaint {
            print(complaint)
            throw ExitCode(1)
        }
    }

    /// Feeds in steps, and looks at the memory in use once everything has been used a while, and at the end.
    private func feed(_ run: FuzzRun, _ memory: inout MemoryUse) throws {
        let step = max(1, iterations / 20)
        for begin in stride(from: first, to: first + iterations, by: step) {
            try run.feed(iterations: begin..<min(begin + step, first + iterations))
            memory.look()
        }
    }

    private func bytes(of hex: String) throws -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count % 2 == 0, digits.count == hex.count else {
            throw ValidationError("--input is pairs of hex digits")
        }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private func show(_ run: FuzzRun, _ time: Duration) {
        for (target, counts) in run.verdicts where !counts.isEmpty {
            let total = counts.values.reduce(0, +)
            print("\(target): \(total) inputs")
            for (verdict, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                let text = String(count)
                print(String(repeating: " ", count: max(1, 10 - text.count)) + text + "  " + verdict)
            }
        }
        let rate = Int(Double(run.inputs) / max(time / .seconds(1), 1e-9))
        print(
            "\(run.inputs) inputs from seed \(seed) in \(time.formattedSeconds) s, \(rate) a second, no promise broken"
        )
    }
}

extension Duration {
    fileprivate var formattedSeconds: String {
        let hundredths = Int(self / .milliseconds(10))
        let rest = String(hundredths % 100)
        return "\(hundredths / 100).\(rest.count == 1 ? "0" : "")\(rest)"
    }
}
