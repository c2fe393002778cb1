// The commands of a log entry, read. CommandWriter.swift writes them, StateMachine+Apply.swift carries them out.
//
//     entry = timeMs: uint, command...          to the end of the bytes
//
//     [0, worker: str, incarnation: uint, [delta...]]
//     [1, nonce: uint]
//     [2, idleSinceMs: uint]
//     [3, client: uint]
//     [4, clusterID: uint, slotCount: uint]
//     [5, epoch: uint, mode: 0|1, [member...], [fenced worker: str...]]
//     [6, epoch: uint]

/// One command of an entry. It borrows the entry's bytes.
public enum Command {
    /// Deltas of one worker.
    case deltas(DeltaBatch)
    /// Open a session.
    case openSession(nonce: UInt64)
    /// Expire the sessions that were last active before that time.
    case expireSessions(idleSinceMs: UInt64)
    /// Close a session.
    case closeSession(ClientID)
    /// Found the cluster.
    case initialise(clusterID: UInt64, size: RingSize)
    /// Propose a view.
    case propose(Intent)
    /// Commit the view that was proposed under that epoch.
    case commit(Epoch)
}

/// The first element of each command.
enum CommandKind: UInt64 {
    case deltas = 0
    case openSession
    case expireSessions
    case closeSession
    case initialise
    case propose
    case commit

    /// How many elements a command of this kind has, the kind among them.
    var elementCount: Int {
        switch self {
        case .openSession, .expireSessions, .closeSession, .commit: 2
        case .initialise: 3
        case .deltas: 4
        case .propose: 5
        }
    }
}

/// An entry that has been read from end to end and found in order. It borrows its bytes.
public struct CommandEntry {
    /// The leader's wall clock when it proposed the entry, in milliseconds.
    public let timeMs: UInt64
    /// What is to be done, in order; at least one.
    public let commands: [Command]

    /// Reads the whole of an entry. The bytes must outlive it. O(bytes).
    /// - Throws: `CommandError`: what is wrong with it.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var reader = MessagePackReader(bytes)
        timeMs = try reader.number()
        var commands: [Command] = []
        repeat {
            guard !reader.isAtEnd else { throw .entryEmpty }
            commands.append(try reader.readCommand())
        } while !reader.isAtEnd
        self.commands = commands
    }
}

extension MessagePackReader {
    mutating func readCommand() throws(CommandError) -> Command {
        let elementCount = try arrayHeader()
        guard elementCount > 0 else { throw .elementCount(expected: 1, found: 0, offset: offset) }
        let kindNumber = try number()
        guard let kind = CommandKind(rawValue: kindNumber) else { throw .kindUnknown(kindNumber) }
        guard elementCount == kind.elementCount else {
            throw .elementCount(expected: kind.elementCount, found: elementCount, offset: offset)
        }
        switch kind {
        case .deltas: return .deltas(try DeltaBatch(reading: &self))
        case .openSession: return .openSession(nonce: try number())
        case .expireSessions: return .expireSessions(idleSinceMs: try number())
        case .closeSession: return .closeSession(ClientID(try number()))
        case .initialise:
            let clusterID = try number()
            let slotCount = Int(clamping: try number())
            do {
                return .initialise(clusterID: clusterID, size: try RingSize(slotCount: slotCount))
            } catch {
                throw .ring(error)
            }
        case .propose: return .propose(try readIntentFields())
        case .commit: return .commit(try epoch())
        }
    }
}
