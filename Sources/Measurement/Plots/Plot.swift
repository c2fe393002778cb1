// A figure as a value: panels side by side under one title, with one legend. GnuplotScript says it to gnuplot.

/// A figure of one or more panels, and a legend that serves them all.
public struct Plot: Sendable {
    /// What is shown; the first line of the figure.
    public var title: String
    /// Under what circumstances; the second line, smaller.
    public var subtitle: String
    /// Side by side from the left, at least one.
    public var panels: [Panel]

    public init(title: String, subtitle: String = "", panels: [Panel]) {
        precondition(!panels.isEmpty, "a figure has a panel")
        self.title = title
        self.subtitle = subtitle
        self.panels = panels
    }
}

/// One pair of axes with what is drawn in it.
public struct Panel: Sendable {
    /// What is drawn.
    public enum Content: Sendable {
        /// Lines and points over an x axis.
        case series([Series])
        /// Horizontal bars from the top down; the y axis names them.
        case bars([Bar])
        /// Boxes that each cover a stretch of both axes.
        case boxes([BoxSeries])
    }

    /// The panel's heading, empty for none.
    public var title: String
    public var x: Axis
    public var y: Axis
    public var content: Content
    /// Stretches of the x axis that are shaded behind what is drawn.
    public var windows: [PlotWindow] = []

    /// A panel of lines and points.
    public init(title: String = "", x: Axis, y: Axis, series: [Series], windows: [PlotWindow] = []) {
        self.title = title
        self.x = x
        self.y = y
        content = .series(series)
        self.windows = windows
    }

    /// A panel of boxes.
    public init(title: String = "", x: Axis, y: Axis, boxes: [BoxSeries], windows: [PlotWindow] = []) {
        self.title = title
        self.x = x
        self.y = y
        content = .boxes(boxes)
        self.windows = windows
    }

    /// A panel of horizontal bars.
    public init(title: String = "", x: Axis, bars: [Bar]) {
        self.title = title
        self.x = x
        y = Axis("")
        content = .bars(bars)
    }
}

/// An axis: what it shows with its unit, and how values lie on it.
public struct Axis: Sendable {
    /// How values lie on an axis.
    public enum Scale: Sendable, Hashable {
        case linear
        case log2
        case log10
    }

    /// What is shown, and its unit.
    public var label: String
    public var scale: Scale
    /// Values that get a tick with a text of its own; nil for ticks by themselves.
    public var ticks: [(value: Double, text: String)]?
    /// The ends of the axis where they are fixed.
    public var lower: Double?
    public var upper: Double?

    public init(
        _ label: String,
        scale: Scale = .linear,
        ticks: [(value: Double, text: String)]? = nil,
        lower: Double? = nil,
        upper: Double? = nil
    ) {
        self.label = label
        self.scale = scale
        self.ticks = ticks
        self.lower = lower
        self.upper = upper
    }
}

/// A line through points, or points alone.
public struct Series: Sendable {
    /// How points are drawn.
    public enum Mark: Sendable, Hashable {
        case line
        case points
        case linePoints
    }

    /// A measured point, with the ends of its spread where it was measured more than once.
    public struct Point: Sendable, Hashable {
        public var x: Double
        public var y: Double
        public var low: Double?
        public var high: Double?

        public init(x: Double, y: Double, low: Double? = nil, high: Double? = nil) {
            self.x = x
            self.y = y
            self.low = low
            self.high = high
        }
    }

    /// The name in the legend. Series of the same name in several panels share an entry.
    public var title: String
    /// By ascending x.
    public var points: [Point]
    public var mark: Mark
    public var colour: PlotColour
    public var dash: PlotDash

    public init(
        _ title: String,
        _ points: [Point],
        mark: Mark = .linePoints,
        colour: PlotColour,
        dash: PlotDash = .solid
    ) {
        self.title = title
        self.points = points
        self.mark = mark
        self.colour = colour
        self.dash = dash
    }
}

/// A horizontal bar from 0 to a value, with its spread and up to two marks to reach.
public struct Bar: Sendable, Hashable {
    public var label: String
    public var value: Double
    public var low: Double
    public var high: Double
    /// What should be reached at least.
    public var atLeast: Double?
    /// What is aimed at.
    public var aim: Double?
    public var colour: PlotColour

    public init(
        _ label: String,
        value: Double,
        low: Double,
        high: Double,
        atLeast: Double? = nil,
        aim: Double? = nil,
        colour: PlotColour
    ) {
        self.label = label
        self.value = value
        self.low = low
        self.high = high
        self.atLeast = atLeast
        self.aim = aim
        self.colour = colour
    }
}
