// targets.csv: what `chaos run --target all` says of each target, put beside a comparison as it was written (there chaos.csv).

import Measurement
import TargetRuns

/// A line of it, as it was read.
struct TargetFigures: CSVRecord {
    static let columns = TargetTable.columns

    let fields: [String]
    let target: String
    let service: String
    let lostOrDuplicated: Int
    let recoveryP50Ms: Double?
    let longestWaitP50Ms: Double?

    init(_ row: CSVRow) throws(CSVError) {
        fields = Self.columns.map { row.text($0) }
        target = row.text("target")
        service = row.text("service")
        lostOrDuplicated = try row.count("lost") + row.count("duplicated")
        recoveryP50Ms = try row.numberIfAny("recovery_p50_ms")
        longestWaitP50Ms = try row.numberIfAny("longest_wait_p50_ms")
    }

    var isRingmaster: Bool { target == "ringmaster" }
    var name: String { service.isEmpty ? target : "\(target), \(service)" }
}
