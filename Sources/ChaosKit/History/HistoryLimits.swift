// What the history and the checker bound, each with its reason.

/// The limits of the history and the checker.
public enum HistoryLimits {
    /// The longest line, in bytes: a read of some 30 million integers. A longer one is no history, and would only fill the
    /// memory.
    public static let lineBytesMax = 256 << 20
    /// How deep arrays and objects of one line may nest. The format needs two levels.
    public static let nestingMax = 64
    /// How many orders of one key's list are told apart at once. The reads of a right history have one order; where there are
    /// more than a few, the history is wrong whatever the others are.
    public static let ordersMax = 8
    /// How many cases of each kind a verdict shows. It counts the others.
    public static let examplesMax = 5
    /// How much of an event a report for people prints, in characters: a long read's list is cut.
    public static let excerptCharactersMax = 240
}
