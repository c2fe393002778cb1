// The state of the cluster, as every coordinator holds it: all keys, sessions and the view. It changes only by entries of
// the log (StateMachine+Apply.swift), so coordinators that applied the same entries hold the same state.

/// The replicated state machine. Pure and deterministic: no clock, no I/O, nothing random.
///
/// A value: copying is O(1), and a copy does not see what is applied later. What is written to while a copy lives is
/// copied once, a slot's keys or a 256th of the sessions at a time; so a snapshot can be encoded from a copy on another
/// thread.
public struct StateMachine: Sendable {
    /// Which cluster this is: nil before the first command has founded it.
    public internal(set) var clusterID: UInt64?
    /// The id of the last job that was accepted.
    public internal(set) var jobIndex = JobID.zero
    /// The time of the log: the highest wall clock of a leader that an entry carried, in milliseconds. It never goes back.
    public internal(set) var timeMs: UInt64 = 0
    /// The committed view.
    public private(set) var view = ClusterView()
    /// The view that is to come, if one was proposed.
    public private(set) var intent: Intent?
    var keys: KeyShards
    var sessions = SessionTable()
    private var viewDigest: UInt64
    private var intentDigest: UInt64 = 0
    let planted: PlantedBug?

    /// The state before the first entry of a log. O(slots).
    public init(planted: PlantedBug? = nil) {
        self.planted = planted
        keys = KeyShards(size: view.ring.size)
        viewDigest = StateMachine.digest(of: view)
    }

    /// A hash of everything: equal states have equal hashes, and different ones practically never. It does not depend on
    /// the order in which keys and sessions are kept. O(1).
    public var hash: UInt64 {
        let scalars = StateHash.scalars(
            clusterID == nil ? 0 : 1,
            clusterID ?? 0,
            jobIndex.rawValue,
            timeMs,
            sessions.opened,
            viewDigest,
            intentDigest
        )
        return keys.hash &+ sessions.hash &+ scalars
    }

    /// How many keys were ever written; removed ones count, as their versions live on.
    public var keyCount: Int { keys.count }

    /// How many sessions are open.
    public var sessionCount: Int { sessions.count }

    /// The version and state of a key: nil for one that was never written, a state of nil for one that was removed.
    /// O(bytes).
    public func key(_ key: UnsafeRawBufferPointer) -> (version: UInt64, state: [UInt8]?)? {
        keys.entry(of: key).map { entry in (entry.version, entry.withBytes { _, state in state.map { Array($0) } }) }
    }

    /// What is known of a client's job. O(log records of the session + bytes of the reply).
    public func record(of client: ClientID, sequence: UInt64) -> SessionAnswer {
        if planted == .noSessionTable, sessions.session(of: client) != nil { return .none }
        if planted == .newestReplyRepeated, let session = sessions.session(of: client) { return session.newestAnswer }
        return sessions.session(of: client)?.answer(for: sequence)
            ?? (planted == .expiredSessionRevived ? .none : .sessionUnknown)
    }

    /// Puts a view, or none, in the place of the view that is to come. O(members).
    mutating func replaceIntent(with intent: Intent?) {
        self.intent = intent
        intentDigest = StateMachine.digest(of: intent)
    }

    /// Puts a view into force. O(slots + members).
    mutating func replaceView(with view: ClusterView) {
        self.view = view
        viewDigest = StateMachine.digest(of: view)
    }

    private static func digest(of view: ClusterView) -> UInt64 {
        StateHash.bytes(view.encoded())
    }

    private static func digest(of intent: Intent?) -> UInt64 {
        guard let intent else { return 0 }
        var writer = MessagePackWriter()
        writer.writeFields(of: intent)
        return StateHash.bytes(writer.bytes)
    }
}
