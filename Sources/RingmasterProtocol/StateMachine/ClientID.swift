// The identifiers that deltas and members carry beside those of Identifiers.swift: whose session, and which life of a
// worker. Both are types of their own, so that neither is taken for another number.

/// The id of a client's session, chosen by the state machine when the session is opened.
///
/// No cluster gives one out twice, and one that another cluster gave out is most unlikely to be known: the upper bits
/// count sessions, the lower 24 are of the nonce that the session was opened with. See `SessionTable`.
public struct ClientID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public init(_ number: UInt64) {
        rawValue = number
    }

    public static func < (lhs: ClientID, rhs: ClientID) -> Bool { lhs.rawValue < rhs.rawValue }

    public var description: String { "\(rawValue)" }
}

/// Which life of a worker: another number each time that its process starts, so that a worker that comes back under
/// its old name is not taken for the one that held the slots.
public struct Incarnation: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public init(_ number: UInt64) {
        rawValue = number
    }

    public static func < (lhs: Incarnation, rhs: Incarnation) -> Bool { lhs.rawValue < rhs.rawValue }

    public var description: String { "\(rawValue)" }
}
