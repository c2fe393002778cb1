// The figures of throughput and latency.

import Measurement

extension RunFigure {
    static func rate(_ measures: RunMeasures, _ context: FigureContext) -> RunFigure? {
        let bins = measures.throughput.bins
        guard !bins.isEmpty else { return nil }
        // Of a long run several bins make one point, with their lowest and highest as its spread.
        let group = max(1, (bins.count + 4 * ReportLimits.plotBins - 1) / (4 * ReportLimits.plotBins))
        let perSecond = 1e9 / Double(Throughput.binNs)
        func points(_ count: (ThroughputBin) -> Int) -> [Series.Point] {
            stride(from: 0, to: bins.count, by: group).map { first in
                let some = bins[first..<min(first + group, bins.count)]
                let rates = some.map { Double(count($0)) * perSecond }
                let middle = (some.first!.span.beginNs + some.last!.span.endNs) / 2
                return Series.Point(
                    x: FigureContext.seconds(middle),
                    y: rates.reduce(0, +) / Double(rates.count),
                    low: group > 1 ? rates.min() : nil,
                    high: group > 1 ? rates.max() : nil
                )
            }
        }
        var series = [
            Series("asked", points(\.asked), mark: .line, colour: .grey, dash: .dashed),
            Series("acknowledged", points(\.ok), mark: .line, colour: .blue),
        ]
        if bins.contains(where: { $0.failed + $0.unknown > 0 }) {
            series.append(
                Series("failed or unknown", points { $0.failed + $0.unknown }, mark: .line, colour: .purple)
            )
        }
        let highest = bins.map { max($0.asked, $0.ok, $0.failed + $0.unknown) }.max() ?? 0
        return RunFigure(
            name: "rate",
            plot: Plot(
                title: "Throughput over time",
                subtitle: context.subtitle,
                panels: [
                    Panel(
                        x: context.time,
                        y: .linear("operations/s, in bins of 100 ms", upTo: Double(highest) * perSecond),
                        series: series,
                        windows: context.windows
                    )
                ]
            ),
            caption:
                "Operations asked and acknowledged a second. Where the blue line falls below the dashed one, the cluster"
                + " did not keep up; where it rises above it, what had waited was done."
        )
    }

    static func latencyPoints(_ measures: RunMeasures, _ context: FigureContext) -> RunFigure? {
        let operations = measures.record.operations
        func points(_ isShown: (MeasuredOperation) -> Bool) -> [Series.Point] {
            operations.representatives(
                over: measures.record.load,
                columns: ReportLimits.plotColumns,
                rowsPerDecade: ReportLimits.plotRowsPerDecade,
                where: isShown
            ).map { Series.Point(x: FigureContext.seconds($0.startNs), y: microseconds($0.latencyNs)) }
        }
        let all = [
            Series("append", points { $0.outcome == .ok && $0.isAppend }, mark: .points, colour: .blue),
            Series("read", points { $0.outcome == .ok && !$0.isAppend }, mark: .points, colour: .green),
            Series("failed", points { $0.outcome == .failed }, mark: .points, colour: .orange),
            Series("unknown", points { $0.outcome == .unknown }, mark: .points, colour: .purple),
        ].filter { !$0.points.isEmpty }
        guard !all.isEmpty else { return nil }
        return RunFigure(
            name: "latency-points",
            plot: Plot(
                title: "Latency of each operation",
                subtitle: context.subtitle,
                panels: [
                    Panel(
                        x: context.time,
                        y: .latencyUnderWindows(
                            "latency from the intended send time",
                            overUs: all.flatMap { $0.points.map(\.y) }
                        ),
                        series: all,
                        windows: context.windows
                    )
                ]
            ),
            caption:
                "Each operation at the time at which it was meant to be asked; of those that would cover each other one is"
                + " drawn. A slope that falls to the right is an outage: who asked later waited less."
        )
    }

    static func latencyQuantiles(_ measures: RunMeasures, _ context: FigureContext) -> RunFigure? {
        let bins = measures.record.operations.latencyTimeline(
            over: measures.record.load,
            binsMax: ReportLimits.plotBins
        )
        guard let width = bins.first?.span.lengthNs else { return nil }
        func series(_ title: String, _ colour: PlotColour, _ value: (QuantileLine) -> Int64) -> Series {
            let points = bins.map {
                Series.Point(
                    x: FigureContext.seconds(($0.span.beginNs + $0.span.endNs) / 2),
                    y: microseconds(value($0.quantiles))
                )
            }
            return Series(title, points, mark: .line, colour: colour)
        }
        let all = [
            series("max", .purple, \.max), series("p99", .orange, \.p99), series("p50", .blue, \.p50),
        ]
        return RunFigure(
            name: "latency-quantiles",
            plot: Plot(
                title: "Latency quantiles over time",
                subtitle: context.subtitle,
                panels: [
                    Panel(
                        x: context.time,
                        y: .latencyUnderWindows(
                            "latency from the intended send time, by \(NumberText.microseconds(microseconds(width)))",
                            overUs: all.flatMap { $0.points.map(\.y) }
                        ),
                        series: all,
                        windows: context.windows
                    )
                ]
            ),
            caption:
                "Median, 99th percentile and maximum of the acknowledged operations, by the time at which they were meant"
                + " to be asked."
        )
    }

    static func latencyDistribution(_ measures: RunMeasures, _ context: FigureContext) -> RunFigure? {
        let scopes: [(LatencyScope, PlotColour)] = [
            (.undisturbed, .green), (.outsideFaults, .blue), (.duringResizes, .sky), (.duringFaults, .vermillion),
        ]
        let series = scopes.compactMap { scope, colour -> Series? in
            let histogram = measures.latencies[scope].histogram
            guard !histogram.isEmpty else { return nil }
            let points = PercentileCurve(histogram).points.filter { $0.quantile < 1 && $0.valueUs > 0 }
            return Series(
                scope.title,
                points.map { Series.Point(x: $0.inverseTail, y: $0.valueUs) },
                mark: .line,
                colour: colour
            )
        }
        guard series.contains(where: { !$0.points.isEmpty }) else { return nil }
        let tail = series.flatMap { $0.points.map(\.x) }.max() ?? 10
        let ticks: [(Double, String)] = [
            (1, "min"), (2, "p50"), (10, "p90"), (100, "p99"), (1000, "p99.9"), (10_000, "p99.99"),
            (100_000, "p99.999"),
        ]
        return RunFigure(
            name: "latency-distribution",
            plot: Plot(
                title: "Latency by percentile",
                subtitle: context.subtitle,
                panels: [
                    Panel(
                        x: Axis("percentile", scale: .log10, ticks: ticks, lower: 1, upper: max(10, tail * 1.1)),
                        y: .latency(
                            "latency from the intended send time",
                            overUs: series.flatMap { $0.points.map(\.y) }
                        ),
                        series: series
                    )
                ]
            ),
            caption:
                "How much faults and resizes cost whom: the latencies of operations by what went on while they were under"
                + " way."
        )
    }

    static func microseconds(_ ns: Int64) -> Double { Double(max(1, ns)) / 1e3 }
}
