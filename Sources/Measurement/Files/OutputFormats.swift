// Which files a run writes: by the names that commands take.

import Foundation

/// The kinds of file that a run of a benchmark or of the chaos suite leaves behind.
public struct OutputFormats: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Tables.
    public static let csv = OutputFormats(rawValue: 1 << 0)
    /// What tables say, for programs.
    public static let json = OutputFormats(rawValue: 1 << 1)
    /// The percentile distributions.
    public static let hgrm = OutputFormats(rawValue: 1 << 2)
    /// The figures, to scale.
    public static let svg = OutputFormats(rawValue: 1 << 3)
    /// The figures as pixels.
    public static let png = OutputFormats(rawValue: 1 << 4)
    /// The report.
    public static let html = OutputFormats(rawValue: 1 << 5)

    public static let all: OutputFormats = [.csv, .json, .hgrm, .svg, .png, .html]

    private static let names: [(name: String, format: OutputFormats)] = [
        ("csv", .csv), ("json", .json), ("hgrm", .hgrm), ("svg", .svg), ("png", .png), ("html", .html),
    ]

    /// The names that `init(names:)` takes.
    public static var allNames: [String] { names.map(\.name) }

    /// Formats by a list of names with commas between, as in `csv,svg`; nil when one is unknown or there is none.
    public init?(names list: String) {
        self = []
        for name in list.split(separator: ",") {
            let trimmed = name.trimmingCharacters(in: .whitespaces)
            guard let known = Self.names.first(where: { $0.name == trimmed }) else { return nil }
            insert(known.format)
        }
        if isEmpty { return nil }
    }
}
