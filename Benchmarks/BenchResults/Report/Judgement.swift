// What the rows add up to: ratios to raw C over pairs, and the project's targets. Both come from the rows alone.

import Measurement

extension BenchRun {
    /// Fills `ratios` and `targets` from the rows; call it when all rows are in. O(rows * ratios).
    public mutating func judge() {
        ratios = Contest.all.compactMap { $0.row(self) }
        targets = (Target.all + ClusterTargets.all).map { $0(self) }
    }

    /// Repetitions of one measure, summarised; nil where it was not measured. O(rows).
    func summary(_ key: BenchKey, _ variant: Variant, _ measure: BenchMeasure) -> Summary? {
        Summary(of: repetitions(key, variant).compactMap { $0.value(measure) })
    }

    /// The ratio to another variant that was measured in turn, by one measure; nil where there is no pair. O(rows).
    func ratio(swift key: BenchKey, over other: Variant, _ measure: BenchMeasure) -> PairedRatio? {
        PairedRatio(
            measured: repetitions(key, .swift).compactMap { $0.value(measure) },
            baseline: repetitions(key, other).compactMap { $0.value(measure) },
            better: measure.better
        )
    }

    /// The ratio of pairs by one measure; nil where there is no pair. O(rows).
    func ratio(swift: BenchKey, raw: BenchKey, _ measure: BenchMeasure) -> PairedRatio? {
        PairedRatio(
            measured: repetitions(swift, .swift).compactMap { $0.value(measure) },
            baseline: repetitions(raw, .rawC).compactMap { $0.value(measure) },
            better: measure.better
        )
    }
}

/// The settings that ratios and targets are about.
enum Reference {
    static let payloadBytes = 64
    static let inFlight = 4096
    static let requestsBefore = 1_000_000
    static let requestsAfter = 10_000_000

    static func roundtrip(_ transport: Transport) -> BenchKey {
        BenchKey(.roundtrip, transport: transport, payloadBytes: payloadBytes, inFlight: 1)
    }

    static func pipelined(_ transport: Transport, coalesced: Bool) -> BenchKey {
        BenchKey(
            .throughput,
            transport: transport,
            payloadBytes: payloadBytes,
            inFlight: inFlight,
            coalesced: coalesced
        )
    }
}

/// A line of ratios.csv in the making: which rows are held against which.
private struct Contest {
    let what: String
    let swift: BenchKey
    let raw: BenchKey
    let measure: BenchMeasure
    var atLeast: Double?
    var aim: Double?

    static var all: [Contest] {
        [Transport.tcp, .ipc, .inproc].flatMap { transport -> [Contest] in
            let counts = transport == .tcp
            let roundtrip = Reference.roundtrip(transport)
            let single = Reference.pipelined(transport, coalesced: false)
            let coalesced = Reference.pipelined(transport, coalesced: true)
            let bounds = { (bound: RatioBound) in counts ? bound : RatioBound(atLeast: nil, aim: nil) }
            return [
                Contest("round trip p50, \(transport.rawValue)", roundtrip, roundtrip, .p50, bounds(.roundtrip)),
                Contest("round trip p99, \(transport.rawValue)", roundtrip, roundtrip, .p99),
                Contest("one frame a message, both, \(transport.rawValue)", single, single, .rate, bounds(.single)),
                Contest("coalesced, both, \(transport.rawValue)", coalesced, coalesced, .rate, bounds(.coalesced)),
                Contest(
                    "coalesced over plain raw C, \(transport.rawValue)",
                    coalesced,
                    single,
                    .rate,
                    bounds(.coalescing)
                ),
            ]
        }
    }

    private init(
        _ what: String,
        _ swift: BenchKey,
        _ raw: BenchKey,
        _ measure: BenchMeasure,
        _ bound: RatioBound = RatioBound(atLeast: nil, aim: nil)
    ) {
        self.what = what
        self.swift = swift
        self.raw = raw
        self.measure = measure
        atLeast = bound.atLeast
        aim = bound.aim
    }

    func row(_ run: BenchRun) -> RatioRow? {
        run.ratio(swift: swift, raw: raw, measure).map { RatioRow(what, $0, atLeast: atLeast, aim: aim) }
    }
}

/// What a ratio should reach, above 1 being better than raw C.
private struct RatioBound {
    let atLeast: Double?
    let aim: Double?

    /// A latency within 1.15 times raw C's is a ratio of 1 / 1.15.
    static let roundtrip = RatioBound(atLeast: 1 / 1.15, aim: 1 / 1.02)
    static let single = RatioBound(atLeast: 0.85, aim: 0.98)
    static let coalescing = RatioBound(atLeast: 2.5, aim: 4)
    static let coalesced = RatioBound(atLeast: 0.75, aim: 0.95)
}

