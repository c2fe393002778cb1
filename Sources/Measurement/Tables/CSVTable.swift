// A table as a CSV file: a header and rows of text. CSVRecord gives the rows their types.
//
// Source: RFC 4180, with LF or CRLF between lines; lines are written with LF.

/// A table of text under a header. Every row has as many fields as the header.
public struct CSVTable: Sendable, Equatable {
    /// The names of the columns.
    public let header: [String]
    /// The fields of the rows.
    public private(set) var rows: [[String]] = []
    /// The line at which each row began when it was read, else its number, counted from 1 with the header.
    private var lines: [Int] = []

    /// An empty table.
    public init(header: [String]) {
        precondition(!header.isEmpty && Set(header).count == header.count, "columns have names of their own")
        self.header = header
    }

    /// Adds a row, one field a column.
    public mutating func append(_ fields: [String]) {
        precondition(fields.count == header.count, "a row has one field a column")
        lines.append((lines.last ?? 1) + 1)
        rows.append(fields)
    }

    /// Reads a table. O(text).
    ///
    /// - Parameters:
    ///   - expecting: The columns that it must have, in order.
    ///   - later: So many of them at the end may be absent, all of them together; their fields are then empty.
    /// - Throws: `CSVError` that names the file, line and column of the first fault.
    public init(parsing text: String, file: String, expecting columns: [String], later: Int = 0) throws(CSVError) {
        var parser = CSVParser(text, file: file)
        guard let (line, header) = try parser.nextRow() else { throw CSVError(file, line: 1, .empty) }
        let isEarlier = later > 0 && header == columns.dropLast(later)
        guard header == columns || isEarlier else {
            throw CSVError(file, line: line, .wrongHeader(found: header, expected: columns))
        }
        self.init(header: columns)
        while let (line, fields) = try parser.nextRow() {
            guard fields.count == header.count else {
                throw CSVError(file, line: line, .wrongFieldCount(found: fields.count, expected: header.count))
            }
            rows.append(isEarlier ? fields + Array(repeating: "", count: later) : fields)
            lines.append(line)
        }
    }

    /// The file's text; a field with a comma, quote or line break is quoted. O(text).
    public var text: String {
        var text = ""
        for row in CollectionOfOne(header) + rows {
            text += row.map(Self.quoted).joined(separator: ",") + "\n"
        }
        return text
    }

    /// The rows with access by column, which names line and column where a field is not what it should be.
    func typedRows(file: String) -> [CSVRow] {
        zip(rows, lines).map { CSVRow(file: file, line: $1, header: header, fields: $0) }
    }

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    public static func == (one: CSVTable, other: CSVTable) -> Bool {
        one.header == other.header && one.rows == other.rows
    }
}

/// What is wrong with a CSV file, and where. Whoever wrote or edited the file has to mend it.
public struct CSVError: Error, Equatable, CustomStringConvertible {
    public enum Fault: Equatable, Sendable {
        /// There is not even a header.
        case empty
        /// The first line does not name the columns that belong there.
        case wrongHeader(found: [String], expected: [String])
        /// A row has more or fewer fields than the header.
        case wrongFieldCount(found: Int, expected: Int)
        /// A quoted field does not end, or text follows its closing quote.
        case badQuote
        /// A field is not what its column holds.
        case badField(column: String, value: String, expected: String)
    }

    /// The name of the file.
    public let file: String
    /// The line at which the row begins, counted from 1.
    public let line: Int
    public let fault: Fault

    public init(_ file: String, line: Int, _ fault: Fault) {
        self.file = file
        self.line = line
        self.fault = fault
    }

    public var description: String {
        let what =
            switch fault {
            case .empty: "the file is empty; its first line should name the columns"
            case .wrongHeader(let found, let expected): Self.headerFault(found, expected)
            case .wrongFieldCount(let found, let expected): "\(found) fields where the header has \(expected)"
            case .badQuote: "a quoted field does not end where it should"
            case .badField(let column, let value, let expected): "\(column) is \"\(value)\", expected \(expected)"
            }
        return "\(file), line \(line): \(what)"
    }

    private static func headerFault(_ found: [String], _ expected: [String]) -> String {
        let pairs = zip(found, expected).enumerated()
        if let (index, (is_, should)) = pairs.first(where: { $1.0 != $1.1 }) {
            return "column \(index + 1) is \"\(is_)\", expected \"\(should)\""
        }
        return "the header has \(found.count) columns, expected \(expected.count): \(expected.joined(separator: ","))"
    }
}
