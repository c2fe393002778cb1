// What a check found: all cases are counted, the shortest are shown.

/// One case of an anomaly or problem: the least of the history that shows it.
public struct Case: Equatable, Sendable, Encodable {
    /// The key; nil where it is not about one.
    public let key: String?
    /// The lines of the events that show it, ascending, from 1. Empty where something is missing altogether.
    public let lines: [Int]
    /// What these events show, for people.
    public let explanation: String
}

/// The cases of every kind.
struct CaseTally<Kind: Hashable> {
    private(set) var cases: [Kind: (count: Int, shown: [Case])] = [:]

    /// Counts a case, and keeps it if it is among the shortest: the fewest lines, then the fewest from the first to the last.
    /// - Parameter lines: In any order; 0 stands for none.
    mutating func add(_ kind: Kind, key: HistoryName? = nil, lines: [Int], _ explanation: () -> String) {
        let lines = Set(lines.filter { $0 > 0 }).sorted()
        var (count, shown) = cases[kind] ?? (0, [])
        count += 1
        let place = shown.firstIndex { Self.isShorter(lines, than: $0.lines) } ?? shown.count
        if place < HistoryLimits.examplesMax {
            shown.insert(Case(key: key?.description, lines: lines, explanation: explanation()), at: place)
            if shown.count > HistoryLimits.examplesMax { shown.removeLast() }
        }
        cases[kind] = (count, shown)
    }

    private static func isShorter(_ one: [Int], than other: [Int]) -> Bool {
        (one.count, span(one)) < (other.count, span(other))
    }

    private static func span(_ lines: [Int]) -> Int {
        (lines.last ?? 0) - (lines.first ?? 0)
    }
}
