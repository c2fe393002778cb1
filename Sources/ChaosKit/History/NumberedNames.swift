// Names that differ by a number at their end, made once each: a history has the same few in millions of lines.

/// The names of 0, 1, 2 and so on.
struct NumberedNames {
    private let prefix: String
    private var names: [HistoryName] = []

    init(_ prefix: String) {
        self.prefix = prefix
    }

    /// The name of a number of 0 or above. O(1) once it was asked for, else O(number).
    subscript(number: Int) -> HistoryName {
        mutating get {
            while names.count <= number { names.append(.text("\(prefix)\(names.count)")) }
            return names[number]
        }
    }
}
