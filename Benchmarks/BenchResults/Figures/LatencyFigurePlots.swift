// The figures of latency: round trips by payload, whole distributions, and fixed rates.

import Measurement

extension BenchFigure {
    /// Round-trip p50 and p99 against the payload, a panel a transport.
    static func roundtrip(_ run: BenchRun) -> BenchFigure? {
        let keys = run.keys(.roundtrip)
        guard !keys.isEmpty else { return nil }
        // The payloads stand at equal distances, as 0 B has no place on a logarithmic axis.
        let payloads = Set(keys.map(\.payloadBytes)).sorted()
        let ticks = payloads.enumerated().map { (value: Double($0), text: NumberText.bytes($1)) }
        let perTransport = run.transports(.roundtrip).map { transport in
            (transport, roundtripSeries(run, keys.filter { $0.transport == transport }, payloads))
        }
        let values = perTransport.flatMap { $1.flatMap(\.points) }.flatMap { [$0.low ?? $0.y, $0.high ?? $0.y] }
        let panels = perTransport.map { transport, series in
            Panel(
                title: transport.rawValue,
                x: Axis("payload", ticks: thinned(ticks), lower: -0.3, upper: Double(payloads.count) - 0.7),
                y: Axis.latency("round trip", overUs: values),
                series: series
            )
        }
        return BenchFigure(
            name: "roundtrip",
            plot: Plot(title: "Round trip, one request in flight", subtitle: run.circumstances, panels: panels),
            caption:
                "Time from sending a request to its reply with one request in flight, by payload. Lines are medians of"
                + " repetitions, shades their minimum and maximum.",
            reproduce: command(.roundtrip)
        )
    }

    private static func roundtripSeries(_ run: BenchRun, _ keys: [BenchKey], _ payloads: [Int]) -> [Series] {
        var series: [Series] = []
        for variant in Variant.allCases {
            for (measure, text, dash) in [(BenchMeasure.p50, "p50", PlotDash.solid), (.p99, "p99", .dashed)] {
                let points = payloads.enumerated().compactMap { index, payload in
                    keys.first { $0.payloadBytes == payload }.flatMap {
                        run.point(x: Double(index), $0, variant, measure)
                    }
                }
                guard !points.isEmpty else { continue }
                series.append(Series("\(variant.title) \(text)", points, colour: variant.colour, dash: dash))
            }
        }
        return series
    }

    /// Every second tick's text goes where there would be too many to read.
    private static func thinned(_ ticks: [(value: Double, text: String)]) -> [(value: Double, text: String)] {
        let step = (ticks.count + 6) / 7
        return ticks.enumerated().map { (value: $1.value, text: $0 % step == 0 ? $1.text : "") }
    }

    /// Latency against percentile, for round trips with the reference payload, a panel a transport.
    static func percentiles(_ run: BenchRun) -> BenchFigure? {
        let payload = run.payloadShown(.roundtrip)
        let perTransport = run.transports(.roundtrip).compactMap { transport -> (Transport, [Series])? in
            guard
                let key = run.keys(.roundtrip).first(where: { $0.transport == transport && $0.payloadBytes == payload })
            else { return nil }
            let series = Variant.allCases.compactMap { variant in
                median(run.curves(key, variant)).map { curveSeries($0, variant) }
            }
            return series.isEmpty ? nil : (transport, series)
        }
        guard !perTransport.isEmpty else { return nil }
        let points = perTransport.flatMap { $1.flatMap(\.points) }
        let tailMax = points.map(\.x).max() ?? 1
        let nines = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %", "99.99999 %"]
        var ticks: [(value: Double, text: String)] = []
        var tail = 1.0
        for text in nines where tail <= tailMax * 1.01 {
            ticks.append((tail, text))
            tail *= 10
        }
        let panels = perTransport.map { transport, series in
            Panel(
                title: transport.rawValue,
                x: Axis("percentile", scale: .log10, ticks: ticks, lower: 1, upper: tailMax * 1.3),
                y: Axis.latency("round trip", overUs: points.map(\.y)),
                series: series
            )
        }
        return BenchFigure(
            name: "percentiles",
            plot: Plot(
                title: "Round trip latency by percentile, \(NumberText.bytes(payload))",
                subtitle: run.circumstances,
                panels: panels
            ),
            caption:
                "The share of round trips that took no longer than this, \(NumberText.bytes(payload)), one request in"
                + " flight; the repetition with the median p99. From the files in hgrm/.",
            reproduce: command(.roundtrip)
        )
    }

    /// The curve whose p99 is the (upper) median of all.
    private static func median(_ curves: [PercentileCurve]) -> PercentileCurve? {
        let sorted = curves.sorted { ($0.valueUs(atQuantile: 0.99) ?? 0) < ($1.valueUs(atQuantile: 0.99) ?? 0) }
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    private static func curveSeries(_ curve: PercentileCurve, _ variant: Variant) -> Series {
        let points = curve.points.filter { $0.quantile < 1 }.map { Series.Point(x: $0.inverseTail, y: $0.valueUs) }
        return Series(variant.title, points, mark: .line, colour: variant.colour)
    }

    /// Latency from the intended send time against the rate, a panel a transport.
    static func openLoop(_ run: BenchRun) -> BenchFigure? {
        let points = run.openLoopPoints()
        guard !points.isEmpty else { return nil }
        let transports = Transport.allCases.filter { transport in points.contains { $0.key.transport == transport } }
        let perTransport = transports.map { transport in
            (transport, openLoopSeries(points.filter { $0.key.transport == transport }))
        }
        let latencies = perTransport.flatMap { $1.flatMap(\.points) }.flatMap { [$0.low ?? $0.y, $0.high ?? $0.y] }
        let rates = points.map(\.targetRate)
        let panels = perTransport.map { transport, series in
            Panel(
                title: transport.rawValue,
                x: Axis.logarithmic("target rate, requests/s", over: rates),
                y: Axis.latency("latency from the intended send", overUs: latencies),
                series: series
            )
        }
        let payload = points[0].key.payloadBytes
        return BenchFigure(
            name: "open-loop",
            plot: Plot(
                title: "Latency at a fixed rate, \(NumberText.bytes(payload))",
                subtitle: run.circumstances,
                panels: panels
            ),
            caption: "Requests are sent at fixed times whether or not replies come, and latency counts from the time at"
                + " which a request was meant to be sent: a stall counts for all that it delays (no coordinated omission)."
                + " Where the line turns up, the rate is more than was sustained.",
            reproduce: command(.openLoop)
        )
    }

    private static func openLoopSeries(
        _ points: [(key: BenchKey, targetRate: Double, rows: [OpenLoopRow])]
    ) -> [Series] {
        let quantiles: [(text: String, dash: PlotDash, value: KeyPath<OpenLoopRow, Double>)] = [
            ("p50", .solid, \.latency.p50Us), ("p99", .dashed, \.latency.p99Us), ("p99.9", .dotted, \.latency.p999Us),
        ]
        let sorted = points.sorted { $0.targetRate < $1.targetRate }
        return Variant.allCases.flatMap { variant in
            quantiles.compactMap { quantile in
                let line = sorted.compactMap { point in
                    Summary(of: point.rows.filter { $0.variant == variant }.map { $0[keyPath: quantile.value] })
                        .map { BenchRun.point(x: point.targetRate, $0) }
                }
                guard !line.isEmpty else { return nil }
                return Series("\(variant.title) \(quantile.text)", line, colour: variant.colour, dash: quantile.dash)
            }
        }
    }
}
