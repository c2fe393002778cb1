// What faults cost a cluster: the same load with them and without them, in turn, on the same machine.

import Measurement

/// The figures of one run that are compared.
public struct RunFigures: Sendable, Equatable {
    /// Acknowledged operations a second.
    public var throughputPerSecond: Double
    public var p99Ns: Int64
    /// From a worker's SIGKILL to the first acknowledged operation on one of its keys that was asked after it.
    public var workerRecoveriesNs: [Int64]
    public var kills: Int
    public var rounds: Int
    /// Of the suite itself; nil where it was not told.
    public var suiteNsPerOperation: Double?

    public init(_ measures: RunMeasures) {
        throughputPerSecond = measures.throughput.meanPerSecond
        let histogram = measures.latencies[.overall].histogram
        p99Ns = histogram.isEmpty ? 0 : histogram.valueNs(atPercentile: 99)
        let kills = measures.recoveries.filter { $0.fault.kind == FaultKind.kill.rawValue }
        self.kills = kills.count
        workerRecoveriesNs = kills.filter { NodeName($0.fault.target)?.role == .worker }.compactMap(\.recoveryNs.value)
        rounds = measures.resizes.count
        suiteNsPerOperation = measures.suiteCost.value?.perOperationNs
    }

    init(throughputPerSecond: Double, p99Ns: Int64, workerRecoveriesNs: [Int64], suiteNsPerOperation: Double?) {
        self.throughputPerSecond = throughputPerSecond
        self.p99Ns = p99Ns
        self.workerRecoveriesNs = workerRecoveriesNs
        self.suiteNsPerOperation = suiteNsPerOperation
        (kills, rounds) = (workerRecoveriesNs.count, 0)
    }
}

/// Pairs of runs at the same offered rate, and one run as fast as it goes.
public struct FaultCost: Sendable {
    /// A figure beside what it is to be. Times are in milliseconds, shares of one, processor times in microseconds.
    public struct Row: Sendable, Equatable {
        public let name: String
        public let value: Double
        /// Of the pairs or runs; nil where it is one value of all.
        public let spread: ClosedRange<Double>?
        public let unit: String
        public let atLeast: Double
        public let aim: Double
        /// Whether more is better.
        public let isFloor: Bool

        public var isMet: Bool { isFloor ? value >= atLeast : value <= atLeast }
    }

    public var pairs: [(calm: RunFigures, faulty: RunFigures)] = []
    public var fastest: RunFigures?

    public init() {}

    /// The rows that can be told. Medians of pairs; recoveries of all runs together, by nearest rank.
    public var rows: [Row] {
        var rows: [Row] = []
        let ratios = pairs.filter { $0.calm.throughputPerSecond > 0 }
            .map { $0.faulty.throughputPerSecond / $0.calm.throughputPerSecond }.sorted()
        if let first = ratios.first, let last = ratios.last {
            let median = (ratios[(ratios.count - 1) / 2] + ratios[ratios.count / 2]) / 2
            rows.append(
                Row(
                    name: "throughput over the same without faults",
                    value: median,
                    spread: first...last,
                    unit: "x",
                    atLeast: 0.85,
                    aim: 0.97,
                    isFloor: true
                )
            )
        }
        if let recoveries = QuantileLine(pairs.flatMap(\.faulty.workerRecoveriesNs).sorted()) {
            for (name, valueNs, atLeast, aim) in [
                ("worker kill to the first job on its keys, p50", recoveries.p50, 30.0, 5.0),
                ("worker kill to the first job on its keys, p99", recoveries.p99, 250, 50),
            ] {
                rows.append(
                    Row(
                        name: name,
                        value: Double(valueNs) / 1e6,
                        spread: nil,
                        unit: "ms",
                        atLeast: atLeast,
                        aim: aim,
                        isFloor: false
                    )
                )
            }
        }
        if let cost = fastest?.suiteNsPerOperation {
            rows.append(
                Row(
                    name: "processor time of load and recorder, an operation",
                    value: cost / 1e3,
                    spread: nil,
                    unit: "us",
                    atLeast: 15,
                    aim: 5,
                    isFloor: false
                )
            )
        }
        return rows
    }

    /// For a terminal.
    public var text: String {
        var table = TextTable([
            .init("measure", .left), .init("measured", .right), .init("least to greatest", .right),
            .init("at least", .right), .init("aim", .right), .init("", .left),
        ])
        for row in rows {
            let number = { (value: Double) in NumberText.significant(value) + (row.unit == "x" ? "x" : " \(row.unit)") }
            table.append([
                row.name, number(row.value),
                row.spread.map {
                    "\(NumberText.significant($0.lowerBound)) to \(NumberText.significant($0.upperBound))"
                } ?? "",
                number(row.atLeast), number(row.aim), row.isMet ? "" : "missed",
            ])
        }
        return table.text
    }

    /// As `measures.csv` has it.
    public var csv: String {
        var table = CSVTable(header: ["measure", "value", "least", "greatest", "unit", "at_least", "aim"])
        for row in rows {
            table.append(
                [row.name]
                    + [row.value, row.spread?.lowerBound, row.spread?.upperBound].map { $0.map { "\($0)" } ?? "" }
                    + [row.unit, "\(row.atLeast)", "\(row.aim)"]
            )
        }
        return table.text
    }
}
