// What came of a matrix, for people and for programs.

import Measurement
import Ringmaster

/// The cells' outcomes: a row a role and step, a column a kind of resize and strike.
public struct MatrixTable {
    private let results: [MatrixResult]
    private let verifications: [MatrixVerification]

    public init(_ results: MatrixResults) {
        self.results = results.cells
        verifications = results.verifications
    }

    public var hasViolation: Bool {
        results.contains { if case .violation = $0.outcome { true } else { false } }
            || verifications.contains { !$0.problems.isEmpty }
    }

    /// Whether every cell was tried and judged.
    public var isWhole: Bool { results.allSatisfy { $0.outcome == .valid } }

    /// One result on a line.
    public static func line(_ result: MatrixResult) -> String {
        let time = result.settled.map { " (\($0.milliseconds) ms)" } ?? ""
        return "\(word(result.outcome)) \(result.cell)\(time)\(reason(result.outcome).map { ": \($0)" } ?? "")"
    }

    private static func word(_ outcome: MatrixResult.Outcome) -> String {
        switch outcome {
        case .valid: "valid"
        case .violation: "VIOLATION"
        case .notReached: "not reached"
        case .undecided: "undecided"
        }
    }

    private static func reason(_ outcome: MatrixResult.Outcome) -> String? {
        switch outcome {
        case .valid: nil
        case .violation(let reason), .notReached(let reason), .undecided(let reason): reason
        }
    }

    public var text: String {
        var table = TextTable(
            [
                TextTable.Column("step", .left), TextTable.Column("role", .left), TextTable.Column("by", .left),
                TextTable.Column("handoff kill", .right), TextTable.Column("pause", .right),
                TextTable.Column("barrier kill", .right), TextTable.Column("pause", .right),
            ],
            lineWidthMax: 120
        )
        var rows: [String] = []
        var fields: [String: [String]] = [:]
        for result in results {
            let cell = result.cell
            let row = "\(cell.point.rawValue) \(cell.role.rawValue) \(cell.trigger.rawValue)"
            if fields[row] == nil {
                rows.append(row)
                fields[row] = row.split(separator: " ").map(String.init) + ["-", "-", "-", "-"]
            }
            let column = 3 + (cell.mode == .barrier ? 2 : 0) + (cell.strike == .pause ? 1 : 0)
            let isValid = result.outcome == .valid
            fields[row]![column] = isValid ? "\(result.settled?.milliseconds ?? 0) ms" : Self.word(result.outcome)
        }
        for row in rows { table.append(fields[row]!) }
        let valid = results.count { $0.outcome == .valid }
        var lines = [table.text, "\(valid) of \(results.count) cells valid"]
        lines += results.filter { $0.outcome != .valid }.map { "  " + Self.line($0) }
        let sound = verifications.count { $0.problems.isEmpty }
        lines.append("the data on disk is sound after \(sound) of \(verifications.count) series of cells")
        for verification in verifications {
            let (first, last) = (verification.cells.lowerBound, verification.cells.upperBound)
            lines += verification.problems.map { "  after cells \(first) to \(last): \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    /// A line a cell, with a heading.
    public var csv: String {
        let head = "mode,role,step,trigger,strike,outcome,settled_ms,reason"
        let rows = results.map { result in
            let cell = result.cell
            let reason = (Self.reason(result.outcome) ?? "").replacing("\"", with: "'")
            return [
                cell.modeName, cell.role.rawValue, cell.point.rawValue, cell.trigger.rawValue, cell.strike.rawValue,
                Self.word(result.outcome), result.settled.map { "\($0.milliseconds)" } ?? "", "\"\(reason)\"",
            ].joined(separator: ",")
        }
        return ([head] + rows).joined(separator: "\n") + "\n"
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