/// The lines of targets.csv, each made from a run.
private enum Target {
    static let all: [@Sendable (BenchRun) -> TargetRow] = [
        roundtrip, single, coalescing, coalesced, allocations, memory, movement, balance,
    ]

    @Sendable static func roundtrip(_ run: BenchRun) -> TargetRow {
        let key = Reference.roundtrip(.tcp)
        return TargetRow(
            "round trip p50 over raw C's",
            better: .lower,
            atLeast: 1.15,
            aim: 1.02,
            measured: run.ratio(swift: key, raw: key, .p50).map { 1 / $0.ratios.median },
            how: "tcp, 64 B, one in flight; median of pairs"
        )
    }

    @Sendable static func single(_ run: BenchRun) -> TargetRow {
        rate(run, "pipelined rate over raw C's", .single, swift: false, raw: false, "one frame a message, both")
    }

    @Sendable static func coalescing(_ run: BenchRun) -> TargetRow {
        rate(
            run,
            "coalesced rate over raw C's plain",
            .coalescing,
            swift: true,
            raw: false,
            "raw C: one frame a message"
        )
    }

    @Sendable static func coalesced(_ run: BenchRun) -> TargetRow {
        rate(run, "coalesced rate over raw C's coalesced", .coalesced, swift: true, raw: true, "same batching, both")
    }

    private static func rate(
        _ run: BenchRun,
        _ measure: String,
        _ bound: RatioBound,
        swift: Bool,
        raw: Bool,
        _ how: String
    ) -> TargetRow {
        let ratio = run.ratio(
            swift: Reference.pipelined(.tcp, coalesced: swift),
            raw: Reference.pipelined(.tcp, coalesced: raw),
            .rate
        )
        guard let atLeast = bound.atLeast else { preconditionFailure("a target has a least") }
        return TargetRow(
            measure,
            better: .higher,
            atLeast: atLeast,
            aim: bound.aim,
            measured: ratio?.ratios.median,
            how: "tcp, 64 B, 4,096 in flight; \(how); median of pairs"
        )
    }

    @Sendable static func allocations(_ run: BenchRun) -> TargetRow {
        let keys = [
            Reference.roundtrip(.tcp), Reference.pipelined(.tcp, coalesced: false),
            Reference.pipelined(.tcp, coalesced: true),
        ]
        let worst = keys.compactMap { run.summary($0, .swift, .allocations)?.median }.max()
        return TargetRow(
            "heap allocations a request",
            better: .lower,
            atLeast: 0,
            aim: 0,
            measured: worst.map { ($0 * 1000).rounded() / 1000 },
            how: "tcp, 64 B, client and server, to three decimals; the worst of round trip, pipelined and coalesced"
        )
    }

    @Sendable static func memory(_ run: BenchRun) -> TargetRow {
        let own = run.memory.filter { $0.variant == .swift }.sorted { $0.requests < $1.requests }
        let before = own.first { $0.requests >= Reference.requestsBefore }
        let after = own.first { $0.requests >= Reference.requestsAfter }
        var measured: Double?
        if let before, let after, before.residentBytes > 0 {
            measured = Double(after.residentBytes) / Double(before.residentBytes)
        }
        return TargetRow(
            "resident memory, late over early",
            better: .lower,
            atLeast: 1.05,
            aim: 1,
            measured: measured,
            how: "after 10 million requests over after 1 million"
        )
    }

    @Sendable static func movement(_ run: BenchRun) -> TargetRow {
        TargetRow(
            "slots moved over the least possible",
            better: .lower,
            atLeast: 1,
            aim: nil,
            measured: run.ring.map(\.movement).max(),
            how: "the worst of all plans"
        )
    }

    /// Owners have whole slots: with many workers even a perfect plan leaves the fullest more than 1 % above the mean.
    @Sendable static func balance(_ run: BenchRun) -> TargetRow {
        let (fine, coarse) = (run.ring.filter { $0.balanceAtBest <= 1.01 }, run.ring.filter { $0.balanceAtBest > 1.01 })
        var how = "the worst of all plans in which whole slots allow 1.01"
        if let worst = coarse.map(\.balance).max() {
            let excess = coarse.map { $0.balance / $0.balanceAtBest }.max() ?? 1
            how +=
                "; elsewhere \(NumberText.significant(worst)), \(NumberText.significant(excess)) times the best possible"
        }
        return TargetRow(
            "fullest owner over the mean",
            better: .lower,
            atLeast: 1.01,
            aim: nil,
            measured: fine.map(\.balance).max(),
            how: how
        )
    }
}
