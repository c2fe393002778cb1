// The colours and dashes of figures.

/// Colours that people with any kind of colour vision tell apart.
///
/// Source: Okabe and Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/.
public enum PlotColour: String, Sendable, CaseIterable {
    case vermillion = "#d55e00"
    case blue = "#0072b2"
    case green = "#009e73"
    case purple = "#cc79a7"
    case orange = "#e69f00"
    case sky = "#56b4e9"
    case grey = "#8a8f98"
    /// The colour of texts and axes.
    case ink = "#2b2f36"

    /// The colours for data.
    public static let forData: [PlotColour] = allCases.filter { $0 != .grey && $0 != .ink }

    /// The i-th of the colours for data, again from the first after the last.
    public static func cycling(_ index: Int) -> PlotColour { forData[index % forData.count] }
}

/// How a line is broken.
public enum PlotDash: Int, Sendable, CaseIterable {
    case solid = 1
    case dashed = 2
    case dotted = 3
}
