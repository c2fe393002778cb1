// All that a run of the benchmark measured. BenchRun+Files writes and reads it, Judgement says what it adds up to,
// BenchFigures and RunReport show it.

import Measurement

/// The measurements of a run, in the order in which they were made.
///
/// Rows of equal key and variant are repetitions. The i-th repetition of Swift and the i-th of raw C are a pair: they ran
/// right after each other.
public struct BenchRun: Sendable, Equatable {
    /// `bench.csv`
    public internal(set) var rows: [BenchRow] = []
    /// `open-loop.csv`
    public internal(set) var openLoop: [OpenLoopRow] = []
    /// `ring.csv`
    public internal(set) var ring: [RingRow] = []
    /// `micro.csv`
    public internal(set) var micro: [MicroRow] = []
    /// `memory.csv`
    public internal(set) var memory: [MemoryRow] = []
    /// `ratios.csv`
    public internal(set) var ratios: [RatioRow] = []
    /// `targets.csv`
    public internal(set) var targets: [TargetRow] = []
    /// The files of `hgrm/` by name without extension.
    public internal(set) var latencies: [String: PercentileCurve] = [:]
    /// `machine.json`
    public internal(set) var machine: MachineInfo
    /// `notes.txt`: what a reader of the figures should know, a line each.
    public internal(set) var notes: [String] = []

    /// An empty run.
    public init(machine: MachineInfo) {
        self.machine = machine
    }

    /// Adds one measurement with its latency distribution, if it has one.
    public mutating func add(_ row: BenchRow, latency: LatencyHistogram? = nil) {
        rows.append(row)
        if let latency, !latency.isEmpty {
            let repetition = rows.count { $0.key == row.key && $0.variant == row.variant }
            latencies[Self.fileStem(row.key, row.variant, repetition: repetition)] = PercentileCurve(latency)
        }
    }

    /// Adds a Swift measurement and what ran next to it, raw C unless it is something else, and fills in the ratio.
    public mutating func addPair(
        swift: BenchRow,
        raw: BenchRow,
        swiftLatency: LatencyHistogram? = nil,
        rawLatency: LatencyHistogram? = nil
    ) {
        precondition(
            swift.variant == .swift && raw.variant != .swift && swift.key == raw.key,
            "a pair of the same work"
        )
        add(swift.compared(to: raw), latency: swiftLatency)
        add(raw, latency: rawLatency)
    }

    /// Adds the distribution of the pauses of keys that changed owner, beside the row that tells their p99.
    public mutating func addPauses(_ pauses: LatencyHistogram, of key: BenchKey) {
        guard !pauses.isEmpty else { return }
        latencies[Self.pausesStem(key)] = PercentileCurve(pauses)
    }

    static func pausesStem(_ key: BenchKey) -> String { "\(key.fileStem)-pauses" }

    /// Adds the measurement of a fixed rate, to `open-loop.csv` and to `bench.csv`.
    ///
    /// - Parameter raw: The raw C measurement at the same rate that ran next to it, if there is one and it was added.
    public mutating func add(_ row: OpenLoopRow, latency: LatencyHistogram, comparedTo raw: OpenLoopRow? = nil) {
        openLoop.append(row)
        rows.append(raw.map { row.benchRow.compared(to: $0.benchRow) } ?? row.benchRow)
        let repetition = openLoop.count {
            $0.key == row.key && $0.variant == row.variant && $0.targetRate == row.targetRate
        }
        let stem = Self.fileStem(row.key, row.variant, rate: row.targetRate, repetition: repetition)
        if !latency.isEmpty { latencies[stem] = PercentileCurve(latency) }
    }

    /// Adds the plan of a change of members.
    public mutating func add(_ row: RingRow) { ring.append(row) }

    /// Adds a micro-benchmark.
    public mutating func add(_ row: MicroRow) { micro.append(row) }

    /// Adds a measurement of memory.
    public mutating func add(_ row: MemoryRow) { memory.append(row) }

    /// Adds what a reader of the figures should know: one line.
    public mutating func note(_ text: String) {
        notes.append(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    /// The repetitions of one measurement. O(rows).
    func repetitions(_ key: BenchKey, _ variant: Variant) -> [BenchRow] {
        rows.filter { $0.key == key && $0.variant == variant }
    }

    /// The keys of a scenario in the order in which they were first measured. O(rows).
    func keys(_ scenario: Scenario) -> [BenchKey] {
        var seen: Set<BenchKey> = []
        return rows.map(\.key).filter { $0.scenario == scenario && seen.insert($0).inserted }
    }

    /// The latency distributions of one measurement, by repetition. O(repetitions).
    func curves(_ key: BenchKey, _ variant: Variant, rate: Double? = nil) -> [PercentileCurve] {
        let stems = (1...max(rows.count, 1)).lazy.map {
            Self.fileStem(key, variant, rate: rate, repetition: $0)
        }
        return stems.prefix { latencies[$0] != nil }.compactMap { latencies[$0] }
    }

    static func fileStem(_ key: BenchKey, _ variant: Variant, rate: Double? = nil, repetition: Int) -> String {
        let atRate = rate.map { "-\(NumberText.trimmed($0))per-s" } ?? ""
        return "\(key.fileStem)\(atRate)-\(variant.rawValue)-\(repetition)"
    }
}

extension OpenLoopRow {
    /// The same measurement as a line of `bench.csv`.
    fileprivate var benchRow: BenchRow {
        BenchRow(key, variant, requests: requests, seconds: seconds, latency: latency)
    }
}
