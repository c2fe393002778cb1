// The cluster's groups of the summary.

import Measurement

extension SummaryGroup {
    static func cluster(_ run: BenchRun) -> [SummaryGroup] {
        [jobs(run), oneJob(run), resize(run), recovery(run), snapshot(run), handOver(run)]
    }

    private static func jobs(_ run: BenchRun) -> SummaryGroup {
        let rows = run.keys(.jobs).filter { $0.inFlight != 1 }.map { key in
            let text = { (variant: Variant) in
                run.summary(key, variant, .rate).map { NumberText.grouped(Int($0.median)) } ?? "-"
            }
            return Row(
                what: key.replicasText,
                swift: text(.swift),
                raw: text(.libraft),
                ratio: run.ratio(swift: key, over: .libraft, .rate).map(ratioText) ?? ""
            )
        }
        return SummaryGroup(
            title:
                "durable jobs/s, \(NumberText.bytes(ClusterKeys.payloadBytes)); beside them libraft alone with the same entries",
            rows: rows,
            headings: ("jobs/s", "libraft alone", "ratio [min..max]")
        )
    }

    private static func oneJob(_ run: BenchRun) -> SummaryGroup {
        let rows = run.keys(.jobs).filter { $0.inFlight == 1 }.map { key in
            let p50 = { (variant: Variant) in
                run.summary(key, variant, .p50).map { NumberText.significant($0.median) } ?? "-"
            }
            return Row(
                what: key.replicasText,
                swift: latencies(run, key, .swift),
                raw: "\(p50(.rawC)) + \(p50(.libraft)) µs",
                ratio: run.oneJobRatio.map { "\(NumberText.decimals($0.median, 2)) times" } ?? ""
            )
        }
        return SummaryGroup(
            title: "one durable job in flight: p50 / p99; beside it round trip in raw C + commit of libraft alone, p50",
            rows: rows,
            headings: ("p50 / p99", "round trip + commit", "p50 over both")
        )
    }

    private static func resize(_ run: BenchRun) -> SummaryGroup {
        let rows = run.keys(.resize).map { key in
            Row(
                what: key.replicasText,
                swift: latencies(run, key, .swift),
                raw: latencies(run, key, .quiet),
                ratio: run.summary(key, .swift, .pause).map { "pause \(NumberText.microseconds($0.median))" } ?? ""
            )
        }
        return SummaryGroup(
            title:
                "a worker joins and leaves, keys that stay: p50 / p99; undisturbed; p99 of the pause of keys that move",
            rows: rows,
            headings: ("while it joins or leaves", "undisturbed", "keys that move")
        )
    }

    private static func recovery(_ run: BenchRun) -> SummaryGroup {
        let rows = [Scenario.recoveryWorker, .recoveryLeader].flatMap { scenario in
            run.keys(scenario).map { key in
                let kills = run.repetitions(key, .swift).map(\.requests).reduce(0, +)
                return Row(
                    what: "\(scenario == .recoveryWorker ? "worker" : "leader") \(key.replicasText)",
                    swift: latencies(run, key, .swift),
                    raw: "-",
                    ratio: "\(kills) kills"
                )
            }
        }
        return SummaryGroup(
            title: "from SIGKILL to the first acknowledged job: p50 / p99",
            rows: rows,
            headings: ("p50 / p99", "", "kills")
        )
    }

    private static func snapshot(_ run: BenchRun) -> SummaryGroup {
        let rows = run.keys(.snapshot).flatMap { key -> [Row] in
            let rate = { (variant: Variant) in
                run.summary(key, variant, .rate).map { NumberText.grouped(Int($0.median)) } ?? "-"
            }
            return [
                Row(
                    what: "\(key.replicasText), rate",
                    swift: rate(.swift),
                    raw: rate(.quiet),
                    ratio: run.ratio(swift: key, over: .quiet, .rate).map(ratioText) ?? ""
                ),
                Row(
                    what: "\(key.replicasText), p50 / p99",
                    swift: latencies(run, key, .swift),
                    raw: latencies(run, key, .quiet),
                    ratio: run.ratio(swift: key, over: .quiet, .p99).map(ratioText) ?? ""
                ),
            ]
        }
        return SummaryGroup(
            title: "while a snapshot is taken; beside it undisturbed; ratio of rates and of p99",
            rows: rows,
            headings: ("with a snapshot", "undisturbed", "ratio [min..max]")
        )
    }

    private static func handOver(_ run: BenchRun) -> SummaryGroup {
        let rows = run.keys(.handOver).map { key in
            let moved = run.repetitions(key, .swift).map { Double($0.requests * key.payloadBytes) / 1e6 }
            return Row(
                what: key.replicasText,
                swift: run.handOverRates.map { "\(NumberText.significant($0.median)) MB/s" } ?? "-",
                raw: Summary(of: moved).map { "\(NumberText.significant($0.median)) MB" } ?? "-",
                ratio: run.handOverRates.map {
                    "\(NumberText.significant($0.min))..\(NumberText.significant($0.max))"
                } ?? ""
            )
        }
        return SummaryGroup(
            title: "states on their way to a new owner, from intent to commit: rate; bytes; least and greatest rate",
            rows: rows,
            headings: ("rate", "moved", "least to greatest")
        )
    }

    private static func latencies(_ run: BenchRun, _ key: BenchKey, _ variant: Variant) -> String {
        guard let p50 = run.summary(key, variant, .p50), let p99 = run.summary(key, variant, .p99) else { return "-" }
        return pair(p50.median, p99.median)
    }
}

extension BenchKey {
    /// What tells measurements of clusters apart, short: `n=1 fsync, 2 workers, 8,192 in flight`.
    fileprivate var replicasText: String {
        let flight = inFlight.map { ", \(NumberText.grouped($0)) in flight" } ?? ""
        let log = "n=\(replicas ?? 0)\(durability.map { " \($0.rawValue)" } ?? "")"
        return "\(log), \(servers) worker\(servers == 1 ? "" : "s")\(flight)"
    }
}
