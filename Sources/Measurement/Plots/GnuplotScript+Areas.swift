// Shaded windows and boxes.

extension GnuplotScript {
    /// Shades windows behind whatever the panel draws next, with their labels where there is room for them.
    mutating func draw(_ windows: [PlotWindow], on axis: Axis, in frame: PlotLayout.Frame) {
        var (above, below) = (-Double.infinity, -Double.infinity)
        for window in windows.sorted(by: { $0.begin < $1.begin }) {
            let begin = max(window.begin, axis.lower ?? window.begin)
            let end = min(window.end, axis.upper ?? window.end)
            guard begin <= end else { continue }
            let colour = "rgb '\(window.colour.rawValue)'"
            append(
                "set object rectangle from first \(begin), graph 0 to first \(end), graph 1 behind fillcolor \(colour)"
                    + " fillstyle transparent solid \(PlotLayout.windowStrength) noborder"
            )
            // A window too short to be seen still has its beginning.
            append(
                "set arrow from first \(begin), graph 0 to first \(begin), graph 1 nohead back linecolor \(colour) linewidth 0.7"
            )
            let x = Self.place(of: begin, on: axis, in: frame)
            let isBelow = window.isLabelledBelow
            guard !window.label.isEmpty, x - (isBelow ? below : above) >= Self.labelPitch else { continue }
            if isBelow { below = x } else { above = x }
            append(
                "set label \(quoted(window.label)) at first \(begin), graph \(isBelow ? "0.015 left" : "0.985 right")"
                    + " rotate by 90 offset 0.7,0 front noenhanced font ',10' textcolor rgb '\(Self.ink)'"
            )
        }
    }

    /// What a label that is read from the bottom up takes of the width, in points.
    private static let labelPitch = 14.0

    /// Where a value lies on a plain axis, in points; far right of all before where that is not known.
    private static func place(of value: Double, on axis: Axis, in frame: PlotLayout.Frame) -> Double {
        guard axis.scale == .linear, let lower = axis.lower, let upper = axis.upper, upper > lower else {
            return .infinity
        }
        return frame.left + (value - lower) / (upper - lower) * (frame.right - frame.left)
    }

    /// Draws boxes.
    mutating func draw(_ series: [BoxSeries]) {
        var commands: [String] = []
        for one in series where !one.boxes.isEmpty {
            let rows = one.boxes.map { box in
                let (x, y) = (box.x, box.y)
                return "\((x.lowerBound + x.upperBound) / 2) \((y.lowerBound + y.upperBound) / 2)"
                    + " \(x.lowerBound) \(x.upperBound) \(y.lowerBound) \(y.upperBound)"
            }
            let block = append(data: rows)
            commands.append(
                "\(block) using 1:2:3:4:5:6 with boxxyerror fillcolor rgb '\(one.colour.rawValue)'"
                    + " fillstyle transparent solid \(PlotLayout.strength(of: one)) noborder notitle"
            )
        }
        append(commands.isEmpty ? "plot NaN notitle" : "plot " + commands.joined(separator: ", \\\n  "))
    }

    /// A sample of an area for the legend.
    mutating func drawAreaSample(_ entry: PlotLayout.LegendEntry, x: Double, y: Double) {
        append(
            "set object rectangle from screen \(layout.across(x + 4)),\(layout.up(y - 5)) to screen"
                + " \(layout.across(x + 30)),\(layout.up(y + 6)) front fillcolor rgb '\(entry.colour.rawValue)'"
                + " fillstyle transparent solid \(min(1, entry.strength + 0.15)) noborder"
        )
    }
}
