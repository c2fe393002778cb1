// What is in a data directory, read and checked without libraft, which cuts some damage away in silence: what it takes for a
// write that a crash cut short may be entries that were acknowledged.

import CShimDeltaLog

/// A log on disk that is whole, as far as can be known. Damage that cannot be told from a write cut short, at the very end of
/// the last open file, is counted in `tornBytes`.
struct LogInventory {
    let term: UInt64
    let vote: UInt64
    /// See `TermAndVote`.
    let isVoteAheadOfLibraft: Bool
    /// The newest snapshot.
    let snapshot: SnapshotName?
    /// Of the entries that are there, the snapshot's apart; 0: there are none.
    let firstIndex: UInt64
    /// Of the snapshot or of the last entry, whichever is higher; 0: there is nothing.
    let lastIndex: UInt64
    let lastTerm: UInt64
    /// Bytes of a write that was cut short, at the end of the last open file.
    let tornBytes: Int
    /// Where the next entries go; nil: no file is open for them.
    let end: (file: String, offset: Int)?
    /// The last batch of entries that is whole.
    let lastBatch: [UInt8]

    /// Reads every file that counts. O(bytes of the log).
    ///
    /// - Parameters:
    ///   - restore: Is handed the content of the newest snapshot, before any entry.
    ///   - visit: Is handed every entry, in order.
    /// - Throws: `.corrupt` with the file; `.system`; what `restore` and `visit` throw.
    init(
        directory: DataDirectory,
        restore: (UnsafeRawBufferPointer, SnapshotName) throws(DeltaLogError) -> Void = { _, _ in },
        visit: @escaping SegmentReader.Visitor = { _ in }
    ) throws(DeltaLogError) {
        try self.init(path: directory.path, names: directory.files(), restore: restore, visit: visit)
    }

    init(
        path: String,
        names: [String],
        restore: (UnsafeRawBufferPointer, SnapshotName) throws(DeltaLogError) -> Void = { _, _ in },
        visit: @escaping SegmentReader.Visitor = { _ in }
    ) throws(DeltaLogError) {
        let present = try TermAndVote(directory: path)
        let files = names.compactMap { name in LogFileName(name).map { (name: name, kind: $0) } }
        let snapshot = try Self.readSnapshot(in: path, files.map(\.kind), restore)
        let snapshotIndex = snapshot?.index ?? 0
        if let snapshot, snapshot.term > present.term {
            throw .corrupt(
                file: "\(path)/\(snapshot.file)",
                reason: "it is of term \(snapshot.term), above the server's own, \(present.term)"
            )
        }
        let opened = files.compactMap { file in
            if case .open(let counter) = file.kind { (name: file.name, counter: counter) } else { nil }
        }.sorted { $0.counter < $1.counter }
        let closed = try Self.chain(
            files.compactMap { file in
                if case .closed(let first, let last) = file.kind { (file.name, first, last) } else { nil }
            },
            in: path,
            behind: snapshotIndex,
            hasOpen: !opened.isEmpty
        )
        let first = closed.first?.first ?? snapshotIndex + 1
        var reader = SegmentReader(from: first, termMax: present.term, visit: visit)
        for segment in closed { try reader.readClosed(LogFile("\(path)/\(segment.name)"), last: segment.last) }
        for segment in opened { try reader.readOpen(LogFile("\(path)/\(segment.name)")) }

        let last = reader.nextIndex - 1
        guard last >= snapshotIndex else {
            throw .corrupt(file: path, reason: "the entries end at \(last), before the snapshot at \(snapshotIndex)")
        }
        guard last >= present.lastIndexMin else {
            throw .corrupt(
                file: path,
                reason: """
                    the entries end at \(last), and those up to \(present.lastIndexMin) were on disk: a file is missing or \
                    its end is damaged
                    """
            )
        }
        term = present.term
        vote = present.vote
        isVoteAheadOfLibraft = present.isAheadOfLibraft
        self.snapshot = snapshot
        firstIndex = reader.hasRead ? first : 0
        lastIndex = last
        lastTerm = max(reader.lastTerm, snapshot?.term ?? 0)
        tornBytes = reader.torn?.bytes ?? 0
        end = reader.end
        lastBatch = reader.lastBatch
    }

    // MARK: Closed files

    private typealias Closed = (name: String, first: UInt64, last: UInt64)

    /// The closed files that follow each other without a gap up to the last one: what is before them, a snapshot has.
    private static func chain(
        _ files: [Closed],
        in path: String,
        behind snapshotIndex: UInt64,
        hasOpen: Bool
    ) throws(DeltaLogError) -> [Closed] {
        let files = files.sorted { ($0.first, $0.last) < ($1.first, $1.last) }
        guard let last = files.last else { return [] }
        // Left over when a snapshot took the place of the whole log.
        if last.last < snapshotIndex, !hasOpen { return [] }
        var begin = files.count - 1
        while begin > 0, files[begin - 1].last == files[begin].first - 1 { begin -= 1 }
        let first = files[begin]
        if begin > 0, files[begin - 1].last >= first.first {
            throw .corrupt(file: "\(path)/\(first.name)", reason: "\(files[begin - 1].name) has entries of it too")
        }
        guard first.first <= snapshotIndex + 1 else {
            let missing = max(begin > 0 ? files[begin - 1].last : 0, snapshotIndex) + 1
            throw .corrupt(
                file: "\(path)/\(first.name)",
                reason: "the entries from \(missing) up to it are missing"
            )
        }
        return Array(files[begin...])
    }

    // MARK: Snapshots

    private static func readSnapshot(
        in path: String,
        _ files: [LogFileName],
        _ restore: (UnsafeRawBufferPointer, SnapshotName) throws(DeltaLogError) -> Void
    ) throws(DeltaLogError) -> SnapshotName? {
        var states: Set<SnapshotName> = []
        var descriptions: Set<SnapshotName> = []
        for file in files {
            if case .snapshot(let name) = file { states.insert(name) }
            if case .snapshotDescription(let name) = file { descriptions.insert(name) }
        }
        // One without the other was not finished.
        guard let newest = states.intersection(descriptions).max() else { return nil }
        try checkDescription(LogFile("\(path)/\(newest.file).meta"))
        let state = try LogFile("\(path)/\(newest.file)")
        try state.withBytes { bytes throws(DeltaLogError) in
            var content: UnsafePointer<UInt8>?
            var length = 0
            guard rm_log_open_snapshot(bytes.baseAddress, bytes.count, &content, &length) == 0 else {
                throw state.damaged("its checksum is not that of its content")
            }
            try restore(UnsafeRawBufferPointer(start: content, count: length), newest)
        }
        return newest
    }

    /// format u64, CRC u64, index of the configuration u64, length u64, configuration; the CRC is of all behind it.
    private static func checkDescription(_ file: LogFile) throws(DeltaLogError) {
        try file.withBytes { bytes throws(DeltaLogError) in
            guard bytes.count > 32 else { throw file.damaged("it has \(bytes.count) bytes") }
            let format = bytes.number(UInt64.self, at: 0)
            guard format == 1 else { throw file.damaged("it has the unknown format \(format)") }
            guard bytes.number(UInt64.self, at: 24) == UInt64(bytes.count - 32) else {
                throw file.damaged("its length is not the one in it")
            }
            guard bytes.number(UInt64.self, at: 8) == UInt64(rm_log_crc32(bytes.baseAddress! + 16, bytes.count - 16, 0))
            else {
                throw file.damaged("its checksum is not that of its content")
            }
        }
    }
}
