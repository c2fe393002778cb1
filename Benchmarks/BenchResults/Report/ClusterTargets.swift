// The targets of the cluster, each with the limit that was measured beside it.

import Measurement

/// The cluster's lines of targets.csv, each made from a run.
enum ClusterTargets {
    static let all: [@Sendable (BenchRun) -> TargetRow] = [
        overLibraft, { rate($0, replicas: 1, atLeast: 60_000, aim: 300_000) },
        { rate($0, replicas: 3, atLeast: 30_000, aim: 150_000) }, oneJob, pause, kept,
        { recovery($0, .recoveryWorker, .recoveryP50, atLeastMs: 15, aimMs: 3) },
        { recovery($0, .recoveryWorker, .recoveryP99, atLeastMs: 100, aimMs: 20) },
        { recovery($0, .recoveryLeader, .recoveryP50, atLeastMs: 250, aimMs: 100) },
        { recovery($0, .recoveryLeader, .recoveryP99, atLeastMs: 600, aimMs: 200) },
        handOver, manyWorkers,
    ]

    @Sendable static func overLibraft(_ run: BenchRun) -> TargetRow {
        let key = ClusterKeys.jobs(replicas: 1)
        return TargetRow(
            "durable jobs over libraft alone, n=1",
            better: .higher,
            atLeast: 0.35,
            aim: 0.8,
            measured: run.ratio(swift: key, over: .libraft, .rate)?.ratios.median,
            how: "64 B, fsync; libraft proposes as many entries at once, of as many bytes; median of pairs",
            limit: run.summary(key, .libraft, .rate).map { "libraft \(NumberText.short($0.median))/s" }
        )
    }

    private static func rate(_ run: BenchRun, replicas: Int, atLeast: Double, aim: Double) -> TargetRow {
        let key = ClusterKeys.jobs(replicas: replicas)
        let libraft = replicas == 1 ? run.summary(key, .libraft, .rate) : nil
        return TargetRow(
            "durable jobs/s, n=\(replicas)",
            better: .higher,
            atLeast: atLeast,
            aim: aim,
            measured: run.summary(key, .swift, .rate)?.median,
            how: "64 B, fsync, 2 workers, \(NumberText.grouped(ClusterKeys.inFlight)) in flight; median",
            limit: libraft.map { "libraft \(NumberText.short($0.median))/s" }
        )
    }

    @Sendable static func oneJob(_ run: BenchRun) -> TargetRow {
        let limit = run.oneJobLimit
        return TargetRow(
            "one job p50 over round trip + commit",
            better: .lower,
            atLeast: 1.5,
            aim: 1.1,
            measured: run.oneJobRatio?.median,
            how: "64 B, n=1, fsync; raw C's round trip and a commit of libraft alone, in turn; median",
            limit: limit.map { "\(NumberText.significant($0.roundTrip)) + \(NumberText.significant($0.commit)) µs" }
        )
    }

    @Sendable static func pause(_ run: BenchRun) -> TargetRow {
        TargetRow(
            "pause of a key that moves, p99, ms",
            better: .lower,
            atLeast: 20,
            aim: 3,
            measured: run.summary(ClusterKeys.resize(), .swift, .pause).map { $0.median / 1000 },
            how: "n=1, fsync, handoff under load; from the intended send to the acknowledgement, over keys and resizes"
        )
    }

    @Sendable static func kept(_ run: BenchRun) -> TargetRow {
        let key = ClusterKeys.resize()
        return TargetRow(
            "p99 of a key that stays over its normal",
            better: .lower,
            atLeast: 1.5,
            aim: 1.05,
            measured: run.ratio(swift: key, over: .quiet, .p99).map { 1 / $0.ratios.median },
            how: "n=1, fsync; the same keys while members change and right before, from the intended send",
            limit: run.summary(key, .quiet, .p99).map { "normal \(NumberText.microseconds($0.median))" }
        )
    }

    private static func recovery(
        _ run: BenchRun,
        _ scenario: Scenario,
        _ measure: BenchMeasure,
        atLeastMs: Double,
        aimMs: Double
    ) -> TargetRow {
        let key = ClusterKeys.recovery(scenario)
        let who = scenario == .recoveryWorker ? "worker" : "leader"
        let kills = run.repetitions(key, .swift).map(\.requests).reduce(0, +)
        return TargetRow(
            "\(who) killed, \(measure == .recoveryP50 ? "p50" : "p99"), ms",
            better: .lower,
            atLeast: atLeastMs,
            aim: aimMs,
            measured: run.summary(key, .swift, measure).map { $0.median / 1000 },
            how:
                "n=3, fsync; from SIGKILL to the first acknowledged job on \(who == "worker" ? "one of its keys" : "any key")"
                + (kills > 0 ? "; \(kills) kills" : "")
        )
    }

    @Sendable static func handOver(_ run: BenchRun) -> TargetRow {
        TargetRow(
            "state hand-over, MB/s",
            better: .higher,
            atLeast: 200,
            aim: 1000,
            measured: run.handOverRates.map(\.median),
            how: "states of 64 KiB, from the intent of the resize in the log to its commit; median"
        )
    }

    @Sendable static func manyWorkers(_ run: BenchRun) -> TargetRow {
        let few = run.summary(ClusterKeys.jobs(replicas: 1, workers: 4), .swift, .cpu)?.median
        let many = run.summary(ClusterKeys.jobs(replicas: 1, workers: 64), .swift, .cpu)?.median
        var measured: Double?
        if let few, let many, few > 0 { measured = many / few }
        return TargetRow(
            "CPU a job, 64 workers over 4",
            better: .lower,
            atLeast: 1.5,
            aim: 1.1,
            measured: measured,
            how: "n=1, fsync, \(NumberText.grouped(ClusterKeys.inFlight)) in flight; all processes together; medians",
            limit: few.map { "4 workers: \(NumberText.microseconds($0 / 1000))" }
        )
    }
}

extension BenchRun {
    /// What one job in flight is made of, in µs: the medians of raw C's round trip and of libraft's commit.
    var oneJobLimit: (roundTrip: Double, commit: Double)? {
        let key = ClusterKeys.oneJob()
        guard let trip = summary(key, .rawC, .p50), let commit = summary(key, .libraft, .p50) else { return nil }
        return (trip.median, commit.median)
    }

    /// A job's p50 over what it is made of, repetition by repetition.
    var oneJobRatio: Summary? {
        let key = ClusterKeys.oneJob()
        let p50 = { (variant: Variant) in self.repetitions(key, variant).compactMap { $0.value(.p50) } }
        let parts = zip(p50(.rawC), p50(.libraft)).map { $0 + $1 }
        return Summary(of: zip(p50(.swift), parts).filter { $1 > 0 }.map { $0 / $1 })
    }

    /// Bytes of state handed over a second, in MB.
    var handOverRates: Summary? {
        Summary(
            of: rows.filter { $0.key.scenario == .handOver }.compactMap { row in
                row.requestsPerSecond.map { $0 * Double(row.key.payloadBytes) / 1e6 }
            }
        )
    }
}
