// Rows with types: a struct that is a line of a CSV file says which columns it has and how it goes in and out.

/// A value that is one line of a CSV file.
public protocol CSVRecord {
    /// The names of the columns, in the order of the file.
    static var columns: [String] { get }
    /// The columns at the end of `columns` that files of earlier versions lack: their fields are then empty.
    static var laterColumns: [String] { get }
    /// The fields, one a column.
    var fields: [String] { get }
    /// Reads a line.
    ///
    /// - Throws: `CSVError` for a field that is not what its column holds.
    init(_ row: CSVRow) throws(CSVError)
}

extension CSVTable {
    /// The table of some records.
    public init<Record: CSVRecord>(_ records: [Record]) {
        self.init(header: Record.columns)
        for record in records { append(record.fields) }
    }
}

extension CSVRecord {
    public static var laterColumns: [String] { [] }

    /// Reads a file of such records. O(text).
    ///
    /// - Throws: `CSVError` with the file, line and column of the first fault.
    public static func read(_ text: String, file: String) throws(CSVError) -> [Self] {
        let table = try CSVTable(parsing: text, file: file, expecting: columns, later: laterColumns.count)
        var records: [Self] = []
        for row in table.typedRows(file: file) { records.append(try Self(row)) }
        return records
    }
}

/// A line of a CSV file while it is read.
public struct CSVRow: Sendable {
    let file: String
    let line: Int
    let header: [String]
    let fields: [String]

    /// The text of a field.
    public func text(_ column: String) -> String {
        guard let index = header.firstIndex(of: column) else {
            preconditionFailure("no column \(column) in \(header.joined(separator: ","))")
        }
        return fields[index]
    }

    /// An integer that is not negative.
    public func count(_ column: String) throws(CSVError) -> Int {
        guard let value = Int(text(column)), value >= 0 else { throw fault(column, "a whole number, 0 or more") }
        return value
    }

    /// As `count`, or nil for an empty field.
    public func countIfAny(_ column: String) throws(CSVError) -> Int? {
        text(column).isEmpty ? nil : try count(column)
    }

    /// A finite number.
    public func number(_ column: String) throws(CSVError) -> Double {
        guard let value = Double(text(column)), value.isFinite else { throw fault(column, "a number") }
        return value
    }

    /// As `number`, or nil for an empty field.
    public func numberIfAny(_ column: String) throws(CSVError) -> Double? {
        text(column).isEmpty ? nil : try number(column)
    }

    /// `yes` or `no`.
    public func flag(_ column: String) throws(CSVError) -> Bool {
        switch text(column) {
        case "yes": true
        case "no": false
        default: throw fault(column, "yes or no")
        }
    }

    /// One of the names of an enumeration.
    public func name<Name: RawRepresentable<String> & CaseIterable>(
        _ column: String,
        of type: Name.Type = Name.self
    ) throws(CSVError) -> Name {
        guard let value = Name(rawValue: text(column)) else {
            throw fault(column, "one of " + Name.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }

    /// The error for a field that is not what it should be.
    public func fault(_ column: String, _ expected: String) -> CSVError {
        CSVError(file, line: line, .badField(column: column, value: text(column), expected: expected))
    }
}
