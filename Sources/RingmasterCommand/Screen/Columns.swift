// Text in columns.

/// A table whose columns are as wide as their widest field. Two spaces between them.
struct Columns {
    private let headings: [String]
    private let numbers: Set<Int>
    private var rows: [[String]] = []

    /// - Parameter numbers: The columns that stand on the right.
    init(_ headings: [String], numbers: Set<Int> = []) {
        self.headings = headings
        self.numbers = numbers
    }

    mutating func add(_ fields: [String]) {
        precondition(fields.count == headings.count, "a row has one field a column")
        rows.append(fields)
    }

    var lines: [String] {
        let all = [headings] + rows
        let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, field) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - field.count)
                line += (column > 0 ? "  " : "") + (numbers.contains(column) ? padding + field : field + padding)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
