// What a panel can hold beside lines, points and bars: stretches of time that are shaded, and boxes.

/// A stretch of a panel's x axis that is shaded from top to bottom, such as the time that a fault was on.
public struct PlotWindow: Sendable, Hashable {
    /// The name in the legend. Windows of the same name share an entry.
    public var title: String
    /// What stands at its beginning, read from the bottom up; empty for nothing. Where two would meet, the later one gives way.
    public var label: String
    /// Whether the label stands at the bottom of the panel, rather than at its top.
    public var isLabelledBelow: Bool
    public var begin: Double
    public var end: Double
    public var colour: PlotColour

    public init(
        _ title: String,
        label: String = "",
        isLabelledBelow: Bool = false,
        begin: Double,
        end: Double,
        colour: PlotColour
    ) {
        self.title = title
        self.label = label
        self.isLabelledBelow = isLabelledBelow
        self.begin = begin
        self.end = end
        self.colour = colour
    }
}

/// Boxes of one name and colour.
public struct BoxSeries: Sendable, Hashable {
    /// A stretch of both axes.
    public struct Box: Sendable, Hashable {
        public var x: ClosedRange<Double>
        public var y: ClosedRange<Double>

        public init(x: ClosedRange<Double>, y: ClosedRange<Double>) {
            self.x = x
            self.y = y
        }
    }

    /// The name in the legend.
    public var title: String
    public var boxes: [Box]
    public var colour: PlotColour
    /// Half as strong a colour, to tell more series apart than there are colours.
    public var isPale: Bool

    public init(_ title: String, _ boxes: [Box], colour: PlotColour, isPale: Bool = false) {
        self.title = title
        self.boxes = boxes
        self.colour = colour
        self.isPale = isPale
    }
}
