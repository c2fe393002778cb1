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

        public init(_ text: String, _ emphasis: Emphasis = .plain) {
            self.text = text
            self.emphasis = emphasis
        }

        public init(stringLiteral text: String) {
            self.init(text)
        }
    }

    private let title: String
    private var sections: [(id: String, title: String)] = []
    private var body = ""

    /// An empty report.
    public init(title: String) {
        self.title = title
    }

    /// Begins a section, which the table of contents names.
    public mutating func beginSection(_ title: String) {
        let id = "s\(sections.count + 1)"
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
                body += "<td\(attribute)>\(Self.escaped(cell.text))</td>"
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

    private static func cssClass(_ emphasis: Emphasis) -> String {
        switch emphasis {
        case .plain: ""
        case .good: "good"
        case .bad: "bad"
        case .faint: "faint"
        }
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #2b2f36; --paper: #ffffff; --grid: #dfe2e7; --faint: #5f6670;
          --panel: #f5f6f8; --good: #00684b; --bad: #b03a00; --link: #005a8f; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e3e6ea; --paper: #16181c; --grid: #363b43; --faint: #a0a7b1; --panel: #1f2228;
            --good: #4fd0a5; --bad: #ff9b66; --link: #7cc4f5; }
        }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        main { max-width: 1000px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
        h2 { font-size: 1.25rem; margin: 2.4rem 0 0.6rem; border-bottom: 1px solid var(--grid); padding-bottom: 0.3rem; }
        nav a { margin-right: 1rem; white-space: nowrap; }
        a { color: var(--link); }
        .note { color: var(--faint); font-size: 0.9rem; }
        figure { margin: 1.4rem 0 2rem; }
        .plot { overflow-x: auto; }
        .plot svg { width: 100%; min-width: 640px; height: auto; display: block; }
        .plot svg * { font-family: inherit; }
        figcaption { color: var(--faint); font-size: 0.9rem; margin-top: 0.3rem; }
        .table { overflow-x: auto; margin: 1rem 0; }
        table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; min-width: 60%; }
        caption { text-align: left; color: var(--faint); padding-bottom: 0.3rem; }
        th, td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; border-bottom: 1px solid var(--grid);
          vertical-align: top; }
        th { font-weight: 600; }
        .n { text-align: right; white-space: nowrap; }
        .good { color: var(--good); font-weight: 600; }
        .bad { color: var(--bad); font-weight: 600; }
        .faint { color: var(--faint); }
        pre { background: var(--panel); padding: 0.7rem 0.9rem; overflow-x: auto; border-radius: 6px; }
        code { font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; }
        """
}
