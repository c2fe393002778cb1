// The lists of a service whose system keeps none: a database that all its workers have open, as a user of a broker has one.

import CSQLite
import Glibc

/// Write-ahead log, synchronised at each commit. Confined to one thread; other processes may have it open.
final class SQLiteLists {
    private let database: OpaquePointer
    /// Workers take turns by a lock on a file: SQLite's own way of waiting for another process is to sleep and try again.
    private let turn: Int32
    private let count: OpaquePointer
    private let insert: OpaquePointer
    private let select: OpaquePointer
    private let findJob: OpaquePointer
    private let noteJob: OpaquePointer

    private static let schema = """
        CREATE TABLE IF NOT EXISTS lists (key TEXT, position INTEGER, value INTEGER, PRIMARY KEY (key, position)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS jobs (job TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID;
        """

    /// - Throws: `AlternativeError.failed`.
    init(path: String) throws {
        let turn = Glibc.open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard turn >= 0 else { throw AlternativeError.failed("cannot open \(path).lock") }
        flock(turn, LOCK_EX)
        defer { flock(turn, LOCK_UN) }
        self.turn = turn
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else {
            throw AlternativeError.failed("cannot open \(path)")
        }
        database = opened
        sqlite3_busy_timeout(opened, 10_000)
        for text in ["PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", Self.schema] {
            try Self.check(sqlite3_exec(opened, text, nil, nil, nil), opened)
        }
        func prepare(_ text: String) throws -> OpaquePointer {
            var statement: OpaquePointer?
            try Self.check(sqlite3_prepare_v2(opened, text, -1, &statement, nil), opened)
            guard let statement else { throw AlternativeError.failed("sqlite: no statement") }
            return statement
        }
        count = try prepare("SELECT count(*) FROM lists WHERE key=?")
        insert = try prepare("INSERT INTO lists VALUES (?, ?, ?)")
        select = try prepare("SELECT value FROM lists WHERE key=? ORDER BY position")
        findJob = try prepare("SELECT position FROM jobs WHERE job=?")
        noteJob = try prepare("INSERT INTO jobs VALUES (?, ?)")
    }

    deinit {
        for statement in [count, insert, select, findJob, noteJob] { sqlite3_finalize(statement) }
        sqlite3_close(database)
        close(turn)
    }

    /// Runs a body in one transaction, which is on the disk when this returns.
    func transaction(_ body: () throws -> Void) throws {
        flock(turn, LOCK_EX)
        defer { flock(turn, LOCK_UN) }
        try run("BEGIN IMMEDIATE")
        do {
            try body()
            try run("COMMIT")
        } catch {
            sqlite3_exec(database, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    /// Adds a value to a key's list. In a transaction.
    /// - Parameter job: The job's name, where the user keeps what was done; a job that was done already gets its position again.
    func append(_ key: String, _ value: Int64, job: String?) throws -> Int64 {
        if let job, let position = try number(findJob, job) { return position }
        let position = try number(count, key) ?? 0
        try step(insert, key, position, value)
        if let job { try step(noteJob, job, position) }
        return position
    }

    /// A key's list, 8 bytes an integer, little-endian.
    func list(_ key: String) throws -> [UInt8] {
        try bind(select, key)
        defer { sqlite3_reset(select) }
        var list: [UInt8] = []
        while true {
            let status = sqlite3_step(select)
            if status == SQLITE_DONE { return list }
            guard status == SQLITE_ROW else { throw failure }
            withUnsafeBytes(of: sqlite3_column_int64(select, 0).littleEndian) { list.append(contentsOf: $0) }
        }
    }

    // MARK: SQLite

    private func run(_ text: String) throws { try Self.check(sqlite3_exec(database, text, nil, nil, nil), database) }

    private func bind(_ statement: OpaquePointer, _ text: String, _ numbers: Int64...) throws {
        sqlite3_reset(statement)
        // SQLITE_TRANSIENT: SQLite takes a copy.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        guard sqlite3_bind_text(statement, 1, text, -1, copied) == SQLITE_OK else { throw failure }
        for (place, number) in numbers.enumerated() {
            guard sqlite3_bind_int64(statement, Int32(place + 2), number) == SQLITE_OK else { throw failure }
        }
    }

    private func step(_ statement: OpaquePointer, _ text: String, _ first: Int64, _ second: Int64? = nil) throws {
        if let second { try bind(statement, text, first, second) } else { try bind(statement, text, first) }
        defer { sqlite3_reset(statement) }
        guard sqlite3_step(statement) == SQLITE_DONE else { throw failure }
    }

    private func number(_ statement: OpaquePointer, _ text: String) throws -> Int64? {
        try bind(statement, text)
        defer { sqlite3_reset(statement) }
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return sqlite3_column_int64(statement, 0)
        case SQLITE_DONE: return nil
        default: throw failure
        }
    }

    private var failure: AlternativeError { .failed("sqlite: \(String(cString: sqlite3_errmsg(database)))") }

    private static func check(_ status: Int32, _ database: OpaquePointer) throws {
        guard status == SQLITE_OK else {
            throw AlternativeError.failed("sqlite: \(String(cString: sqlite3_errmsg(database)))")
        }
    }
}
