// Lines of ratios.csv and targets.csv: what the measurements add up to.

import Measurement

/// How Swift compares with raw C over pairs that ran in turn.
public struct RatioRow: Sendable, Hashable {
    public let what: String
    /// Above 1 is better than raw C.
    public let median: Double
    public let min: Double
    public let max: Double
    /// How many pairs.
    public let pairs: Int
    /// What the median should reach; nil where nothing was set.
    public let atLeast: Double?
    /// What the median aims at; nil where nothing was set.
    public let aim: Double?

    public init(_ what: String, _ ratio: PairedRatio, atLeast: Double? = nil, aim: Double? = nil) {
        self.init(
            what,
            median: ratio.ratios.median,
            min: ratio.ratios.min,
            max: ratio.ratios.max,
            pairs: ratio.ratios.count,
            atLeast: atLeast,
            aim: aim
        )
    }

    init(_ what: String, median: Double, min: Double, max: Double, pairs: Int, atLeast: Double?, aim: Double?) {
        self.what = what
        self.median = kept(median)
        self.min = kept(min)
        self.max = kept(max)
        self.pairs = pairs
        self.atLeast = atLeast.map(kept)
        self.aim = aim.map(kept)
    }
}

extension RatioRow: CSVRecord {
    public static let columns = ["what", "ratio_median", "ratio_min", "ratio_max", "pairs", "at_least", "aim"]

    public var fields: [String] {
        [what] + [median, min, max].map(NumberText.trimmed) + ["\(pairs)", field(atLeast), field(aim)]
    }

    public init(_ row: CSVRow) throws(CSVError) {
        self.init(
            row.text("what"),
            median: try row.number("ratio_median"),
            min: try row.number("ratio_min"),
            max: try row.number("ratio_max"),
            pairs: try row.count("pairs"),
            atLeast: try row.numberIfAny("at_least"),
            aim: try row.numberIfAny("aim")
        )
    }
}

/// A figure that the project set itself, and what was measured.
public struct TargetRow: Sendable, Hashable {
    /// Whether a target was met.
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// Less than the least.
        case no
        /// At least the least.
        case yes
        /// What was aimed at, too.
        case aim
        /// The run did not measure it.
        case notMeasured = "not measured"
    }

    public let measure: String
    /// Which way it gets better: `higher` or `lower`.
    public let better: Direction
    public let atLeast: Double
    /// Nil where nothing beyond `atLeast` is aimed at.
    public let aim: Double?
    /// Nil where the run did not measure it.
    public let measured: Double?
    /// How the figure was taken.
    public let how: String
    /// The limit that was measured beside it, for people; empty where there is none.
    public let limit: String

    public init(
        _ measure: String,
        better: Direction,
        atLeast: Double,
        aim: Double?,
        measured: Double?,
        how: String,
        limit: String? = nil
    ) {
        self.measure = measure
        self.better = better
        self.atLeast = kept(atLeast)
        self.aim = aim.map(kept)
        self.measured = measured.map(kept)
        self.how = how
        self.limit = limit ?? ""
    }

    /// Whether it was met.
    public var met: Verdict {
        guard let measured else { return .notMeasured }
        if let aim, better.meets(measured, aim) { return .aim }
        return better.meets(measured, atLeast) ? .yes : .no
    }
}

extension TargetRow: CSVRecord {
    public static let columns = ["measure", "better", "at_least", "aim", "measured", "met", "how", "limit"]
    public static let laterColumns = ["limit"]

    public var fields: [String] {
        [measure, better.rawValue, NumberText.trimmed(atLeast), field(aim), field(measured), met.rawValue, how, limit]
    }

    public init(_ row: CSVRow) throws(CSVError) {
        guard let better = Direction(rawValue: row.text("better")) else { throw row.fault("better", "higher or lower") }
        self.init(
            row.text("measure"),
            better: better,
            atLeast: try row.number("at_least"),
            aim: try row.numberIfAny("aim"),
            measured: try row.numberIfAny("measured"),
            how: row.text("how"),
            limit: row.text("limit")
        )
        guard try row.name("met", of: Verdict.self) == met else {
            throw row.fault("met", "\(met.rawValue), as the other columns say")
        }
    }
}
