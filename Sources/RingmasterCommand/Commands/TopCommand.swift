// `ringmaster top`: a cluster as it moves.

import ArgumentParser
import Glibc
import Ringmaster

struct TopCommand: StoppableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch a cluster: rate, latency, slots, log, leader.",
        discussion: """
            On a terminal a live screen, elsewhere a line a sample. The latency is that of reads which it makes itself, \
            \(probesPerSample) a sample, of a key that is not there; the percentiles are of the last \(windowMax). Ctrl-C ends it.

            \(ExitStatus.list)
            """
    )

    private static let probesPerSample = 20
    private static let windowMax = 1000
    private static let probeKey = Array("ringmaster/probe".utf8)

    @OptionGroup var client: ClientOptions

    @Option(help: "Seconds between two samples, 0.1 to 60.")
    var interval: Double = 1

    @Option(help: "End after so many samples.")
    var count: Int?

    func validate() throws {
        guard (0.1...60).contains(interval) else {
            throw ValidationError("--interval \(interval) is not within 0.1 to 60")
        }
        if let count, count < 1 { throw ValidationError("--count \(count) is below 1") }
    }

    func run() async throws {
        let configuration = try client.configuration()
        let admin = try await ClusterAdmin(configuration)
        let signals = StopSignals.stream()
        let isScreen = Terminal.isThere
        if isScreen { Terminal.enter() }
        let work = Task { [interval, count] in
            let prober = Prober(configuration, key: Self.probeKey, countMax: Self.windowMax)
            var before: (jobs: UInt64, at: ContinuousClock.Instant)?
            var samples = 0
            while !Task.isCancelled {
                let begun = ContinuousClock.now
                let sample = await Self.sample(admin, prober, &before)
                if isScreen {
                    let size = Terminal.size
                    Terminal.draw(sample.lines(columns: size.columns, rows: size.rows))
                } else {
                    printNow(sample.line)
                }
                samples += 1
                if let count, samples >= count { break }
                try? await Task.sleep(until: begun + .seconds(interval), clock: .continuous)
            }
            await prober.close()
        }
        let stop = Task.detached {
            for await _ in signals { work.cancel() }
        }
        await work.value
        stop.cancel()
        if isScreen { Terminal.leave() }
        await admin.close()
    }

    private static func sample(
        _ admin: ClusterAdmin,
        _ prober: Prober,
        _ before: inout (jobs: UInt64, at: ContinuousClock.Instant)?
    ) async -> TopSample {
        let coordinators = await admin.coordinators()
        let leader = coordinators.compactMap(\.status).filter { $0.role == "leader" }.max { $0.term < $1.term }
        let now = ContinuousClock.now
        var rate: Double?
        if let leader {
            if let before, leader.jobIndex >= before.jobs {
                rate = Double(leader.jobIndex - before.jobs) / ((now - before.at) / Duration.seconds(1))
            }
            before = (leader.jobIndex, now)
            if !leader.workers.isEmpty { await prober.probe(probesPerSample) }
        }
        return TopSample(
            leader: leader,
            coordinators: coordinators,
            workers: leader == nil ? [] : (try? await admin.workers()) ?? [],
            jobsPerSecond: rate,
            p50: await prober.window.percentile(0.5),
            p99: await prober.window.percentile(0.99),
            probeFailures: await prober.failures
        )
    }
}

/// Reads a key again and again and notes how long that takes.
private actor Prober {
    private static let timeout: Duration = .seconds(1)

    private let configuration: ClientConfiguration
    private let key: [UInt8]
    private var client: Client?
    private(set) var window: LatencyWindow
    private(set) var failures = 0

    init(_ configuration: ClientConfiguration, key: [UInt8], countMax: Int) {
        self.configuration = configuration
        self.key = key
        window = LatencyWindow(countMax: countMax)
    }

    func close() async {
        await client?.close()
    }

    func probe(_ count: Int) async {
        do {
            var quick = configuration
            quick.openTimeout = Self.timeout
            let client: Client
            if let present = self.client { client = present } else { client = try await Client(quick) }
            self.client = client
            // The first of a connection measures the making of it.
            _ = try await client.readRaw(key: key, timeout: Self.timeout)
            for _ in 0..<count {
                let begun = ContinuousClock.now
                _ = try await client.readRaw(key: key, timeout: Self.timeout)
                window.add(ContinuousClock.now - begun)
            }
        } catch {
            failures += 1
        }
    }
}
