// Fits an SVG file of gnuplot's into a page: apart from others' names, and in the page's colours, light or dark.

import Foundation

enum SVGFigure {
    /// The SVG element of a file, as a part of an HTML page. O(text).
    ///
    /// Identifiers get the figure's name in front, as those of several figures would meet in one page. White, ink and
    /// grid become the page's own; the colours of data stay, as they are legible on both papers.
    static func inline(_ svg: String, named name: String, label: String) -> String {
        guard let start = svg.range(of: "<svg") else { return "" }
        var text = String(svg[start.lowerBound...]).trimmingCharacters(in: .whitespacesAndNewlines)
        let prefix = String(name.map { $0.isLetter || $0.isNumber ? $0 : "-" }) + "-"
        for quote in ["\"", "'"] {
            text = text.replacing(" id=\(quote)", with: " id=\(quote)\(prefix)")
            text = text.replacing("xlink:href=\(quote)#", with: "href=\(quote)#\(prefix)")
        }
        text = text.replacing("url(#", with: "url(#\(prefix)")
        for (colour, variable) in [
            ("#ffffff", "--paper"), (GnuplotScript.ink, "--ink"), (GnuplotScript.grid, "--grid"), ("black", "--ink"),
            ("gray", "--grid"),
        ] {
            for spelling in spellings(of: colour) {
                for attribute in ["fill", "stroke", "color"] {
                    for quote in ["\"", "'"] {
                        text = text.replacing(
                            " \(attribute)=\(quote)\(spelling)\(quote)",
                            with: " \(attribute)=\"var(\(variable))\""
                        )
                    }
                }
            }
        }
        text = text.replacing(" xmlns=\"http://www.w3.org/2000/svg\"", with: "")
        text = text.replacing(" xmlns:xlink=\"http://www.w3.org/1999/xlink\"", with: "")
        let attributes = " role=\"img\" aria-label=\"\(HTMLReport.escaped(label))\""
        return text.replacingOccurrences(of: "<svg", with: "<svg" + attributes, range: text.range(of: "<svg"))
    }

    /// gnuplot writes a colour as it was named, as `rgb( 43,  47,  54)` or, for texts, as `rgb(43,47,54)`.
    private static func spellings(of colour: String) -> [String] {
        guard colour.hasPrefix("#"), let value = Int(colour.dropFirst(), radix: 16) else { return [colour] }
        let parts = [value >> 16, value >> 8 & 0xFF, value & 0xFF]
        let spaced = parts.map { String(format: "%3d", $0) }.joined(separator: ", ")
        return [colour, colour.uppercased(), "rgb(\(spaced))", "rgb(\(spaced.replacing(" ", with: "")))"]
    }
}
