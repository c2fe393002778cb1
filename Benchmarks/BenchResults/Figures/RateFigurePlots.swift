// The figures of rate and of cost: throughput, scaling, ratios to raw C, and ring plans.

import Measurement

extension BenchFigure {
    /// Throughput against requests in flight, a panel a transport.
    static func throughput(_ run: BenchRun) -> BenchFigure? {
        let payload = run.payloadShown(.throughput)
        let keys = run.keys(.throughput).filter { $0.payloadBytes == payload && $0.servers == 1 && $0.clients == 1 }
        let flights = Set(keys.compactMap(\.inFlight)).filter { $0 > 0 }.sorted()
        guard let most = flights.last, let fewest = flights.first else { return nil }
        let perTransport = Transport.allCases.compactMap { transport -> (Transport, [Series])? in
            let own = keys.filter { $0.transport == transport }
            return own.isEmpty ? nil : (transport, throughputSeries(run, own))
        }
        let values = perTransport.flatMap { $1.flatMap(\.points) }.flatMap { [$0.low ?? $0.y, $0.high ?? $0.y] }
        let ticks = flights.enumerated().map { index, flight in
            (value: Double(flight), text: index % ((flights.count + 7) / 8) == 0 ? "\(flight)" : "")
        }
        let panels = perTransport.map { transport, series in
            Panel(
                title: transport.rawValue,
                x: Axis(
                    "requests in flight",
                    scale: .log2,
                    ticks: ticks,
                    lower: Double(fewest) / 1.3,
                    upper: Double(most) * 1.3
                ),
                y: Axis.logarithmic("requests/s", over: values),
                series: series
            )
        }
        return BenchFigure(
            name: "throughput",
            plot: Plot(
                title: "Throughput by requests in flight, \(NumberText.bytes(payload))",
                subtitle: "one server, one client; \(run.circumstances)",
                panels: panels
            ),
            caption:
                "Replies per second with a fixed number of requests in flight. Coalesced: a message carries as many"
                + " frames as gathered while the socket was busy; otherwise one. Lines are medians of repetitions, shades their minimum and"
                + " maximum.",
            reproduce: command(.throughput)
        )
    }

    private static func throughputSeries(_ run: BenchRun, _ keys: [BenchKey]) -> [Series] {
        let sorted = keys.sorted { ($0.inFlight ?? 0) < ($1.inFlight ?? 0) }
        return Variant.allCases.flatMap { variant in
            [(true, "coalesced", PlotDash.solid), (false, "not coalesced", .dashed)].compactMap {
                coalesced,
                text,
                dash in
                let points = sorted.filter { $0.coalesced == coalesced }.compactMap { key in
                    key.inFlight.flatMap { run.point(x: Double($0), key, variant, .rate) }
                }
                guard !points.isEmpty else { return nil }
                return Series("\(variant.title), \(text)", points, colour: variant.colour, dash: dash)
            }
        }
    }

    /// Throughput against server processes, a line for each number of clients.
    static func scaling(_ run: BenchRun) -> BenchFigure? {
        let keys = run.keys(.scaling)
        let servers = Set(keys.map(\.servers)).filter { $0 > 0 }.sorted()
        guard let most = servers.last, let fewest = servers.first else { return nil }
        let ticks = servers.map { (value: Double($0), text: NumberText.grouped($0)) }
        let perTransport = Transport.allCases.compactMap { transport -> (Transport, [Series])? in
            let own = keys.filter { $0.transport == transport }
            return own.isEmpty ? nil : (transport, scalingSeries(run, own))
        }
        let highest = perTransport.flatMap { $1.flatMap(\.points) }.map { $0.high ?? $0.y }.max() ?? 1
        let panels = perTransport.map { transport, series in
            Panel(
                title: transport.rawValue,
                x: Axis(
                    "server processes",
                    scale: .log2,
                    ticks: ticks,
                    lower: Double(fewest) / 1.1,
                    upper: Double(most) * 1.1
                ),
                y: Axis.linear("requests/s, all clients", upTo: highest),
                series: series
            )
        }
        return BenchFigure(
            name: "scaling",
            plot: Plot(
                title: "Throughput by server processes and clients",
                subtitle: run.circumstances,
                panels: panels
            ),
            caption: "Replies per second of all clients together. With more processes than CPUs they share the CPUs, so"
                + " that more servers cannot give more; the figure then shows what they cost.",
            reproduce: command(.scaling)
        )
    }

    private static func scalingSeries(_ run: BenchRun, _ keys: [BenchKey]) -> [Series] {
        let clients = Set(keys.map(\.clients)).sorted()
        var series: [Series] = []
        for variant in Variant.allCases {
            for (index, count) in clients.enumerated() {
                let points = keys.filter { $0.clients == count }.sorted { $0.servers < $1.servers }.compactMap {
                    run.point(x: Double($0.servers), $0, variant, .rate)
                }
                guard !points.isEmpty else { continue }
                let title = "\(variant.title), \(count) client\(count == 1 ? "" : "s")"
                let dash: PlotDash = variant == .swift ? .solid : .dashed
                series.append(Series(title, points, colour: .cycling(index), dash: dash))
            }
        }
        return series
    }

