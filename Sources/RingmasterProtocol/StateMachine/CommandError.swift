// What can be wrong with an entry, a snapshot, a view or outcomes. Thrown by everything in this folder that reads bytes,
// with the few reads that all of it needs.

/// Why bytes were refused. Of a log entry or a snapshot this means that the disk or the network damaged it, or that a
/// newer program wrote it: a coordinator that meets it must stop, as it cannot know the state any more. Of a message it
/// means that the sender made a mistake.
public enum CommandError: Error, Hashable, Sendable {
    /// The bytes are not MessagePack, or a value is of another type than belongs there.
    case encoding(MessagePackError)
    /// The entry has no commands.
    case entryEmpty
    /// The command is of a kind that this program does not know.
    case kindUnknown(UInt64)
    /// An array has another number of elements than belongs there.
    case elementCount(expected: Int, found: Int, offset: Int)
    /// The state of a delta is none of bin, nil and false.
    case stateUnclear(offset: Int)
    /// A key is longer than `StateLimits.keyBytesMax`.
    case keyTooLong(byteCount: Int)
    /// A text is longer than allowed there.
    case textTooLong(byteCount: Int, bytesMax: Int)
    /// The mode of an intent is not 0 or 1.
    case resizeModeUnknown(UInt64)
    /// The reason of a refusal is none that this program knows.
    case refusalUnknown(UInt64)
    /// A number is above what may stand there.
    case numberTooLarge(UInt64, max: UInt64)
    /// A name, a weight, a list of members or a ring is not what a ring allows.
    case ring(RingError)
    /// Things that must ascend, or be there once, do not, or are there twice; or one contradicts another.
    case inconsistent(offset: Int)
    /// The bytes do not begin as a snapshot does, or end within its header.
    case notASnapshot
    /// The snapshot is of a format that this program does not know.
    case snapshotFormatUnknown(UInt32)
    /// The checksum of the snapshot is not that of its bytes.
    case snapshotDamaged
    /// The state that was read has another hash than the one that was written.
    case hashMismatch(expected: UInt64, found: UInt64)
}

extension CommandError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .encoding(let error):
            error.description
        case .entryEmpty:
            "the entry has no commands"
        case .kindUnknown(let kind):
            "a command of kind \(kind) is not known; run the program that wrote it, or a newer one"
        case .elementCount(let expected, let found, let offset):
            "the array before byte \(offset) has \(found) elements where \(expected) belong"
        case .stateUnclear(let offset):
            "the state at byte \(offset) is none of bin, nil and false"
        case .keyTooLong(let byteCount):
            "a key has \(byteCount) bytes; shorten it to at most \(StateLimits.keyBytesMax)"
        case .textTooLong(let byteCount, let bytesMax):
            "a text has \(byteCount) bytes; shorten it to at most \(bytesMax)"
        case .resizeModeUnknown(let mode):
            "resize mode \(mode) does not exist; 0 is handoff, 1 is barrier"
        case .refusalUnknown(let reason):
            "a refusal of reason \(reason) is not known; run the program that sent it, or a newer one"
        case .numberTooLarge(let value, let max):
            "the number \(value) is above \(max), the highest that may stand there"
        case .ring(let error):
            error.description
        case .inconsistent(let offset):
            "what ends at byte \(offset) is out of order, there twice, or contradicts what is before it"
        case .notASnapshot:
            "the bytes are no snapshot of a cluster's state, or cut off; fetch one from another coordinator"
        case .snapshotFormatUnknown(let version):
            "a snapshot of format \(version) is not known; run the program that wrote it, or a newer one"
        case .snapshotDamaged:
            "the snapshot does not have its checksum; fetch one from another coordinator"
        case .hashMismatch(let expected, let found):
            "the snapshot's state has hash \(found) instead of \(expected); fetch one from another coordinator"
        }
    }
}

/// Does what can find fault with the bytes, and makes the fault a `CommandError`.
@inline(__always)
func commandReading<Value>(_ read: () throws(MessagePackError) -> Value) throws(CommandError) -> Value {
    do {
        return try read()
    } catch {
        throw .encoding(error)
    }
}

extension MessagePackReader {
    @inline(__always)
    mutating func number() throws(CommandError) -> UInt64 {
        do { return try readInteger(UInt64.self) } catch { throw .encoding(error) }
    }

    mutating func number(max: UInt64) throws(CommandError) -> UInt64 {
        let number = try number()
        guard number <= max else { throw .numberTooLarge(number, max: max) }
        return number
    }

    mutating func epoch() throws(CommandError) -> Epoch {
        Epoch(try number(max: Epoch.wireMax.rawValue))
    }

    mutating func jobID() throws(CommandError) -> JobID {
        JobID(try number(max: JobID.wireMax.rawValue))
    }

    @inline(__always)
    mutating func binary() throws(CommandError) -> UnsafeRawBufferPointer {
        do { return try readBinary() } catch { throw .encoding(error) }
    }

    mutating func key() throws(CommandError) -> UnsafeRawBufferPointer {
        let key = try binary()
        guard key.count <= StateLimits.keyBytesMax else { throw .keyTooLong(byteCount: key.count) }
        return key
    }

    @inline(__always)
    mutating func arrayHeader() throws(CommandError) -> Int {
        do { return try readArrayHeader() } catch { throw .encoding(error) }
    }

    @inline(__always)
    mutating func arrayHeader(of expected: Int) throws(CommandError) {
        let found = try arrayHeader()
        guard found == expected else { throw .elementCount(expected: expected, found: found, offset: offset) }
    }

    /// Reads a str. Its length is checked before its text is copied.
    mutating func text(bytesMax: Int) throws(CommandError) -> String {
        let start = self
        let byteCount = try commandReading { () throws(MessagePackError) in try readStringBytes() }.count
        guard byteCount <= bytesMax else { throw .textTooLong(byteCount: byteCount, bytesMax: bytesMax) }
        self = start
        return try commandReading { () throws(MessagePackError) in try readString() }
    }

    mutating func workerName() throws(CommandError) -> WorkerID {
        let name = try text(bytesMax: RingLimits.workerIDBytesMax)
        do {
            return try WorkerID(validating: name)
        } catch {
            throw .ring(error)
        }
    }

    func end() throws(CommandError) {
        do { try finish() } catch { throw .encoding(error) }
    }
}
