// How long a cluster stood still for some of its keys: the last columns of bench.csv.

import Measurement

/// Pauses and recoveries in µs, kept to six digits; nil where they were not measured.
public struct Interruption: Sendable, Hashable {
    /// The longest silence of a key that changed owner, from when a job was meant to be sent to its acknowledgement:
    /// the 99th percentile over keys and resizes.
    public let pauseP99Us: Double?
    /// From a death to the first acknowledged job: the median over deaths.
    public let recoveryP50Us: Double?
    /// As `recoveryP50Us`, the 99th percentile; of fewer than 100 deaths that is the worst.
    public let recoveryP99Us: Double?

    public init(pauseP99Us: Double? = nil, recoveryP50Us: Double? = nil, recoveryP99Us: Double? = nil) {
        self.pauseP99Us = pauseP99Us.map(kept)
        self.recoveryP50Us = recoveryP50Us.map(kept)
        self.recoveryP99Us = recoveryP99Us.map(kept)
    }

    static let columns = ["pause_p99_us", "recovery_p50_us", "recovery_p99_us"]

    var fields: [String] { [field(pauseP99Us), field(recoveryP50Us), field(recoveryP99Us)] }

    init(_ row: CSVRow) throws(CSVError) {
        self.init(
            pauseP99Us: try row.numberIfAny("pause_p99_us"),
            recoveryP50Us: try row.numberIfAny("recovery_p50_us"),
            recoveryP99Us: try row.numberIfAny("recovery_p99_us")
        )
    }
}
