// The whole state as bytes, to be kept in place of the log that led there, or sent to a coordinator that is behind.
//
//     magic: 8 bytes, format: 32 bits, body, hash of the state: 64 bits, checksum: 64 bits      numbers big-endian
//
//     body = clusterID: uint | nil, jobIndex: uint, timeMs: uint, sessions opened: uint,
//            view (as in ClusterView.swift), intent: [epoch, mode, members, fenced] | nil,
//            [session...] by ascending client, then for each slot [key...] in the order of their first writes
//     session = [client: uint, ackedBelow: uint, lastActiveMs: uint, [record...]] by ascending sequence
//     record = [sequence: uint, job: uint, version: uint, reply: bin]
//     key = [key: bin, version: uint, state: bin | nil]
//
// The checksum (xxHash64) is of everything before it. Coordinators with the same state write the same bytes.

extension StateMachine {
    static let snapshotMagic = [UInt8]("rm-state".utf8)
    static let snapshotFormat: UInt32 = 1

    /// The state as bytes. O(bytes + sessions log sessions).
    public func snapshot() -> [UInt8] {
        var writer = MessagePackWriter()
        writer.bytes.append(contentsOf: StateMachine.snapshotMagic)
        writer.appendBigEndian(StateMachine.snapshotFormat)
        if let clusterID { writer.write(clusterID) } else { writer.writeNil() }
        writer.write(jobIndex.rawValue)
        writer.write(timeMs)
        writer.write(sessions.opened)
        writer.write(view)
        if let intent {
            writer.writeArrayHeader(count: 4)
            writer.writeFields(of: intent)
        } else {
            writer.writeNil()
        }
        let ascending = sessions.ascending
        writer.writeArrayHeader(count: ascending.count)
        for (client, session) in ascending { session.write(client, into: &writer) }
        for shard in keys.shards {
            writer.writeArrayHeader(count: shard.entries.count)
            for entry in shard.entries { entry.write(into: &writer) }
        }
        writer.appendBigEndian(hash)
        writer.appendBigEndian(StateHash.bytes(writer.bytes))
        return writer.bytes
    }

    /// Reads the state that `snapshot()` wrote. O(bytes).
    ///
    /// - Throws: `CommandError` when the bytes are damaged, no snapshot, or of a newer program. No count in them takes
    ///   memory that the bytes do not fill.
    public init(snapshot: UnsafeRawBufferPointer, planted: PlantedBug? = nil) throws(CommandError) {
        let (body, hash) = try StateMachine.opened(snapshot)
        var reader = MessagePackReader(body)
        self.init(planted: planted)
        clusterID = reader.readNilIfNext() ? nil : try reader.number()
        jobIndex = try reader.jobID()
        timeMs = try reader.number()
        sessions = SessionTable(opened: try reader.number(max: SessionTable.openedMax))
        replaceView(with: try reader.readClusterView())
        if !reader.readNilIfNext() {
            try reader.arrayHeader(of: 4)
            let intent = try reader.readIntentFields()
            guard intent.isCanonical, intent.epoch > view.ring.epoch else {
                throw .inconsistent(offset: reader.offset)
            }
            replaceIntent(with: intent)
        }
        try readSessions(from: &reader)
        try readKeys(from: &reader)
        try reader.end()
        guard self.hash == hash else { throw .hashMismatch(expected: hash, found: self.hash) }
        if planted == .repliesLostInSnapshot { sessions.forgetRecords() }
        if planted == .intentLostInSnapshot { replaceIntent(with: nil) }
    }

    /// The body of a snapshot whose checksum is right, and the hash that it is to have.
    private static func opened(
        _ snapshot: UnsafeRawBufferPointer
    ) throws(CommandError) -> (body: UnsafeRawBufferPointer, hash: UInt64) {
        let headBytes = snapshotMagic.count + 4
        guard snapshot.count >= headBytes + 16, snapshot.starts(with: snapshotMagic) else { throw .notASnapshot }
        let format = UInt32(bigEndian: snapshot.loadUnaligned(fromByteOffset: snapshotMagic.count, as: UInt32.self))
        guard format == snapshotFormat else { throw .snapshotFormatUnknown(format) }
        let checksumOffset = snapshot.count - 8
        let checksum = UInt64(bigEndian: snapshot.loadUnaligned(fromByteOffset: checksumOffset, as: UInt64.self))
        let covered = UnsafeRawBufferPointer(rebasing: snapshot[..<checksumOffset])
        guard StateHash.checksum(covered) == checksum else { throw .snapshotDamaged }
        let hash = UInt64(bigEndian: snapshot.loadUnaligned(fromByteOffset: checksumOffset - 8, as: UInt64.self))
        return (UnsafeRawBufferPointer(rebasing: snapshot[headBytes..<checksumOffset - 8]), hash)
    }

    private mutating func readSessions(from reader: inout MessagePackReader) throws(CommandError) {
        var previous: ClientID?
        for _ in 0..<(try reader.arrayHeader()) {
            let (client, session) = try reader.readSession(jobMax: jobIndex)
            if let previous, client <= previous { throw .inconsistent(offset: reader.offset) }
            previous = client
            sessions.insert(client, session)
        }
    }

    private mutating func readKeys(from reader: inout MessagePackReader) throws(CommandError) {
        keys = KeyShards(size: view.ring.size)
        for position in 0..<keys.size.slotCount {
            let slot = Slot(UInt32(position))
            for _ in 0..<(try reader.arrayHeader()) {
                let (key, version, state) = try reader.readKeyState()
                let hash = KeyHash(of: key)
                guard keys.size.slot(of: hash) == slot,
                    keys.shards[position].index(of: key, hash: hash.rawValue) == nil
                else { throw .inconsistent(offset: reader.offset) }
                keys.append(KeyEntry(hash: hash.rawValue, key: key, version: version, state: state), to: slot)
            }
        }
    }
}

extension Session {
    fileprivate func write(_ client: ClientID, into writer: inout MessagePackWriter) {
        writer.writeArrayHeader(count: 4)
        writer.write(client.rawValue)
        writer.write(ackedBelow)
        writer.write(lastActiveMs)
        writer.writeArrayHeader(count: records.count)
        records.forEach { record in
            writer.writeArrayHeader(count: 4)
            writer.write(record.sequence)
            writer.write(record.job.rawValue)
            writer.write(record.version)
            writer.writeBinary(record.reply)
        }
    }
}

extension MessagePackReader {
    fileprivate mutating func readSession(
        jobMax: JobID
    ) throws(CommandError) -> (client: ClientID, session: Session) {
        try arrayHeader(of: 4)
        let client = ClientID(try number())
        let ackedBelow = try number()
        var session = Session(ackedBelow: ackedBelow, lastActiveMs: try number())
        let count = try arrayHeader()
        guard count <= StateLimits.recordsPerSessionMax else { throw .inconsistent(offset: offset) }
        var lowest: UInt64? = ackedBelow
        for _ in 0..<count {
            try arrayHeader(of: 4)
            let sequence = try number()
            let job = JobID(try number(max: jobMax.rawValue))
            let version = try number(max: StateLimits.versionMax)
            let reply = Array(try binary())
            guard let least = lowest, sequence >= least else { throw .inconsistent(offset: offset) }
            session.records.insert(JobRecord(sequence: sequence, job: job, version: version, reply: reply))
            lowest = sequence == .max ? nil : sequence + 1
        }
        return (client, session)
    }
}

extension MessagePackWriter {
    fileprivate mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
