// Says a Plot in gnuplot's language. All data stand in the script, so that one file draws the figure anywhere.
//
// gnuplot's own margins, titles and keys depend on what each terminal knows of its fonts. Everything outside the axes is
// therefore placed here, in points from the lower left corner, and comes out the same as SVG and PNG.

import Foundation

/// The commands that draw a figure.
struct GnuplotScript {
    /// The kinds of file that gnuplot writes.
    enum Terminal {
        case svg(name: String)
        case png
    }

    /// The colour of texts and axes, and of the grid. SVGFigure finds them again by these values.
    static let ink = PlotColour.ink.rawValue
    static let grid = "#dfe2e7"

    let plot: Plot
    let layout: PlotLayout
    private let isSVG: Bool
    private(set) var lines: [String] = []
    private var blockCount = 0

    /// The script for `plot`, which writes to the file `output`. O(points).
    static func text(_ plot: Plot, terminal: Terminal, output: String) -> String {
        var script = GnuplotScript(plot: plot, terminal: terminal)
        script.begin(terminal, output: output)
        for index in plot.panels.indices { script.draw(panel: index) }
        script.lines += ["unset multiplot", "unset output"]
        return script.lines.joined(separator: "\n") + "\n"
    }

    private init(plot: Plot, terminal: Terminal) {
        self.plot = plot
        if case .svg = terminal { isSVG = true } else { isSVG = false }
        layout = PlotLayout(plot)
    }

    mutating func append(_ line: String) { lines.append(line) }

    // MARK: The page

    private mutating func begin(_ terminal: Terminal, output: String) {
        let (width, height) = (Int(PlotLayout.width), Int(PlotLayout.height))
        switch terminal {
        case .svg(let name):
            lines.append(
                "set terminal svg size \(width),\(height) font 'sans-serif,13' background '#ffffff'"
                    + " name \(quoted(name)) dashlength 0.8 linewidth 1"
            )
        case .png:
            // Twice as many pixels as points, for screens that have them.
            lines.append(
                "set terminal pngcairo size \(width * 2),\(height * 2) font 'sans-serif,9.75' fontscale 2 linewidth 2"
                    + " background '#ffffff' dashlength 0.8"
            )
        }
        lines += [
            "set output \(quoted(output))",
            "set encoding utf8",
            "set border 3 linecolor rgb '\(Self.ink)' linewidth 1",
            "set tics nomirror scale 0.5 textcolor rgb '\(Self.ink)'",
            "set style fill solid 0.85 noborder",
            "set bars 0.5",
            "unset key",
            "set multiplot",
        ]
        label(plot.title, x: 16, y: PlotLayout.height - 26, size: 17)
        label(layout.subtitle, x: 16, y: PlotLayout.height - 49, size: 12)
        drawLegend()
    }

    /// The legend and the texts of the page are drawn with the first panel.
    private mutating func drawLegend() {
        for (entry, x, y) in layout.legend {
            let line = "linecolor rgb '\(entry.colour.rawValue)'"
            guard let mark = entry.mark else {
                drawAreaSample(entry, x: x, y: y)
                label(entry.title, x: x + 37, y: y, size: 12)
                continue
            }
            if mark != .points {
                // Stroke by stroke, as the SVG terminal does not dash arrows.
                for stroke in PlotLayout.sampleStrokes(entry.dash) {
                    lines.append(
                        "set arrow from screen \(layout.across(x + stroke.lowerBound)),\(layout.up(y)) to screen"
                            + " \(layout.across(x + stroke.upperBound)),\(layout.up(y)) nohead \(line) linewidth 2"
                    )
                }
            }
            if mark != .line {
                lines.append(
                    "set label '' at screen \(layout.across(x + 15)),\(layout.up(y)) point \(line) pointtype 7"
                        + " pointsize \(pointSize(mark))"
                )
            }
            label(entry.title, x: x + 37, y: y, size: 12)
        }
    }

    private mutating func label(_ text: String, x: Double, y: Double, size: Int) {
        lines.append(
            "set label \(quoted(text)) at screen \(layout.across(x)),\(layout.up(y)) left noenhanced font ',\(size)'"
                + " textcolor rgb '\(Self.ink)'"
        )
    }

