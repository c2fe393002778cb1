// The sessions of clients: what makes a job that is sent twice take effect once. Sessions come and go only by commands of
// the log, so every coordinator knows the same.

/// What is known of a client's job.
public enum SessionAnswer: Hashable, Sendable {
    /// There is no such session.
    case sessionUnknown
    /// The client has said that it is done with the job.
    case alreadyAcknowledged
    /// The job is done: its id, the version of the key that it made, and its reply.
    case record(job: JobID, version: UInt64, reply: [UInt8])
    /// The session knows nothing of the job.
    case none
}

/// One client's session.
struct Session: Sendable {
    /// The client is done with every sequence below.
    var ackedBelow: UInt64 = 0
    /// When a delta of it was last accepted, or it was opened.
    var lastActiveMs: UInt64
    var records = RecordList()

    func answer(for sequence: UInt64) -> SessionAnswer {
        guard sequence >= ackedBelow else { return .alreadyAcknowledged }
        guard let record = records.record(of: sequence) else { return .none }
        return .record(job: record.job, version: record.version, reply: record.reply)
    }

    /// For a bug that is planted: what is known of the newest job.
    var newestAnswer: SessionAnswer {
        records.newest.map { .record(job: $0.job, version: $0.version, reply: $0.reply) } ?? .none
    }
}

/// All sessions, in shards, so that a change while a copy lives copies a shard and not all.
///
/// A session's id is the number of sessions opened before it, 38 bits, over 24 bits of the nonce that it was opened with:
/// ids are unique as long as the cluster lives, and a client that outlived its cluster meets a stranger's session in
/// the next with a chance of 2^-24 at most.
struct SessionTable: Sendable {
    private var shards: [[UInt64: Session]] = Array(repeating: [:], count: StateLimits.sessionShards)
    private(set) var count = 0
    /// How many sessions were ever opened.
    private(set) var opened: UInt64 = 0
    /// The sum of the digests of all sessions and their records.
    private(set) var hash: UInt64 = 0

    /// Where a session lies, until a session is opened or removed.
    struct Place {
        fileprivate let shard: Int
        fileprivate let index: Dictionary<UInt64, Session>.Index
        fileprivate let client: UInt64
    }

    private static let nonceBits: UInt64 = 24
    static let openedMax: UInt64 = 1 << 38

    init() {}

    /// For a snapshot: sessions follow by `insert`.
    init(opened: UInt64) {
        self.opened = opened
    }

    /// Every session by ascending id. O(n log n).
    var ascending: [(client: ClientID, session: Session)] {
        shards.joined().map { (ClientID($0.key), $0.value) }.sorted { $0.client < $1.client }
    }

    func session(of client: ClientID) -> Session? {
        shards[SessionTable.shard(of: client.rawValue)][client.rawValue]
    }

    @inline(__always)
    func place(of client: ClientID) -> Place? {
        let shard = SessionTable.shard(of: client.rawValue)
        guard let index = shards[shard].index(forKey: client.rawValue) else { return nil }
        return Place(shard: shard, index: index, client: client.rawValue)
    }

    /// Opens a session. Expected O(1).
    mutating func open(nonce: UInt64, timeMs: UInt64) -> ClientID {
        var client: UInt64
        // Only after 2^38 sessions could an id be in use.
        repeat {
            let nonceMask = (1 << SessionTable.nonceBits) - 1 as UInt64
            opened = (opened + 1) % SessionTable.openedMax
            client = opened << SessionTable.nonceBits | StateHash.mixed(opened, nonce) & nonceMask
        } while session(of: ClientID(client)) != nil
        insert(ClientID(client), Session(lastActiveMs: timeMs))
        return ClientID(client)
    }

    /// Adds a session that is not there. O(records).
    mutating func insert(_ client: ClientID, _ session: Session) {
        count += 1
        hash &+= digest(of: session, client: client.rawValue)
        shards[SessionTable.shard(of: client.rawValue)][client.rawValue] = session
    }

