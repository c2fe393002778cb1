// What a report bounds, each with its reason.

/// The limits of a report.
public enum ReportLimits {
    /// Faults with a paragraph of their own, the worst: nobody reads more. The tables and CSV files have all.
    public static let faultsTold = 25
    /// Rows of a table of the page. A browser is slow with more, and the CSV files have all.
    public static let rowsMax = 500
    /// Notes that could not be read and are named.
    public static let odditiesMax = 20
    /// Columns that a plot of points tells apart, each as wide as a point.
    public static let plotColumns = 300
    /// Latencies that a plot tells apart in a factor of ten.
    public static let plotRowsPerDecade = 18
    /// Bins of a plot over time.
    public static let plotBins = 150
    /// Rows of slots that the plot of their owners tells apart.
    public static let plotSlots = 128
}
