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

    @Option(help: "How many of them to send at a running server, client and subscriber as well.")
    var live = 20_000

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
        try await sendLive()
    }

    /// Feeds in steps, and looks at the memory in use once everything has been used a while, and at the end.
    private func feed(_ run: FuzzRun, _ memory: inout MemoryUse) throws {
        let step = max(1, iterations / 20)
        for begin in stride(from: first, to: first + iterations, by: step) {
            try run.feed(iterations: begin..<min(begin + step, first + iterations))
            memory.look()
        }
    }

    /// Sends bodies at running peers, each of which must go on serving.
    private func sendLive() async throws {
        guard live > 0 else { return }
        let fuzz = LiveFuzz(seed: seed)
        do {
            print("server: \(try await fuzz.atServer(bodies: live))")
            print("client: \(try await fuzz.atClient(bodies: live))")
            print("subscriber: \(try await fuzz.atSubscriber(bodies: live))")
        } catch let broken as BrokenPromise {
            print("live: broken promise: \(broken.promise)\n  again: fuzz --seed \(seed) --live \(live)")
            throw ExitCode(1)
        }
        print("\(3 * live) bodies sent at running peers, no promise broken")
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
