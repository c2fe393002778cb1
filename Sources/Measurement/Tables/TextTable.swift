// Tables for a terminal.

/// A table in columns of equal width. Texts stand left, numbers right.
public struct TextTable: Sendable {
    /// On which side of its column a field stands.
    public enum Alignment: Sendable {
        case left, right
    }

    /// A column's heading and the side its fields stand on.
    public struct Column: Sendable {
        let title: String
        let alignment: Alignment

        public init(_ title: String, _ alignment: Alignment) {
            self.title = title
            self.alignment = alignment
        }
    }

    private enum Line {
        case row([String])
        case group(String)
    }

    private let columns: [Column]
    private let lineWidthMax: Int
    private var lines: [Line] = []

    /// An empty table no wider than `lineWidthMax` characters: the first column gives way, with an ellipsis.
    public init(_ columns: [Column], lineWidthMax: Int = 110) {
        precondition(!columns.isEmpty, "a table has columns")
        self.columns = columns
        self.lineWidthMax = lineWidthMax
    }

    /// Adds a row, one field a column.
    public mutating func append(_ fields: [String]) {
        precondition(fields.count == columns.count, "a row has one field a column")
        lines.append(.row(fields))
    }

    /// Begins a group of rows under a heading of its own.
    public mutating func beginGroup(_ title: String) {
        lines.append(.group(title))
    }

    /// The table, each line ended. O(text).
    public var text: String {
        let widths = columnWidths
        let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
        var text = format(columns.map(\.title), widths) + "\n" + rule + "\n"
        for line in lines {
            switch line {
            case .row(let fields): text += format(fields, widths) + "\n"
            case .group(let title): text += shortened(title, to: lineWidthMax) + "\n"
            }
        }
        return text
    }

    private var columnWidths: [Int] {
        var widths = columns.map(\.title.count)
        for case .row(let fields) in lines {
            for (index, field) in fields.enumerated() { widths[index] = max(widths[index], field.count) }
        }
        let others = widths.dropFirst().reduce(0, +) + 2 * (widths.count - 1)
        widths[0] = min(widths[0], max(8, lineWidthMax - others))
        return widths
    }

    private func format(_ fields: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, field) in fields.enumerated() {
            let text = index == 0 ? shortened(field, to: widths[0]) : field
            let padding = String(repeating: " ", count: max(0, widths[index] - text.count))
            line += (index > 0 ? "  " : "") + (columns[index].alignment == .left ? text + padding : padding + text)
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }

    private func shortened(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }
}
