// The figures of a comparison.

import Alternatives
import Measurement

struct CompareFigure {
    /// Without extension.
    let name: String
    let plot: Plot
    let caption: String

    /// Those that the run has rows for.
    static func all(of results: CompareResults) -> [CompareFigure] {
        [
            bars(results, "latency", "One request in flight, 64 bytes", "median latency in µs") {
                $0.point.inFlight == 1
            } value: {
                $0.p50Us
            },
            rates(results),
            bars(results, "processor", "4,096 in flight, 64 bytes", "processor time of all processes, µs a request") {
                $0.point.inFlight == 4096 && $0.point.requestsPerSecond == nil
            } value: {
                $0.cpuUsPerRequest
            },
            openLoop(results),
        ].compactMap(\.self)
    }

    /// A panel for each work, a bar for each system.
    private static func bars(
        _ results: CompareResults,
        _ name: String,
        _ title: String,
        _ label: String,
        where condition: (CompareRow) -> Bool,
        value: (CompareRow) -> Double
    ) -> CompareFigure? {
        let panels = Work.allCases.compactMap { work -> Panel? in
            let rows = results.rows.filter { $0.point.work == work && $0.point.payloadBytes == 64 && condition($0) }
            let bars = names(rows).compactMap { name -> Bar? in
                Summary(of: rows.filter { $0.alternative == name }.map(value)).map {
                    Bar(name, value: $0.median, low: $0.min, high: $0.max, colour: colour(name))
                }
            }
            return bars.isEmpty ? nil : Panel(title: work.rawValue, x: Axis(label, lower: 0), bars: bars)
        }
        guard !panels.isEmpty else { return nil }
        return CompareFigure(
            name: name,
            plot: Plot(title: title, subtitle: results.machine.summary, panels: panels),
            caption: "\(title): \(label). Medians of rounds, with their least and greatest."
        )
    }

    private static func rates(_ results: CompareResults) -> CompareFigure? {
        lines(
            results,
            "rates",
            "Requests a second by requests in flight, 64 bytes",
            x: Axis("in flight", scale: .log2, ticks: [(1, "1"), (64, "64"), (4096, "4096")], upper: 8192),
            y: Axis("a second", scale: .log10)
        ) {
            $0.requestsPerSecond == nil
        } at: {
            Double($0.inFlight)
        } value: {
            $0.perSecond
        }
    }

    private static func openLoop(_ results: CompareResults) -> CompareFigure? {
        lines(
            results,
            "open-loop",
            "99th percentile at fixed rates, from when a request was due, 64 bytes",
            x: Axis("requests a second", scale: .log10),
            y: Axis("p99 in µs", scale: .log10)
        ) {
            $0.requestsPerSecond != nil
        } at: {
            $0.requestsPerSecond ?? 0
        } value: {
            $0.p99Us
        }
    }

    /// A panel for each work, a line for each system.
    private static func lines(
        _ results: CompareResults,
        _ name: String,
        _ title: String,
        x: Axis,
        y: Axis,
        where condition: (Point) -> Bool,
        at position: (Point) -> Double,
        value: (CompareRow) -> Double
    ) -> CompareFigure? {
        let panels = Work.allCases.compactMap { work -> Panel? in
            let rows = results.rows.filter {
                $0.point.work == work && $0.point.payloadBytes == 64 && condition($0.point)
            }
            let series = names(rows).map { name in
                let own = Dictionary(grouping: rows.filter { $0.alternative == name }) { position($0.point) }
                let points = own.sorted { $0.key < $1.key }.compactMap { x, rows in
                    Summary(of: rows.map(value)).map { Series.Point(x: x, y: $0.median, low: $0.min, high: $0.max) }
                }
                return Series(name, points, colour: colour(name), dash: dash(name))
            }
            return series.isEmpty ? nil : Panel(title: work.rawValue, x: x, y: y, series: series)
        }
        guard !panels.isEmpty else { return nil }
        return CompareFigure(
            name: name,
            plot: Plot(title: title, subtitle: results.machine.summary, panels: panels),
            caption: "\(title). Medians of rounds, with their least and greatest."
        )
    }

    private static func names(_ rows: [CompareRow]) -> [String] {
        rows.reduce(into: []) { if !$0.contains($1.alternative) { $0.append($1.alternative) } }
    }

    /// The same for a system in all figures.
    private static func colour(_ name: String) -> PlotColour { .cycling(place(name)) }

    /// Another for each time that the colours were used up.
    private static func dash(_ name: String) -> PlotDash {
        PlotDash.allCases[place(name) / PlotColour.forData.count % PlotDash.allCases.count]
    }

    private static func place(_ name: String) -> Int { Alternatives.all.firstIndex { $0.name == name } ?? 0 }
}