    /// Ratios to raw C with what they should reach.
    static func ratios(_ run: BenchRun) -> BenchFigure? {
        guard !run.ratios.isEmpty else { return nil }
        let bars = run.ratios.map { row in
            Bar(
                row.what,
                value: row.median,
                low: row.min,
                high: row.max,
                atLeast: row.atLeast,
                aim: row.aim,
                colour: row.atLeast.map { row.median >= $0 ? .green : .vermillion } ?? .grey
            )
        }
        let end = bars.map { max($0.high, $0.atLeast ?? 0, $0.aim ?? 0) }.max() ?? 1
        return BenchFigure(
            name: "ratios",
            plot: Plot(
                title: "Ringmaster in Swift against raw C, 64 B",
                subtitle: run.circumstances,
                panels: [
                    Panel(
                        x: Axis.linear(
                            "ratio to raw C: above 1 is better; median, minimum and maximum of pairs",
                            upTo: end * 1.06
                        ),
                        bars: bars
                    )
                ]
            ),
            caption:
                "How much better than plain C on libzmq and msgpack-c, run in turn; above 1 is better, for latencies and"
                + " rates alike. Green bars reach their target, orange ones do not, grey ones have none.",
            reproduce: command(.roundtrip, .throughput)
        )
    }

    /// Slots moved and planning time against the number of workers.
    static func ringPlans(_ run: BenchRun) -> BenchFigure? {
        let rows = run.ring.filter { $0.workersFrom > 0 && $0.workersTo > 0 }.sorted { $0.workersFrom < $1.workersFrom }
        guard let first = rows.first, let last = rows.last else { return nil }
        let kinds = RingChange.allCases.compactMap { kind -> (RingChange, [RingRow])? in
            let own = rows.filter { RingChange($0) == kind }
            return own.isEmpty ? nil : (kind, own)
        }
        var moved: [Series] = []
        var times: [Series] = []
        for (kind, own) in kinds {
            let least = own.map { Series.Point(x: Double($0.workersFrom), y: Double($0.leastPossible)) }
            moved.append(Series("", least, mark: .line, colour: kind.colour, dash: .dotted))
            let points = own.map { Series.Point(x: Double($0.workersFrom), y: Double($0.moved)) }
            moved.append(Series("\(kind.rawValue), moved", points, mark: .points, colour: kind.colour))
            times.append(Series("", own.map { .init(x: Double($0.workersFrom), y: $0.planUs) }, colour: kind.colour))
        }
        moved.append(Series("least possible", [], mark: .line, colour: .grey, dash: .dotted))
        let workers = { () -> Axis in
            let most = Double(last.workersFrom)
            let exponents = stride(from: 0, through: 20, by: most > 300 ? 2 : 1).map { Double(1 << $0) }
            let ticks = exponents.filter { $0 <= most * 1.2 }.map { (value: $0, text: NumberText.grouped(Int($0))) }
            return Axis(
                "workers before",
                scale: .log2,
                ticks: ticks,
                lower: Double(first.workersFrom) / 1.2,
                upper: most * 1.2
            )
        }()
        return BenchFigure(
            name: "ring",
            plot: Plot(
                title: "Ring plans: what moves, and the time to plan it",
                subtitle: "\(NumberText.grouped(first.slots)) slots; \(run.circumstances)",
                panels: [
                    Panel(
                        title: "slots moved",
                        x: workers,
                        y: Axis.logarithmic(
                            "",
                            over: rows.flatMap { [Double($0.moved), Double($0.leastPossible)] }
                        ),
                        series: moved
                    ),
                    Panel(
                        title: "time to plan",
                        x: workers,
                        y: Axis.latency("", overUs: rows.map(\.planUs)),
                        series: times
                    ),
                ]
            ),
            caption:
                "Slots that change owner when the members change, against the least that any lawful plan moves (dotted),"
                + " and the time to make the plan.",
            reproduce: "swift run bench --scenarios ring"
        )
    }
}

/// How the number of workers changes.
private enum RingChange: String, CaseIterable {
    case oneJoins = "one joins"
    case oneLeaves = "one leaves"
    case other = "several at once"

    init(_ row: RingRow) {
        switch row.workersTo - row.workersFrom {
        case 1: self = .oneJoins
        case -1: self = .oneLeaves
        default: self = .other
        }
    }

    var colour: PlotColour {
        switch self {
        case .oneJoins: .vermillion
        case .oneLeaves: .blue
        case .other: .green
        }
    }
}
