// Lines of the smaller tables: ring.csv, micro.csv and memory.csv.

import Measurement

/// A change of members and the plan for it.
public struct RingRow: Sendable, Hashable {
    public let workersFrom: Int
    public let workersTo: Int
    public let slots: Int
    /// The time to make the plan, in µs, the median of several.
    public let planUs: Double
    /// How many slots the plan moves.
    public let moved: Int
    /// The least number of slots that any lawful plan moves.
    public let leastPossible: Int
    /// The slots of the fullest owner against the mean, 1 at best.
    public let balance: Double

    public init(
        workersFrom: Int,
        workersTo: Int,
        slots: Int,
        planUs: Double,
        moved: Int,
        leastPossible: Int,
        balance: Double
    ) {
        self.workersFrom = workersFrom
        self.workersTo = workersTo
        self.slots = slots
        self.planUs = kept(planUs)
        self.moved = moved
        self.leastPossible = leastPossible
        self.balance = kept(balance)
    }

    /// Moved slots against the least possible, 1 at best; 1 where neither moves any.
    public var movement: Double {
        moved == leastPossible ? 1 : Double(moved) / Double(max(leastPossible, 1))
    }

    /// The balance at best: an owner has whole slots, so that the fullest may need a part of one more than the mean.
    public var balanceAtBest: Double {
        let mean = Double(slots) / Double(max(workersTo, 1))
        return mean.rounded(.up) / mean
    }
}

extension RingRow: CSVRecord {
    public static let columns = [
        "workers_from", "workers_to", "slots", "plan_us", "moved", "least_possible", "balance",
    ]

    public var fields: [String] {
        [
            "\(workersFrom)", "\(workersTo)", "\(slots)", NumberText.trimmed(planUs), "\(moved)", "\(leastPossible)",
            NumberText.trimmed(balance),
        ]
    }

    public init(_ row: CSVRow) throws(CSVError) {
        self.init(
            workersFrom: try row.count("workers_from"),
            workersTo: try row.count("workers_to"),
            slots: try row.count("slots"),
            planUs: try row.number("plan_us"),
            moved: try row.count("moved"),
            leastPossible: try row.count("least_possible"),
            balance: try row.number("balance")
        )
    }
}

/// A micro-benchmark: the cost of one operation.
public struct MicroRow: Sendable, Hashable {
    public let name: String
    /// The time of one operation, in ns, the median of several.
    public let ns: Double
    /// Instructions retired by one operation; nil where the machine does not count them, `-1` in the file.
    public let instructions: Double?
    /// Heap allocations of one operation.
    public let allocations: Double

    public init(name: String, ns: Double, instructions: Double?, allocations: Double) {
        self.name = name
        self.ns = kept(ns)
        self.instructions = instructions.map(kept)
        self.allocations = kept(allocations)
    }
}

extension MicroRow: CSVRecord {
    public static let columns = ["name", "ns", "instructions", "allocations"]

    public var fields: [String] {
        [name, NumberText.trimmed(ns), NumberText.trimmed(instructions ?? -1), NumberText.trimmed(allocations)]
    }

    public init(_ row: CSVRow) throws(CSVError) {
        let instructions = try row.number("instructions")
        self.init(
            name: row.text("name"),
            ns: try row.number("ns"),
            instructions: instructions < 0 ? nil : instructions,
            allocations: try row.number("allocations")
        )
    }
}

/// Resident memory of client and server after a number of requests.
public struct MemoryRow: Sendable, Hashable {
    public let variant: Variant
    /// How many requests had been answered since the start.
    public let requests: Int
    /// The resident memory of all processes of the measurement, in bytes.
    public let residentBytes: Int

    public init(_ variant: Variant, requests: Int, residentBytes: Int) {
        self.variant = variant
        self.requests = requests
        self.residentBytes = residentBytes
    }
}

extension MemoryRow: CSVRecord {
    public static let columns = ["variant", "requests", "resident_bytes"]

    public var fields: [String] { [variant.rawValue, "\(requests)", "\(residentBytes)"] }

    public init(_ row: CSVRow) throws(CSVError) {
        self.init(
            try row.name("variant"),
            requests: try row.count("requests"),
            residentBytes: try row.count("resident_bytes")
        )
    }
}
