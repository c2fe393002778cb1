// Where the parts of a figure stand, in points from the lower left corner. Texts are measured by their number of
// characters, generously, as no terminal's fonts are known here.

/// The places of a figure's panels and legend entries.
struct PlotLayout {
    /// The place of a panel's axes.
    struct Frame {
        let left: Double
        let right: Double
        let bottom: Double
        let top: Double
    }

    /// A sample of a line, point or area with its name.
    struct LegendEntry {
        let title: String
        /// Nil for an area.
        let mark: Series.Mark?
        let colour: PlotColour
        var dash = PlotDash.solid
        /// How strong an area's colour is.
        var strength = 1.0
    }

    /// How strong the colours of windows and boxes are: what is drawn over a window has to be seen.
    static let windowStrength = 0.2
    static func strength(of boxes: BoxSeries) -> Double { boxes.isPale ? 0.4 : 0.85 }

    /// The size of a figure.
    static let width = 960.0
    static let height = 540.0
    /// The colour of what is aimed at, across a bar.
    static let aimColour = PlotColour.orange

    private static let rowHeight = 21.0
    private static let characterWidth = 8.0
    private static let legendCharacterWidth = 8.6

    /// The figure's second line: with one panel, its heading stands here.
    let subtitle: String
    let frames: [Frame]
    let legend: [(entry: LegendEntry, x: Double, y: Double)]

    init(_ plot: Plot) {
        let isSingle = plot.panels.count == 1
        let parts = [isSingle ? plot.panels[0].title : "", plot.subtitle].filter { !$0.isEmpty }
        subtitle = parts.joined(separator: "; ")
        let rows = Self.rows(Self.entries(plot))
        legend = rows.enumerated().flatMap { index, row in
            let y = 16 + Self.rowHeight * Double(rows.count - 1 - index)
            var x = (Self.width - row.reduce(-24) { $0 + Self.width(of: $1) }) / 2
            return row.map { entry in
                defer { x += Self.width(of: entry) }
                return (entry, x, y)
            }
        }
        let bottom = 56 + (rows.isEmpty ? 0 : 10 + Self.rowHeight * Double(rows.count))
        let share = (Self.width - 12) / Double(plot.panels.count)
        frames = plot.panels.enumerated().map { index, panel in
            let start = share * Double(index)
            return Frame(
                left: start + Self.roomLeft(of: panel),
                right: start + share - 26,
                bottom: bottom,
                top: Self.height - 98
            )
        }
    }

    /// What stands above a panel's axes: its title and what the y axis shows.
    func heading(of panel: Panel) -> String {
        let title = frames.count == 1 ? "" : panel.title
        return [title, panel.y.label].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// Points from the left as a share of the width.
    func across(_ x: Double) -> Double { x / Self.width }

    /// Points from the bottom as a share of the height.
    func up(_ y: Double) -> Double { y / Self.height }

    /// The strokes of a line's sample in the legend, in points from its left end.
    static func sampleStrokes(_ dash: PlotDash) -> [ClosedRange<Double>] {
        switch dash {
        case .solid: [0...30]
        case .dashed: [0...8, 11...19, 22...30]
        case .dotted: stride(from: 0.5, to: 30, by: 6.5).map { $0...($0 + 3) }
        }
    }

    private static func roomLeft(of panel: Panel) -> Double {
        let labels: [String] =
            switch panel.content {
            case .bars(let bars): bars.map(\.label)
            case .series, .boxes: panel.y.ticks?.map(\.text) ?? ["1000000"]
            }
        return 26 + characterWidth * Double(labels.map(\.count).max() ?? 0)
    }

    /// The entries of all panels, each title once.
    private static func entries(_ plot: Plot) -> [LegendEntry] {
        var titles: Set<String> = []
        var entries: [LegendEntry] = []
        for panel in plot.panels {
            switch panel.content {
            case .series(let series):
                for one in series where !one.title.isEmpty && titles.insert(one.title).inserted {
                    entries.append(
                        LegendEntry(title: one.title, mark: one.mark, colour: one.colour, dash: one.dash)
                    )
                }
            case .bars(let bars):
                if bars.contains(where: { $0.atLeast != nil }) {
                    entries.append(LegendEntry(title: "at least", mark: .line, colour: .ink, dash: .solid))
                }
                if bars.contains(where: { $0.aim != nil }) {
                    entries.append(LegendEntry(title: "aim", mark: .line, colour: aimColour, dash: .solid))
                }
            case .boxes(let series):
                for one in series where !one.title.isEmpty && titles.insert(one.title).inserted {
                    entries.append(
                        LegendEntry(title: one.title, mark: nil, colour: one.colour, strength: strength(of: one))
                    )
                }
            }
            for window in panel.windows where !window.title.isEmpty && titles.insert(window.title).inserted {
                entries.append(
                    LegendEntry(title: window.title, mark: nil, colour: window.colour, strength: windowStrength)
                )
            }
        }
        return entries
    }

    /// Entries in as few rows as fit, all but the last as full as can be.
    private static func rows(_ entries: [LegendEntry]) -> [[LegendEntry]] {
        var rows: [[LegendEntry]] = []
        var room = 0.0
        for entry in entries {
            if width(of: entry) > room {
                rows.append([])
                room = width - 32
            }
            rows[rows.count - 1].append(entry)
            room -= width(of: entry)
        }
        return rows
    }

    private static func width(of entry: LegendEntry) -> Double {
        37 + legendCharacterWidth * Double(entry.title.count) + 24
    }
}
