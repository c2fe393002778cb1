// What can be wrong with a message, and how large its parts may be. Thrown by everything in this folder.

/// How large the parts of a message may be. All of it is part of the wire contract.
public enum MessageLimits {
    /// Longest name of a coordinator, in bytes of UTF-8: as for a worker.
    public static let coordinatorIDBytesMax = RingLimits.workerIDBytesMax

    /// Most bytes of an error's message that travel: enough for a person, too little to fill a server's memory with.
    public static let errorMessageBytesMax = 1024
}

/// Why a message was refused. Unless a case says otherwise the sender made the mistake, and the receiver counts the
/// message and drops it.
public enum MessageError: Error, Hashable, Sendable {
    /// The bytes are not MessagePack, or a value is of another type than the message has there.
    case encoding(MessagePackError)
    /// A key that the message must have is not there.
    case keyMissing(String)
    /// A key is there twice.
    case keyRepeated(String)
    /// The outer map has a key that the message does not have. More may travel only in `data`.
    case keyUnknown(offset: Int)
    /// The `type` is not "sync": the message is for somebody else, or of another version.
    case typeUnknown
    /// The phase is not 1, 2 or 3.
    case phaseUnknown(Int)
    /// An `ack` is not "ok".
    case ackUnknown
    /// A `mode` is neither "handoff" nor "barrier".
    case modeUnknown
    /// The view that a plan starts from is not older than the one that it leads to.
    case baseNotOlder(base: UInt64, epoch: Epoch)
    /// A message of phase 2 carries both the coordinator's order and a member's ack.
    case directionUnclear
    /// The name of a coordinator has no bytes. Give it 1 to 64.
    case coordinatorIDEmpty
    /// The name of a coordinator is longer than `MessageLimits.coordinatorIDBytesMax`. Shorten it.
    case coordinatorIDTooLong(byteCount: Int)
    /// A job id or an epoch is above its `wireMax`.
    case numberTooLarge(key: String, value: UInt64)
    /// There are not as many weights as members.
    case weightsUnpaired(members: Int, weights: Int)
    /// A worker's name, a weight or the list of members is not what a ring allows.
    case ring(RingError)
    /// An error is not `[code, message]` but has another number of elements.
    case errorElementCount(Int)
}

extension MessageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .encoding(let error):
            error.description
        case .keyMissing(let key):
            "the message has no '\(key)'; send every key of docs/PROTOCOL.md"
        case .keyRepeated(let key):
            "the message has '\(key)' twice; send each key once"
        case .keyUnknown(let offset):
            "the key at byte \(offset) is none of type, name, phase and data; send more only inside data"
        case .typeUnknown:
            "the message is not of type 'sync'"
        case .phaseUnknown(let phase):
            "phase \(phase) does not exist; a resize has phases 1 to 3"
        case .ackUnknown:
            "the ack is not 'ok', the only one there is"
        case .modeUnknown:
            "the mode is neither 'handoff' nor 'barrier'"
        case .baseNotOlder(let base, let epoch):
            "the base \(base) is not below the epoch \(epoch) of the round"
        case .directionUnclear:
            "the message of phase 2 has both sync_to or members and an ack; send one or the other"
        case .coordinatorIDEmpty:
            "the name of a coordinator is empty; give it 1 to \(MessageLimits.coordinatorIDBytesMax) bytes"
        case .coordinatorIDTooLong(let byteCount):
            "the name of a coordinator has \(byteCount) bytes; shorten it to at most "
                + "\(MessageLimits.coordinatorIDBytesMax)"
        case .numberTooLarge(let key, let value):
            "'\(key)' is \(value); send at most \(JobID.wireMax)"
        case .weightsUnpaired(let members, let weights):
            "\(members) members have \(weights) weights; send one for each, or none"
        case .ring(let error):
            error.description
        case .errorElementCount(let count):
            "an error of \(count) elements; send [code, message]"
        }
    }
}

/// Does what can find fault with the bytes, and makes the fault one of the message.
@inline(__always)
func reading<Value>(_ read: () throws(MessagePackError) -> Value) throws(MessageError) -> Value {
    do {
        return try read()
    } catch {
        throw .encoding(error)
    }
}
