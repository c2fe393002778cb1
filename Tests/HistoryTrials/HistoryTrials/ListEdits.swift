// Changes to what a history's clients saw, from which planted anomalies are made.

import ChaosKit

/// The appends and reads of a history, by their places in it.
struct HistoryView {
    var events: [HistoryEvent]

    /// An operation that is ok.
    struct Completed {
        var invoke: Int
        var ok: Int
        var key: HistoryName
        /// What was appended; nil for a read.
        var value: Int64?
        /// An append's.
        var position = 0
        /// A read's.
        var list: [Int64] = []
    }

    init(_ events: [HistoryEvent]) {
        self.events = events
    }

    /// All operations that are ok, in the order of their completions.
    var completed: [Completed] {
        var open: [HistoryName: Int] = [:]
        var completed: [Completed] = []
        for (place, event) in events.enumerated() {
            switch event.action {
            case .append(.invoke, let process, _, _, _), .read(.invoke, let process, _, _): open[process] = place
            case .append(.ok, let process, let key, let value, let position):
                completed.append(
                    Completed(invoke: open[process]!, ok: place, key: key, value: value, position: Int(position!))
                )
            case .read(.ok, let process, let key, let list):
                completed.append(Completed(invoke: open[process]!, ok: place, key: key, list: list!))
            default: break
            }
        }
        return completed
    }

    /// Appends that failed, by the place of the `fail`.
    var failed: [(place: Int, key: HistoryName, value: Int64)] {
        events.enumerated().compactMap { place, event in
            if case .append(.fail, _, let key, let value, _) = event.action { (place, key, value) } else { nil }
        }
    }

    func timeNs(_ place: Int) -> Int64 { events[place].timeNs }

    /// The key's reads that are ok, the last invoked at the end.
    func reads(_ key: HistoryName) -> [Completed] {
        completed.filter { $0.value == nil && $0.key == key }
            .sorted { (timeNs($0.invoke), $0.ok) < (timeNs($1.invoke), $1.ok) }
    }

    /// The longest list that the key was read with.
    func finalList(_ key: HistoryName) -> [Int64] {
        reads(key).map(\.list).max { $0.count < $1.count } ?? []
    }

    /// Changes what all reads of a key saw, and the positions that its appends were told.
    mutating func edit(_ key: HistoryName, list edit: ([Int64]) -> [Int64], position move: (Int64) -> Int64) {
        for place in events.indices {
            switch events[place].action {
            case .append(.ok, let process, key, let value, let position?):
                events[place].action = .append(.ok, by: process, key: key, value: value, position: move(position))
            case .read(.ok, let process, key, let list?):
                events[place].action = .read(.ok, by: process, key: key, list: edit(list))
            default: break
            }
        }
    }

    mutating func setList(_ place: Int, _ list: [Int64]) {
        guard case .read(.ok, let process, let key, _) = events[place].action else { return }
        events[place].action = .read(.ok, by: process, key: key, list: list)
    }

    mutating func setPosition(_ place: Int, _ position: Int) {
        guard case .append(.ok, let process, let key, let value, _) = events[place].action else { return }
        events[place].action = .append(.ok, by: process, key: key, value: value, position: Int64(position))
    }

    /// The client does not learn what came of it.
    mutating func forgetOutcome(_ place: Int) {
        switch events[place].action {
        case .append(_, let process, let key, let value, _):
            events[place].action = .append(.info, by: process, key: key, value: value)
        case .read(_, let process, let key, _): events[place].action = .read(.info, by: process, key: key)
        case .nemesis: break
        }
    }

    /// The store did one append more, at this place of the key's list.
    mutating func insert(_ value: Int64, at place: Int, of key: HistoryName) {
        edit(
            key,
            list: { $0.count < place ? $0 : Array($0[..<place] + [value] + $0[place...]) },
            position: { $0 >= place ? $0 + 1 : $0 }
        )
    }
}
