// Which coordinator: the counterpart of `WorkerID` on the other side of a resize.

/// The name of a coordinator: 1 to 64 bytes of UTF-8, the same for as long as the coordinator is the same.
///
/// As with workers, two names are one coordinator when their bytes are equal, and the order is that of the bytes.
public struct CoordinatorID: Sendable, CustomStringConvertible {
    /// The name as text.
    public let name: String

    /// Takes a name that came from a peer or a configuration. One written in source is a literal: `let id: CoordinatorID
    /// = "coordinator-1"`.
    ///
    /// - Throws: `MessageError.coordinatorIDEmpty` or `.coordinatorIDTooLong`.
    public init(validating name: String) throws(MessageError) {
        let byteCount = name.utf8.count
        guard byteCount > 0 else { throw .coordinatorIDEmpty }
        guard byteCount <= MessageLimits.coordinatorIDBytesMax else {
            throw .coordinatorIDTooLong(byteCount: byteCount)
        }
        self.name = name
    }

    public var description: String { name }
}

extension CoordinatorID: Hashable {
    public static func == (lhs: CoordinatorID, rhs: CoordinatorID) -> Bool {
        lhs.name.utf8.elementsEqual(rhs.name.utf8)
    }

    // Equal bytes are equal text, so the text's hash agrees with `==`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

extension CoordinatorID: Comparable {
    /// The order of the names' bytes.
    public static func < (lhs: CoordinatorID, rhs: CoordinatorID) -> Bool {
        lhs.name.utf8.lexicographicallyPrecedes(rhs.name.utf8)
    }
}

extension CoordinatorID: Codable {
    /// Reads a name as a single value, with the same checks as `init(validating:)`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(validating: container.decode(String.self))
        } catch let error as MessageError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension CoordinatorID: ExpressibleByStringLiteral {
    /// A name written in source. One that is empty or too long is a mistake in that source and stops the process.
    public init(stringLiteral name: String) {
        do {
            try self.init(validating: name)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
