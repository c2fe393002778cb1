// The identifiers of the protocol: who (`WorkerID`), which job (`JobID`), which view (`Epoch`), which part of the
// ring (`Slot`). Each is a type of its own, so that one is never taken for another, and each says what a peer may
// send. Everything else in this module is built on them.

/// The name of a worker: 1 to 64 bytes of UTF-8, the same for as long as the worker is the same.
///
/// Two names are one worker when their bytes are equal; no Unicode normalisation takes place. The order is that of
/// the bytes too, so every process in every language sorts a list of members alike.
public struct WorkerID: Sendable, CustomStringConvertible {
    /// The name as text.
    public let name: String

    /// Takes a name that came from a peer or a configuration. One written in source is a literal: `let id: WorkerID
    /// = "worker-1"`.
    ///
    /// - Throws: `RingError.workerIDEmpty` or `.workerIDTooLong`.
    public init(validating name: String) throws(RingError) {
        let byteCount = name.utf8.count
        guard byteCount > 0 else { throw .workerIDEmpty }
        guard byteCount <= RingLimits.workerIDBytesMax else { throw .workerIDTooLong(byteCount: byteCount) }
        self.name = name
    }

    public var description: String { name }
}

/// The id of a job: its index in the delta log.
public struct JobID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The index in the delta log. 0 stands before the first job.
    public let rawValue: UInt64

    /// What a worker reports that has applied no job yet.
    public static let zero = JobID(0)

    /// The highest id that a peer may send: 2^62. No log gets there; from there `next` still has far to go, so no
    /// message can drive it over the end, and any language's 64-bit integer holds it.
    public static let wireMax = JobID(1 << 62)

    /// Takes an index from a peer: nil when it is above `wireMax`.
    public init?(rawValue: UInt64) {
        guard rawValue <= JobID.wireMax.rawValue else { return nil }
        self.rawValue = rawValue
    }

    /// Takes an index of this process's own making.
    public init(_ index: UInt64) {
        self.rawValue = index
    }

    /// The id of the job after this one.
    public var next: JobID { JobID(rawValue + 1) }

    public static func < (lhs: JobID, rhs: JobID) -> Bool { lhs.rawValue < rhs.rawValue }

    public var description: String { "\(rawValue)" }
}

/// The number of a view of the ring. Epochs only grow: of two views the one with the higher epoch holds, and what
/// carries a lower one is stale.
public struct Epoch: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number. 0 is the epoch of the view before any member has joined.
    public let rawValue: UInt64

    /// The epoch before the first committed view.
    public static let zero = Epoch(0)

    /// The highest epoch that a peer may send: 2^62, as for `JobID.wireMax`.
    public static let wireMax = Epoch(1 << 62)

    /// Takes a number from a peer: nil when it is above `wireMax`.
    public init?(rawValue: UInt64) {
        guard rawValue <= Epoch.wireMax.rawValue else { return nil }
        self.rawValue = rawValue
    }

    /// Takes a number of this process's own making.
    public init(_ number: UInt64) {
        self.rawValue = number
    }

    /// The epoch after this one.
    public var next: Epoch { Epoch(rawValue + 1) }

    public static func < (lhs: Epoch, rhs: Epoch) -> Bool { lhs.rawValue < rhs.rawValue }

    public var description: String { "\(rawValue)" }
}

/// One of the equal parts of the ring: 0 up to the ring's size. Whether a slot lies on a ring is for
/// `RingSize.contains(_:)` to say.
public struct Slot: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The position on the ring.
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public init(_ position: UInt32) {
        self.rawValue = position
    }

    /// The position as an index into an array with one element a slot.
    public var index: Int { Int(rawValue) }

    public static func < (lhs: Slot, rhs: Slot) -> Bool { lhs.rawValue < rhs.rawValue }

    public var description: String { "\(rawValue)" }
}

extension WorkerID: Hashable {
    public static func == (lhs: WorkerID, rhs: WorkerID) -> Bool {
        lhs.name.utf8.elementsEqual(rhs.name.utf8)
    }

    // Equal bytes are equal text, so the text's hash agrees with `==`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

extension WorkerID: Comparable {
    /// The order of the names' bytes.
    public static func < (lhs: WorkerID, rhs: WorkerID) -> Bool {
        lhs.name.utf8.lexicographicallyPrecedes(rhs.name.utf8)
    }
}

extension WorkerID: Codable {
    /// Reads a name as a single value, with the same checks as `init(validating:)`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(validating: container.decode(String.self))
        } catch let error as RingError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension WorkerID: ExpressibleByStringLiteral {
    /// A name written in source. One that is empty or too long is a mistake in that source and stops the process.
    public init(stringLiteral name: String) {
        do {
            try self.init(validating: name)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
