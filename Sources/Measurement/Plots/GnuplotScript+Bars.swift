// Panels of horizontal bars.

extension GnuplotScript {
    /// Draws bars from the top down, with their spreads, values and targets.
    mutating func draw(_ bars: [Bar], on axis: Axis) {
        let rows = Array(bars.reversed().enumerated())
        let names = rows.map { "\(tickText($1.label)) \($0)" }.joined(separator: ", ")
        append("set ytics (\(names)) noenhanced font ',12'")
        append("set yrange [-0.6:\(Double(bars.count) - 0.4)]")
        append("set grid xtics noytics")
        append(
            "set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb '\(Self.ink)' linewidth 1.2"
        )
        var commands: [String] = []
        for colour in PlotColour.allCases {
            let own = rows.filter { $1.colour == colour }
            guard !own.isEmpty else { continue }
            let block = append(data: own.map { "\($1.value / 2) \($0) \($1.value / 2) 0.3" })
            commands.append("\(block) using 1:2:3:4 with boxxyerror linecolor rgb '\(colour.rawValue)' notitle")
        }
        let spreads = append(data: rows.map { "\($1.value) \($0) \($1.low) \($1.high)" })
        commands.append(
            "\(spreads) using 1:2:3:4 with xerrorbars linecolor rgb '\(Self.ink)' pointtype 0 linewidth 1.2 notitle"
        )
        for (row, bar) in rows {
            let marks = [bar.value, bar.high, bar.atLeast ?? 0, bar.aim ?? 0, abs(bar.high - 1) < 0.12 ? 1 : 0]
            append(
                "set label \(quoted(NumberText.decimals(bar.value, 2))) at first \(marks.max() ?? 0),\(row) left"
                    + " offset 0.7,0 noenhanced textcolor rgb '\(Self.ink)' font ',12'"
            )
        }
        commands += strokes(rows, at: \.atLeast, colour: Self.ink)
        commands += strokes(rows, at: \.aim, colour: PlotLayout.aimColour.rawValue)
        append("plot " + commands.joined(separator: ", \\\n  "))
    }

    /// Upright strokes across the bars at what is to be reached.
    private mutating func strokes(
        _ rows: [(offset: Int, element: Bar)],
        at value: KeyPath<Bar, Double?>,
        colour: String
    ) -> [String] {
        let data = rows.compactMap { row, bar in
            bar[keyPath: value].map { "\($0) \(Double(row) - 0.42) 0 0.84" }
        }
        guard !data.isEmpty else { return [] }
        let block = append(data: data)
        return ["\(block) using 1:2:3:4 with vectors nohead linecolor rgb '\(colour)' linewidth 2.6 notitle"]
    }
}
