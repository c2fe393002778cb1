// A history read for its measures: one pass, a record of 40 bytes an operation, and whatever the nemesis did.

import RingmasterProtocol

/// What a run did and what became of it, as far as the measures need it.
public struct RunRecord: Sendable {
    /// The operations under load: all but the reads at the end, which show what the keys hold (docs/MEASURES.md, "Load").
    public let operations: OperationLog
    /// From the first operation's start to the last append's being asked.
    public let load: TimeSpan
    /// How many reads came after the load.
    public let finalReadCount: Int
    /// By their beginning.
    public let faults: [FaultRecord]
    /// By their epochs.
    public let rounds: [RoundRecord]
    public let ownership: Ownership
    public let counters: [String: Int64]
    /// Whether a client ever says that it asked later than it meant to: then the load did not wait for replies.
    public let isOpenLoop: Bool
    public let healedNs: Int64?
    /// The highest time of the history.
    public let lastNs: Int64
    /// Notes that could not be read, a line each.
    public let oddities: [String]

    /// Reads a history, and judges it on the way.
    /// - Throws: `HistoryError`, as the checker does.
    public static func read(path: String) throws(HistoryError) -> (record: RunRecord, verdict: Verdict) {
        try read(HistoryReader(path: path))
    }

    /// Reads and judges whatever the reader has left.
    public static func read(
        _ reader: consuming HistoryReader
    ) throws(HistoryError) -> (record: RunRecord, verdict: Verdict) {
        var collector = RunCollector()
        var checker = HistoryChecker()
        while let line = try reader.next() {
            try checker.take(line)
            try collector.take(line)
        }
        return (collector.record(keys: reader.keys.all), checker.verdict(of: reader))
    }

    init(_ collector: RunCollector, keys: [HistoryName]) {
        let lastAppendNs = collector.operations.lazy.filter(\.isAppend).map(\.askedNs).max()
        let endNs = lastAppendNs ?? collector.operations.map(\.askedNs).max() ?? 0
        let loaded = collector.operations.filter { $0.askedNs <= endNs }
        operations = OperationLog(loaded)
        load = TimeSpan(operations.all.first?.startNs ?? 0, endNs)
        finalReadCount = collector.operations.count - loaded.count
        faults = collector.nemesis.faults(lastNs: collector.lastNs)
        let rounds = collector.nemesis.rounds(lastNs: collector.lastNs)
        self.rounds = rounds
        let committedNs = rounds.compactMap { round in round.committedNs.map { (round.epoch, $0) } }
        ownership = Ownership(
            collector.nemesis.notes.views,
            keys: keys,
            committedNs: Dictionary(committedNs) { first, _ in first }
        )
        counters = collector.nemesis.notes.counters.totals
        isOpenLoop = collector.isOpenLoop
        healedNs = collector.nemesis.healedNs
        lastNs = collector.lastNs
        oddities = collector.nemesis.notes.oddities
    }
}

/// Takes events one by one. The checker, which takes them first, has seen to it that every completion completes something.
struct RunCollector {
    private(set) var operations: [MeasuredOperation] = []
    private(set) var nemesis = NemesisRecord()
    private(set) var isOpenLoop = false
    private(set) var lastNs: Int64 = 0
    /// For each process the place of its open operation, or -1.
    private var openPlaces: [Int] = []

    mutating func take(_ line: HistoryLine) throws(HistoryError) {
        lastNs = max(lastNs, line.timeNs)
        if line.function == .nemesis {
            nemesis.take(try line.nemesisEvent(), timeNs: line.timeNs)
            return
        }
        let process = line.process.place
        while openPlaces.count <= process { openPlaces.append(-1) }
        if line.type == .invoke {
            if line.intendedNs != nil { isOpenLoop = true }
            openPlaces[process] = operations.count
            operations.append(
                MeasuredOperation(
                    // Nobody asks before it means to; a time that says so is a clock's error.
                    startNs: min(line.intendedNs ?? line.timeNs, line.timeNs),
                    askedNs: line.timeNs,
                    endNs: .max,
                    key: line.key.rawValue,
                    outcome: .open,
                    isAppend: line.function == .append
                )
            )
        } else if openPlaces[process] >= 0 {
            let place = openPlaces[process]
            operations[place].endNs = line.timeNs
            operations[place].outcome =
                switch line.type {
                case .ok: .ok
                case .fail: .failed
                case .info, .invoke: .unknown
                }
            openPlaces[process] = -1
        }
    }

    func record(keys: [HistoryName]) -> RunRecord { RunRecord(self, keys: keys) }
}
