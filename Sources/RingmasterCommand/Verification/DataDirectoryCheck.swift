// The seam for checking a data directory while nothing runs in it: each part of the data has a check of its own.

/// Looks at one part of a data directory, and changes nothing.
protocol DataDirectoryCheck: Sendable {
    /// What it looks at, for people.
    var subject: String { get }
    /// Whether the directory has this part at all.
    func applies(to directory: String) -> Bool
    /// Reads all of it.
    /// - Throws: `CommandFailure` where it cannot be read, other than by being damaged.
    func check(_ directory: String) throws(CommandFailure) -> DataDirectoryFindings
}

/// What a check found.
struct DataDirectoryFindings: Equatable, Sendable {
    /// What is there: "entries" "1 to 812".
    var facts: [(name: String, value: String)] = []
    /// What is wrong, each naming the file and the remedy. Empty where all is well.
    var problems: [String] = []

    static func == (a: DataDirectoryFindings, b: DataDirectoryFindings) -> Bool {
        a.problems == b.problems && a.facts.elementsEqual(b.facts) { $0 == $1 }
    }
}

/// All checks.
enum DataDirectoryChecks {
    static let all: [any DataDirectoryCheck] = [ClusterFileCheck(), DeltaLogCheck()]
}