    private mutating func draw(panel index: Int) {
        let (panel, frame) = (plot.panels[index], layout.frames[index])
        lines += [
            "set lmargin at screen \(layout.across(frame.left))",
            "set rmargin at screen \(layout.across(frame.right))",
            "set bmargin at screen \(layout.up(frame.bottom))",
            "set tmargin at screen \(layout.up(frame.top))",
        ]
        label(layout.heading(of: panel), x: frame.left, y: frame.top + 15, size: 13)
        lines.append("set grid xtics ytics linecolor rgb '\(Self.grid)' linewidth 0.8 linetype 1 dashtype 1")
        set(axis: panel.x, "x")
        lines.append("set xlabel \(quoted(panel.x.label)) noenhanced textcolor rgb '\(Self.ink)' font ',12'")
        set(axis: panel.y, "y")
        draw(panel.windows, on: panel.x, in: frame)
        switch panel.content {
        case .series(let series): draw(series)
        case .bars(let bars): draw(bars, on: panel.x)
        case .boxes(let boxes): draw(boxes)
        }
        lines += ["unset label", "unset arrow", "unset object"]
    }

    private mutating func set(axis: Axis, _ name: String) {
        lines.append("unset logscale \(name)")
        switch axis.scale {
        case .linear: break
        case .log2: lines.append("set logscale \(name) 2")
        case .log10: lines.append("set logscale \(name) 10")
        }
        let end = { (value: Double?) in value.map { "\($0)" } ?? "*" }
        lines.append("set \(name)range [\(end(axis.lower)):\(end(axis.upper))]")
        lines.append("unset m\(name)tics")
        if let ticks = axis.ticks {
            let list = ticks.map { "\(tickText($0.text)) \($0.value)" }.joined(separator: ", ")
            lines.append("set \(name)tics (\(list)) noenhanced font ',12'")
        } else {
            lines.append("set \(name)tics autofreq font ',12'")
        }
    }

    // MARK: Lines and points

    private mutating func draw(_ series: [Series]) {
        var (shades, strokes): ([String], [String]) = ([], [])
        for one in series where !one.points.isEmpty {
            let block = append(data: one.points.map { "\($0.x) \($0.y) \($0.low ?? $0.y) \($0.high ?? $0.y)" })
            let colour = "linecolor rgb '\(one.colour.rawValue)'"
            if one.points.contains(where: { $0.low != nil }) {
                shades.append(
                    "\(block) using 1:3:4 with filledcurves fillcolor rgb '\(one.colour.rawValue)'"
                        + " fillstyle transparent solid 0.14 noborder notitle"
                )
            }
            let line = "\(colour) linewidth 2 dashtype \(one.dash.rawValue)"
            let points = "pointtype 7 pointsize \(pointSize(one.mark))"
            switch one.mark {
            case .line: strokes.append("\(block) using 1:2 with lines \(line) notitle")
            case .points: strokes.append("\(block) using 1:2 with points \(colour) \(points) notitle")
            case .linePoints:
                // The points apart from the line, as gnuplot would dash their outlines too.
                strokes.append("\(block) using 1:2 with lines \(line) notitle")
                strokes.append("\(block) using 1:2 with points \(colour) \(points) notitle")
            }
        }
        let commands = shades + strokes
        lines.append(commands.isEmpty ? "plot NaN notitle" : "plot " + commands.joined(separator: ", \\\n  "))
    }

    /// The SVG terminal's unit of points is the larger one.
    private func pointSize(_ mark: Series.Mark) -> Double { (mark == .points ? 0.9 : 0.7) * (isSVG ? 0.6 : 1) }

    // MARK: Text

    /// Adds a block of data and returns its name.
    mutating func append(data: [String]) -> String {
        blockCount += 1
        let name = "$data\(blockCount)"
        lines.append("\(name) << EOD\n" + data.joined(separator: "\n") + "\nEOD")
        return name
    }

    /// The text of a tick, which gnuplot takes for a format of its value.
    func tickText(_ text: String) -> String {
        quoted(text.replacing("%", with: "%%"))
    }

    /// Within single quotes gnuplot takes everything as it stands, but for a doubled quote.
    func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "''").replacing("\n", with: " ") + "'"
    }
}
