// One event of a run, as a recorder writes it. docs/HISTORY.md is the format; HistoryLine is the same event as it lies in
// the file.

/// A client, a key: whatever a history calls by a name. In JSON a string or an integer, and 7 is not "7".
public enum HistoryName: Hashable, Sendable, CustomStringConvertible {
    case text(String)
    case number(Int64)

    public var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        }
    }
}

extension HistoryName: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral text: String) { self = .text(text) }
    public init(integerLiteral number: Int64) { self = .number(number) }
}

/// Where an operation stands. Source of the four: Jepsen's histories.
public enum OperationType: String, Sendable, CaseIterable {
    /// The client is about to ask.
    case invoke
    /// It happened, between this event and its invocation, and the client knows what came of it.
    case ok
    /// It certainly did not happen, and never will.
    case fail
    /// The client does not know. It may have happened, may happen at any later time, or never will; but once at most.
    case info
}

/// One event.
public struct HistoryEvent: Equatable, Sendable {
    /// When, in nanoseconds from the start of the run.
    public var timeNs: Int64
    /// Of an invocation by a load that asks at set times: when it was to ask, where that is not when it did. Latency counts
    /// from there.
    public var intendedNs: Int64?
    public var action: Action

    public enum Action: Equatable, Sendable {
        /// A client appends `value`, which nobody else ever appends to this key, to the key's list. `position` is the index
        /// of the value in the list, from 0: an `ok` has it, no other type does.
        case append(OperationType, by: HistoryName, key: HistoryName, value: Int64, position: Int64? = nil)
        /// A client reads a key's list. An `ok` has the whole list, no other type has any.
        case read(OperationType, by: HistoryName, key: HistoryName, list: [Int64]? = nil)
        /// What the run itself did or saw.
        case nemesis(NemesisEvent)
    }

    public init(timeNs: Int64, intendedNs: Int64? = nil, _ action: Action) {
        self.timeNs = timeNs
        self.intendedNs = intendedNs
        self.action = action
    }
}
