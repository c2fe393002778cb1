// The figures of the cluster: what replicas cost, how deaths end, and what a resize does to keys.

import Measurement

extension BenchFigure {
    /// Jobs a second by the number of replicas, with libraft alone.
    static func jobs(_ run: BenchRun) -> BenchFigure? {
        let keys = run.keys(.jobs).filter { $0.inFlight != 1 }
        guard !keys.isEmpty else { return nil }
        let bars = keys.flatMap { key in
            [Variant.swift, .libraft].compactMap { variant -> Bar? in
                guard let rate = run.summary(key, variant, .rate) else { return nil }
                let target = variant == .swift ? target(run, key) : nil
                return Bar(
                    variant == .libraft ? "libraft, n=1" : label(key),
                    value: rate.median / 1000,
                    low: rate.min / 1000,
                    high: rate.max / 1000,
                    atLeast: target.map { $0.atLeast / 1000 },
                    aim: target?.aim.map { $0 / 1000 },
                    colour: variant == .libraft ? .blue : target.map { $0.met == .no ? .vermillion : .green } ?? .grey
                )
            }
        }
        let end = bars.map { max($0.high, $0.atLeast ?? 0, $0.aim ?? 0) }.max() ?? 1
        return BenchFigure(
            name: "jobs",
            plot: Plot(
                title: "Durable jobs a second by replicas and workers",
                subtitle:
                    "\(NumberText.bytes(keys[0].payloadBytes)), all processes on this machine; \(run.circumstances)",
                panels: [
                    Panel(x: Axis.linear("thousand jobs/s; median, minimum and maximum", upTo: end * 1.06), bars: bars)
                ]
            ),
            caption:
                "Acknowledged jobs a second, two workers unless it says otherwise. n is the number of coordinators that"
                + " hold the log and have synchronised it before a job is acknowledged; 0 is one with its log in memory."
                + " libraft: the same entries from plain C alone, on the same disk, in turn. Green bars reach their target, grey ones have none.",
            reproduce: "swift run bench --scenarios jobs"
        )
    }

    private static func label(_ key: BenchKey) -> String {
        let workers = key.servers == ClusterKeys.workers ? "" : ", \(key.servers) workers"
        return "n=\(key.replicas ?? 0)\(workers)"
    }

    private static func target(_ run: BenchRun, _ key: BenchKey) -> TargetRow? {
        guard key == ClusterKeys.jobs(replicas: key.replicas ?? 0, payloadBytes: key.payloadBytes) else { return nil }
        return run.targets.first { $0.measure == "durable jobs/s, n=\(key.replicas ?? 0)" }
    }

    /// The share of deaths from which the cluster had recovered, by time.
    static func recovery(_ run: BenchRun) -> BenchFigure? {
        let victims: [(Scenario, String, PlotColour)] = [
            (.recoveryWorker, "worker killed", .vermillion), (.recoveryLeader, "leader killed", .blue),
        ]
        let series = victims.compactMap { scenario, title, colour -> Series? in
            let curves = run.keys(scenario).flatMap { run.curves($0, .swift) }
            return curves.first.flatMap { share($0, title, colour) }
        }
        return shares(
            series,
            name: "recovery",
            title: "From SIGKILL to the first acknowledged job",
            x: "time since the kill",
            run,
            caption:
                "The share of kills after which a job was acknowledged within this time: of a worker, on one of its keys;"
                + " of the leading coordinator, on any key. Real processes, n=3, fsync, jobs sent at fixed times.",
            reproduce: "swift run bench --scenarios recovery"
        )
    }

    /// What keys see of a resize.
    static func pauses(_ run: BenchRun) -> BenchFigure? {
        guard let key = run.keys(.resize).first else { return nil }
        let moving = run.latencies[BenchRun.pausesStem(key)].flatMap { share($0, "keys that move: pause", .vermillion) }
        let staying = run.curves(key, .swift).first.flatMap { share($0, "keys that stay: latency", .green) }
        let normal = run.curves(key, .quiet).first.flatMap { share($0, "undisturbed: latency", .grey) }
        return shares(
            [moving, staying, normal].compactMap(\.self),
            name: "pauses",
            title: "What a resize does to keys",
            x: "from the intended send to the acknowledgement",
            run,
            caption:
                "A worker joins and leaves under load, in handoff mode. The share of keys that move whose longest wait"
                + " in a resize was no longer than this, and the share of jobs on keys that stay, during resizes and"
                + " before them.",
            reproduce: "swift run bench --scenarios resize"
        )
    }

    private static func share(_ curve: PercentileCurve, _ title: String, _ colour: PlotColour) -> Series? {
        let points = curve.points.map { Series.Point(x: $0.valueUs, y: 100 * $0.quantile) }
        return points.isEmpty ? nil : Series(title, points, mark: .line, colour: colour)
    }

    private static func shares(
        _ series: [Series],
        name: String,
        title: String,
        x: String,
        _ run: BenchRun,
        caption: String,
        reproduce: String
    ) -> BenchFigure? {
        guard !series.isEmpty else { return nil }
        let times = series.flatMap(\.points).map(\.x)
        return BenchFigure(
            name: name,
            plot: Plot(
                title: title,
                subtitle: run.circumstances,
                panels: [
                    Panel(
                        x: Axis.latency(x, overUs: times),
                        y: Axis("share, %", lower: 0, upper: 100),
                        series: series
                    )
                ]
            ),
            caption: caption,
            reproduce: reproduce
        )
    }
}
