// A made-up run that has everything a real one can have, the same every time.

import Foundation
import Measurement

@testable import BenchResults

/// Builds runs whose figures follow simple formulas with a little seeded noise.
struct SyntheticRun {
    private var state: UInt64
    private(set) var run = BenchRun(machine: SyntheticRun.machine)

    static let machine = MachineInfo(
        date: "2026-01-02T03:04:05Z",
        command: "swift run bench --out results/synthetic",
        cpu: "Synthetic CPU",
        cpuCount: 2,
        cpuGovernor: nil,
        memoryBytes: 8 << 30,
        kernel: "Linux 6.1 x86_64",
        operatingSystem: "Debian GNU/Linux 12",
        versions: ["libzmq": "4.3.4", "Swift": "6.3"],
        commit: "0123abc",
        isDirty: false
    )

    /// A run of three repetitions, and one with Swift 30 % slower; both are dear to make, so tests share them.
    static let usual = full()
    static let slow = full(seed: 2, slowdown: 1.3)
    /// A run of one repetition.
    static let single = full(repetitions: 1)

    /// A run with every scenario.
    ///
    /// - Parameters:
    ///   - slowdown: Multiplies Swift's latencies and divides its rates.
    ///   - repetitions: How many pairs of each measurement.
    static func full(seed: UInt64 = 1, slowdown: Double = 1, repetitions: Int = 3) -> BenchRun {
        var builder = SyntheticRun(state: seed)
        for _ in 0..<repetitions {
            builder.addRoundtrips(slowdown)
            builder.addThroughput(slowdown)
            builder.addScaling(slowdown)
            builder.addOpenLoop(slowdown)
        }
        builder.addRestart()
        builder.addCluster(slowdown)
        builder.addTables()
        builder.run.note("a synthetic run, not a measurement")
        builder.run.judge()
        return builder.run
    }

    private init(state: UInt64) {
        self.state = state
    }

