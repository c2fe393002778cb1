// A report as one file of HTML: its style and its figures stand inside it, and it refers to nothing outside.

/// A report that is put together from the top down.
public struct HTMLReport: Sendable {
    /// A column of a table: its heading, and whether its fields are numbers, which stand right.
    public struct Column: Sendable {
        let title: String
        let isNumber: Bool

        public static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
        public static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
    }

    /// How a field of a table is shown.
    public enum Emphasis: Sendable {
        case plain, good, bad, faint
    }

    /// A field of a table.
    public struct Cell: Sendable, ExpressibleByStringLiteral {
        let text: String
        let emphasis: Emphasis
        let anchor: String?

        /// - Parameter anchor: The section of this page that it leads to.
        public init(_ text: String, _ emphasis: Emphasis = .plain, to anchor: String? = nil) {
            self.text = text
            self.emphasis = emphasis
            self.anchor = anchor
        }

        public init(stringLiteral text: String) {
            self.init(text)
        }
    }

    private let title: String
    private var sections: [(id: String, title: String)] = []
    var body = ""

    /// An empty report.
    public init(title: String) {
        self.title = title
    }

    /// Begins a section, which the table of contents names.
    /// - Parameter anchor: Where cells lead to; by default one of its own.
    public mutating func beginSection(_ title: String, anchor: String? = nil) {
        let id = anchor ?? "s\(sections.count + 1)"
        sections.append((id, title))
        body += "<h2 id=\"\(id)\">\(Self.escaped(title))</h2>\n"
    }

    /// Adds a paragraph of plain text.
    public mutating func paragraph(_ text: String) {
        body += "<p>\(Self.escaped(text))</p>\n"
    }

    /// Adds a paragraph in the small print.
    public mutating func note(_ text: String) {
        body += "<p class=\"note\">\(Self.escaped(text))</p>\n"
    }

    /// Adds lines to be typed or read as they stand.
    public mutating func code(_ text: String) {
        body += "<pre><code>\(Self.escaped(text))</code></pre>\n"
    }

    /// Adds a table. Wider than the page, it scrolls by itself.
    public mutating func table(_ columns: [Column], rows: [[Cell]], caption: String = "") {
        body += "<div class=\"table\"><table>"
        if !caption.isEmpty { body += "<caption>\(Self.escaped(caption))</caption>" }
        body += "<thead><tr>"
        for column in columns {
            body += "<th scope=\"col\"\(column.isNumber ? " class=\"n\"" : "")>\(Self.escaped(column.title))</th>"
        }
        body += "</tr></thead>\n<tbody>\n"
        for row in rows {
            precondition(row.count == columns.count, "a row has one field a column")
            body += "<tr>"
            for (cell, column) in zip(row, columns) {
                let classes = [column.isNumber ? "n" : "", Self.cssClass(cell.emphasis)].filter { !$0.isEmpty }
                let attribute = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
                let text = Self.escaped(cell.text)
                let link = cell.anchor.map { "<a href=\"#\(Self.escaped($0))\">\(text)</a>" }
                body += "<td\(attribute)>\(link ?? text)</td>"
            }
            body += "</tr>\n"
        }
        body += "</tbody></table></div>\n"
    }

    /// Adds a figure.
    ///
    /// - Parameters:
    ///   - svg: The text of an SVG file that gnuplot wrote.
    ///   - caption: What it shows.
    ///   - reproduce: The command that measures it again, empty for none.
    public mutating func figure(svg: String, named name: String, caption: String, reproduce: String = "") {
        body +=
            "<figure><div class=\"plot\">\n\(SVGFigure.inline(svg, named: name, label: caption))\n</div><figcaption>"
        body += Self.escaped(caption)
        if !reproduce.isEmpty { body += "<br>Measure it again: <code>\(Self.escaped(reproduce))</code>" }
        body += "</figcaption></figure>\n"
    }

    /// The text of the file. O(text).
    public var html: String {
        let contents = sections.map { "<a href=\"#\($0.id)\">\(Self.escaped($0.title))</a>" }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Self.escaped(title))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <main>
            <h1>\(Self.escaped(title))</h1>
            <nav>\(contents.joined(separator: " "))</nav>
            \(body)</main>
            </body>
            </html>

            """
    }

    /// Text as HTML shows it, within an element or an attribute.
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    static func cssClass(_ emphasis: Emphasis) -> String {
        switch emphasis {
        case .plain: ""
        case .good: "good"
        case .bad: "bad"
        case .faint: "faint"
        }
    }
}