    /// Closes a session. O(records of it). Returns whether it was there.
    mutating func close(_ client: ClientID) -> Bool {
        guard let session = shards[SessionTable.shard(of: client.rawValue)].removeValue(forKey: client.rawValue) else {
            return false
        }
        count -= 1
        hash &-= digest(of: session, client: client.rawValue)
        return true
    }

    /// Removes the sessions last active before a time. O(sessions + records of those removed). Returns how many.
    mutating func expire(idleSinceMs: UInt64) -> Int {
        var expired = 0
        for shard in shards.indices {
            for (client, session) in shards[shard] where session.lastActiveMs < idleSinceMs {
                expired += close(ClientID(client)) ? 1 : 0
            }
        }
        return expired
    }

    /// Raises what the client is done with, and drops the records below. Then says what is known of a sequence. Amortised
    /// O(log records).
    @inline(__always)
    mutating func acknowledge(_ place: Place, below acked: UInt64, thenFind sequence: UInt64) -> SessionAnswer {
        let client = place.client
        var dropped: UInt64 = 0
        let answer = modify(place) { session in
            guard acked > session.ackedBelow else { return session.answer(for: sequence) }
            dropped &+= SessionTable.digest(ofHead: session, client: client)
            session.ackedBelow = acked
            dropped &-= SessionTable.digest(ofHead: session, client: client)
            session.records.removeBelow(acked) { dropped &+= StateHash.record($0, of: client) }
            return session.answer(for: sequence)
        }
        hash &-= dropped
        return answer
    }

    /// For a bug that is planted: keeps the sessions, and forgets what they know.
    mutating func forgetRecords() {
        for (client, session) in ascending {
            _ = close(client)
            insert(client, Session(ackedBelow: session.ackedBelow, lastActiveMs: session.lastActiveMs))
        }
    }

    /// For a bug that is planted: forgets the records below a sequence, and not that it did.
    mutating func forgetRecords(of client: ClientID, below sequence: UInt64) {
        guard var session = session(of: client), close(client) else { return }
        session.records.removeBelow(sequence) { _ in }
        insert(client, session)
    }

    /// For a bug that is planted: begins a session that is over anew.
    mutating func revive(_ client: ClientID, timeMs: UInt64) {
        if session(of: client) == nil { insert(client, Session(lastActiveMs: timeMs)) }
    }

    @inline(__always)
    func isFull(_ place: Place) -> Bool {
        shards[place.shard].values[place.index].records.count >= StateLimits.recordsPerSessionMax
    }

    /// Keeps the record of a job that was done. O(1) when it is the client's highest sequence; see `RecordList`.
    @inline(__always)
    mutating func keep(_ record: JobRecord, at place: Place, timeMs: UInt64) {
        let client = place.client
        var added = StateHash.record(record, of: client)
        modify(place) { session in
            added &-= SessionTable.digest(ofHead: session, client: client)
            session.lastActiveMs = timeMs
            added &+= SessionTable.digest(ofHead: session, client: client)
            session.records.insert(record)
        }
        hash &+= added
    }

    @inline(__always)
    private mutating func modify<Value>(_ place: Place, _ body: (inout Session) -> Value) -> Value {
        body(&shards[place.shard].values[place.index])
    }

    private func digest(of session: Session, client: UInt64) -> UInt64 {
        var digest = SessionTable.digest(ofHead: session, client: client)
        session.records.forEach { digest &+= StateHash.record($0, of: client) }
        return digest
    }

    @inline(__always)
    private static func digest(ofHead session: Session, client: UInt64) -> UInt64 {
        StateHash.session(client, ackedBelow: session.ackedBelow, lastActiveMs: session.lastActiveMs)
    }

    @inline(__always)
    private static func shard(of client: UInt64) -> Int {
        Int(truncatingIfNeeded: (client >> nonceBits) % UInt64(StateLimits.sessionShards))
    }
}
