// The blocks of a report that tells of a run: what it came to in a line, its key figures, and sections within sections.

extension HTMLReport {
    /// A figure that is to be seen at a glance.
    public struct Card: Sendable {
        let value: String
        let label: String
        let note: String
        let emphasis: Emphasis

        /// - Parameter note: What it has to be seen with, in the small print.
        public init(_ value: String, _ label: String, note: String = "", _ emphasis: Emphasis = .plain) {
            self.value = value
            self.label = label
            self.note = note
            self.emphasis = emphasis
        }
    }

    /// Adds what all of it comes to.
    public mutating func banner(_ headline: String, _ text: String, _ emphasis: Emphasis) {
        body += "<div class=\"banner \(Self.cssClass(emphasis))\"><strong>\(Self.escaped(headline))</strong>"
        body += "\(Self.escaped(text))</div>\n"
    }

    /// Adds key figures, side by side as far as the page is wide.
    public mutating func cards(_ cards: [Card]) {
        body += "<div class=\"cards\">\n"
        for card in cards {
            body += "<div><b class=\"\(Self.cssClass(card.emphasis))\">\(Self.escaped(card.value))</b>"
            body += "<span>\(Self.escaped(card.label))</span>"
            if !card.note.isEmpty { body += "<span class=\"faint\">\(Self.escaped(card.note))</span>" }
            body += "</div>\n"
        }
        body += "</div>\n"
    }

    /// Begins a section within the section.
    /// - Parameters:
    ///   - anchor: Where cells lead to: letters, digits and hyphens, once in a page.
    ///   - back: Where a link at its end leads to.
    public mutating func beginSubsection(_ title: String, anchor: String, back: (title: String, anchor: String)? = nil)
    {
        body += "<h3 id=\"\(Self.escaped(anchor))\">\(Self.escaped(title))"
        if let back { body += " <a href=\"#\(Self.escaped(back.anchor))\">\(Self.escaped(back.title))</a>" }
        body += "</h3>\n"
    }

    /// Adds a list of plain texts.
    public mutating func list(_ items: [String]) {
        body += "<ul>\n" + items.map { "<li>\(Self.escaped($0))</li>\n" }.joined() + "</ul>\n"
    }
}