    /// A number in 0..<1: SplitMix64 (Steele, Lea and Flood, 2014).
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
    }

    /// A number around 1.
    private mutating func noise() -> Double { 0.98 + 0.04 * uniform() }

    private mutating func latencies(medianUs: Double, count: Int = 2000) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for _ in 0..<count {
            let tail = pow(1 - uniform(), -0.25)
            histogram.record(Int64(medianUs * 1000 * tail * 0.84))
        }
        return histogram
    }

    private mutating func addRoundtrips(_ slowdown: Double) {
        for transport in [Transport.tcp, .ipc] {
            for payload in [0, 64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576] {
                let key = BenchKey(.roundtrip, transport: transport, payloadBytes: payload, inFlight: 1)
                let base = (transport == .tcp ? 65 : 55) + Double(payload) * 0.0012
                let swift = latencies(medianUs: base * 1.05 * slowdown * noise())
                let raw = latencies(medianUs: base * noise())
                run.addPair(
                    swift: BenchRow(
                        key,
                        .swift,
                        requests: 2000,
                        seconds: 0.2,
                        latency: LatencyFigures(swift),
                        cpuNsPerRequest: 31_000 * noise(),
                        allocsPerRequest: 0
                    ),
                    raw: BenchRow(key, .rawC, requests: 2000, seconds: 0.2, latency: LatencyFigures(raw)),
                    swiftLatency: payload == 64 ? swift : nil,
                    rawLatency: payload == 64 ? raw : nil
                )
            }
        }
    }

    private mutating func addThroughput(_ slowdown: Double) {
        for transport in [Transport.tcp, .ipc] {
            for coalesced in [false, true] {
                for inFlight in [1, 4, 16, 64, 256, 1024, 4096, 16384] {
                    let key = BenchKey(
                        .throughput,
                        transport: transport,
                        payloadBytes: 64,
                        inFlight: inFlight,
                        coalesced: coalesced
                    )
                    let ceiling = coalesced ? 5_100_000.0 : 1_300_000
                    let rate = ceiling / (1 + ceiling / (15_000 * Double(inFlight)))
                    let swiftRate = rate * 0.93 / slowdown * noise()
                    let swift = BenchRow(key, .swift, requests: Int(swiftRate), seconds: 1, allocsPerRequest: 0)
                    let raw = BenchRow(key, .rawC, requests: Int(rate * noise()), seconds: 1)
                    run.addPair(swift: swift, raw: raw)
                }
            }
        }
    }

    private mutating func addScaling(_ slowdown: Double) {
        for clients in [1, 4, 16] {
            for servers in [1, 2, 4, 8, 16, 32, 64] {
                let key = BenchKey(
                    .scaling,
                    transport: .tcp,
                    payloadBytes: 64,
                    inFlight: 256,
                    servers: servers,
                    clients: clients,
                    coalesced: true
                )
                let rate = 3_000_000 / (1 + 0.03 * Double(servers) + 0.05 * Double(clients)) / slowdown * noise()
                run.add(BenchRow(key, .swift, requests: Int(rate), seconds: 1))
            }
        }
    }

    private mutating func addOpenLoop(_ slowdown: Double) {
        for rate in [1000.0, 10_000, 50_000, 100_000, 200_000, 500_000] {
            let saturation = min(rate / 450_000, 1.2)
            let base = saturation < 1 ? 70 / (1 - saturation) : 40_000
            let raw = openLoopRow(.rawC, rate, base * noise())
            run.add(raw.row, latency: raw.histogram)
            let swift = openLoopRow(.swift, rate, base * 1.06 * slowdown * noise())
            run.add(swift.row, latency: swift.histogram, comparedTo: raw.row)
        }
    }

    private mutating func openLoopRow(
        _ variant: Variant,
        _ rate: Double,
        _ medianUs: Double
    ) -> (row: OpenLoopRow, histogram: LatencyHistogram) {
        let histogram = latencies(medianUs: medianUs)
        guard let figures = LatencyFigures(histogram) else { preconditionFailure("something was recorded") }
        let row = OpenLoopRow(
            variant,
            transport: .tcp,
            payloadBytes: 64,
            coalesced: true,
            targetRate: rate,
            requests: Int(min(rate, 450_000)),
            seconds: 1,
            latency: figures
        )
        return (row, histogram)
    }

    private mutating func addRestart() {
        let key = BenchKey(.restart, transport: .tcp, payloadBytes: 64, inFlight: 1)
        let (swift, raw) = (latencies(medianUs: 4000, count: 20), latencies(medianUs: 3800, count: 20))
        run.addPair(
            swift: BenchRow(key, .swift, requests: 20, seconds: 4, latency: LatencyFigures(swift)),
            raw: BenchRow(key, .rawC, requests: 20, seconds: 4, latency: LatencyFigures(raw)),
            swiftLatency: swift,
            rawLatency: raw
        )
    }

    private mutating func addCluster(_ slowdown: Double) {
        for replicas in [0, 1, 3] {
            let key = ClusterKeys.jobs(replicas: replicas)
            let swift = BenchRow(key, .swift, requests: Int(200_000 / slowdown * noise()), seconds: 1)
            guard replicas == 1 else {
                run.add(swift)
                continue
            }
            run.addPair(swift: swift, raw: BenchRow(key, .libraft, requests: 380_000, seconds: 1))
        }
        for (variant, medianUs) in [(Variant.swift, 250 * slowdown), (.rawC, 70), (.libraft, 110)] {
            let histogram = latencies(medianUs: medianUs)
            run.add(
                BenchRow(ClusterKeys.oneJob(), variant, requests: 2000, seconds: 1, latency: LatencyFigures(histogram))
            )
        }
        for (workers, cpu) in [(4, 8000.0), (64, 9000)] {
            let key = ClusterKeys.jobs(replicas: 1, workers: workers)
            run.add(BenchRow(key, .swift, requests: 100_000, seconds: 1, cpuNsPerRequest: cpu * slowdown))
        }
        let (disturbed, quiet, pauses) = (
            latencies(medianUs: 300 * slowdown), latencies(medianUs: 290),
            latencies(medianUs: 2000 * slowdown, count: 80)
        )
        run.addPair(
            swift: BenchRow(
                ClusterKeys.resize(),
                .swift,
                requests: 2000,
                seconds: 1,
                latency: LatencyFigures(disturbed),
                interruption: Interruption(pauseP99Us: 8000 * slowdown)
            ),
            raw: BenchRow(ClusterKeys.resize(), .quiet, requests: 2000, seconds: 1, latency: LatencyFigures(quiet)),
            swiftLatency: disturbed,
            rawLatency: quiet
        )
        run.addPauses(pauses, of: ClusterKeys.resize())
        for (scenario, medianUs) in [(Scenario.recoveryWorker, 4000.0), (.recoveryLeader, 130_000)] {
            let histogram = latencies(medianUs: medianUs * slowdown, count: 20)
            let figures = LatencyFigures(histogram)
            run.add(
                BenchRow(
                    ClusterKeys.recovery(scenario),
                    .swift,
                    requests: 20,
                    seconds: 1,
                    latency: figures,
                    interruption: Interruption(recoveryP50Us: figures?.p50Us, recoveryP99Us: figures?.p99Us)
                ),
                latency: histogram
            )
        }
        let snapshot = ClusterKeys.snapshot()
        run.addPair(
            swift: BenchRow(snapshot, .swift, requests: 90_000, seconds: 1, latency: LatencyFigures(disturbed)),
            raw: BenchRow(snapshot, .quiet, requests: 100_000, seconds: 1, latency: LatencyFigures(quiet))
        )
        run.add(BenchRow(ClusterKeys.handOver, .swift, requests: 3200, seconds: 0.2))
    }

    private mutating func addTables() {
        for exponent in 0...10 {
            let workers = 1 << exponent
            for target in [workers + 1, workers - 1, workers * 2] where target > 0 && target <= 1025 {
                let least = abs(target - workers) * 4096 / max(target, workers)
                let mean = 4096 / Double(target)
                run.add(
                    RingRow(
                        workersFrom: workers,
                        workersTo: target,
                        slots: 4096,
                        planUs: (30 + 0.05 * Double(workers)) * noise(),
                        moved: least,
                        leastPossible: least,
                        balance: mean.rounded(.up) / mean
                    )
                )
            }
        }
        run.add(MicroRow(name: "encode request frame, 64 B", ns: 11.3, instructions: 140, allocations: 0))
        run.add(MicroRow(name: "decode request frame, 64 B", ns: 9.8, instructions: nil, allocations: 0))
        for (requests, bytes) in [(1_000_000, 12_000_000), (10_000_000, 12_100_000)] {
            run.add(MemoryRow(.swift, requests: requests, residentBytes: bytes))
            run.add(MemoryRow(.rawC, requests: requests, residentBytes: bytes / 2))
        }
    }
}
