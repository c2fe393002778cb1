// Writes the entries of the log: a time and commands. Command.swift has their form and reads them.

/// Builds one entry. Every write is amortised O(bytes written).
public struct CommandWriter: Sendable {
    private var writer: MessagePackWriter
    /// How many commands have been written.
    public private(set) var count = 0

    /// Begins an entry.
    /// - Parameters:
    ///   - timeMs: The log's time, in milliseconds.
    ///   - capacity: How many bytes to make room for at once; more may be written.
    public init(timeMs: UInt64, capacity: Int = 0) {
        writer = MessagePackWriter(capacity: capacity)
        writer.write(timeMs)
    }

    /// The entry, once it has a command.
    public var bytes: [UInt8] { writer.bytes }

    /// Appends a batch as `DeltaBatchWriter.finish()` gives it. One that came from elsewhere is to be read with
    /// `DeltaBatch(decoding:)` before.
    public mutating func deltas(_ batch: UnsafeRawBufferPointer) {
        count += 1
        writer.bytes.append(contentsOf: batch)
    }

    /// Appends a batch; see `deltas(_:)` of a buffer.
    public mutating func deltas(_ batch: [UInt8]) {
        count += 1
        writer.bytes.append(contentsOf: batch)
    }

    /// Opens a session.
    /// - Parameter nonce: A random number, so that ids of two clusters' sessions differ.
    public mutating func openSession(nonce: UInt64) {
        begin(.openSession)
        writer.write(nonce)
    }

    /// Expires the sessions that were last active before that time.
    public mutating func expireSessions(idleSinceMs: UInt64) {
        begin(.expireSessions)
        writer.write(idleSinceMs)
    }

    /// Closes a session.
    public mutating func closeSession(_ client: ClientID) {
        begin(.closeSession)
        writer.write(client.rawValue)
    }

    /// Founds a cluster.
    public mutating func initialise(clusterID: UInt64, size: RingSize = .standard) {
        begin(.initialise)
        writer.write(clusterID)
        writer.write(size.slotCount)
    }

    /// Proposes a view.
    /// - Precondition: No endpoint has more than `StateLimits.endpointBytesMax` bytes, and there are at most
    ///   `RingLimits.membersMax` members and as many fenced workers: nobody could read such an entry.
    public mutating func propose(_ intent: Intent) {
        precondition(
            intent.members.allSatisfy { $0.endpoint.utf8.count <= StateLimits.endpointBytesMax },
            "an endpoint has at most \(StateLimits.endpointBytesMax) bytes"
        )
        precondition(
            max(intent.members.count, intent.fenced.count) <= RingLimits.membersMax,
            "an intent names at most \(RingLimits.membersMax) members"
        )
        begin(.propose)
        writer.writeFields(of: intent)
    }

    /// Commits the view that was proposed under that epoch.
    public mutating func commit(_ epoch: Epoch) {
        begin(.commit)
        writer.write(epoch.rawValue)
    }

    private mutating func begin(_ kind: CommandKind) {
        count += 1
        writer.writeArrayHeader(count: kind.elementCount)
        writer.write(kind.rawValue)
    }
}
