// The messages of a resize as MessagePack. In the notation of docs/PROTOCOL.md:
//
//     {type: "sync", name: <sender>, phase: 1...3, data: {...}}
//
//     phase 1  coordinator  data: {epoch}
//              member       data: {current_job, epoch}
//     phase 2  coordinator  data: {sync_to, members: [<name>...], epoch}, and weights: [<int>...] unless all are 1
//              member       data: {ack: "ok", epoch}
//     phase 3  coordinator  data: {epoch}
//              member       data: {ack: "ok", epoch}
//
// They are written in this order and read in any, as a map has none. The outer map has these four keys and no other;
// whatever else is in `data` is passed over, so that later versions can say more. Who speaks is told by what is said: a
// member's messages carry `current_job` or `ack`.

extension SyncMessage {
    /// The message as MessagePack. O(members).
    /// - Precondition: members are in canonical order, at most `RingLimits.membersMax` of them.
    public func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 96)
        encode(into: &writer)
        return writer.bytes
    }

    /// Appends the message as MessagePack. O(members).
    /// - Precondition: members are in canonical order, at most `RingLimits.membersMax` of them.
    public func encode(into writer: inout MessagePackWriter) {
        writer.writeMapHeader(count: 4)
        writer.write(OuterKey.type.rawValue)
        writer.write(Self.typeName)
        writer.write(OuterKey.name.rawValue)
        switch self {
        case .fromCoordinator(let coordinator, _, _): writer.write(coordinator.name)
        case .fromMember(let worker, _, _): writer.write(worker.name)
        }
        writer.write(OuterKey.phase.rawValue)
        writer.write(phase)
        writer.write(OuterKey.data.rawValue)
        switch self {
        case .fromCoordinator(_, _, .propose), .fromCoordinator(_, _, .notify):
            writer.writeMapHeader(count: 1)
            writer.writeEpoch(epoch)
        case .fromCoordinator(_, _, .synchronise(let syncTo, let members)):
            writer.writeSynchronise(syncTo: syncTo, members: members, epoch: epoch)
        case .fromMember(_, _, .report(let currentJob)):
            writer.writeMapHeader(count: 2)
            writer.write(DataKey.currentJob.rawValue)
            writer.write(currentJob.rawValue)
            writer.writeEpoch(epoch)
        case .fromMember(_, _, .synchronised), .fromMember(_, _, .notified):
            writer.writeMapHeader(count: 2)
            writer.write(DataKey.ack.rawValue)
            writer.write(Self.ackText)
            writer.writeEpoch(epoch)
        }
    }

    /// Reads a message that fills the bytes. O(bytes); no memory is taken for what is refused.
    /// - Throws: `MessageError`: what is wrong with it.
    public init(decoding bytes: [UInt8]) throws(MessageError) {
        try self.init(decoding: bytes.span.bytes)
    }

    /// Reads a message that fills the bytes; see `init(decoding:)` of an array.
    public init(decoding bytes: RawSpan) throws(MessageError) {
        self = try bytes.withUnsafeBytes { bytes throws(MessageError) in try SyncMessage(decoding: bytes) }
    }

    /// Reads a message that fills the bytes; see `init(decoding:)` of an array. The bytes are used only during the call.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(MessageError) {
        try reading { () throws(MessagePackError) in
            var whole = MessagePackReader(bytes)
            try whole.skipValue(checkingText: true)
            try whole.finish()
        }
        let outer = try Fields<OuterKey>(MessagePackReader(bytes), othersAllowed: false)
        guard try outer.text(.type, is: Self.typeName) else { throw .typeUnknown }
        let name = try outer.reader(.name)
        var phaseReader = try outer.reader(.phase)
        let phase = try reading { () throws(MessagePackError) in try phaseReader.readInteger(Int.self) }
        let data = try Fields<DataKey>(outer.reader(.data), othersAllowed: true)
        let epoch = try data.epoch()
        switch phase {
        case 1 where data.has(.currentJob):
            self = .fromMember(try name.workerID(), epoch, .report(currentJob: try data.jobID(.currentJob)))
        case 1:
            self = .fromCoordinator(try name.coordinatorID(), epoch, .propose)
        case 2 where data.has(.ack):
            guard !data.has(.syncTo), !data.has(.members) else { throw .directionUnclear }
            try data.checkAck()
            self = .fromMember(try name.workerID(), epoch, .synchronised)
        case 2:
            let order = Order.synchronise(syncTo: try data.jobID(.syncTo), members: try data.members())
            self = .fromCoordinator(try name.coordinatorID(), epoch, order)
        case 3 where data.has(.ack):
            try data.checkAck()
            self = .fromMember(try name.workerID(), epoch, .notified)
        case 3:
            self = .fromCoordinator(try name.coordinatorID(), epoch, .notify)
        default:
            throw .phaseUnknown(phase)
        }
    }

    fileprivate static let typeName = "sync"
    fileprivate static let ackText = "ok"
}

private enum OuterKey: String, CaseIterable {
    case type, name, phase, data
}

private enum DataKey: String, CaseIterable {
    case currentJob = "current_job"
    case syncTo = "sync_to"
    case members
    case weights
    case ack
    case epoch
}

extension MessagePackWriter {
    fileprivate mutating func writeEpoch(_ epoch: Epoch) {
        write(DataKey.epoch.rawValue)
        write(epoch.rawValue)
    }

    fileprivate mutating func writeSynchronise(syncTo: JobID, members: [Member], epoch: Epoch) {
        do {
            try members.checkCanonicalOrder()
        } catch {
            preconditionFailure("\(error)")
        }
        let isWeighted = members.contains { $0.weight != 1 }
        writeMapHeader(count: isWeighted ? 4 : 3)
        write(DataKey.syncTo.rawValue)
        write(syncTo.rawValue)
        write(DataKey.members.rawValue)
        writeArrayHeader(count: members.count)
        for member in members { write(member.id.name) }
        writeEpoch(epoch)
        guard isWeighted else { return }
        write(DataKey.weights.rawValue)
        writeArrayHeader(count: members.count)
        for member in members { write(member.weight) }
    }
}

/// Where the values of a map lie, by the keys that a message has there.
private struct Fields<Key: CaseIterable & Hashable & RawRepresentable> where Key.RawValue == String {
    private var readers: [Key: MessagePackReader] = [:]

    init(_ map: MessagePackReader, othersAllowed: Bool) throws(MessageError) {
        var reader = map
        let count = try reading { () throws(MessagePackError) in try reader.readMapHeader() }
        for _ in 0..<count {
            let offset = reader.offset
            let key = try reading { () throws(MessagePackError) in try reader.readKey(Key.self) }
            guard key != nil || othersAllowed else { throw .keyUnknown(offset: offset) }
            if let key {
                guard readers[key] == nil else { throw .keyRepeated(key.rawValue) }
                readers[key] = reader
            }
            try reading { () throws(MessagePackError) in try reader.skipValue() }
        }
    }

    func has(_ key: Key) -> Bool {
        readers[key] != nil
    }

    func reader(_ key: Key) throws(MessageError) -> MessagePackReader {
        guard let reader = readers[key] else { throw .keyMissing(key.rawValue) }
        return reader
    }

    func text(_ key: Key, is text: String) throws(MessageError) -> Bool {
        var reader = try reader(key)
        return try reading { () throws(MessagePackError) in try reader.readStringBytes() }.elementsEqual(text.utf8)
    }

    fileprivate func number(_ key: Key) throws(MessageError) -> UInt64 {
        var reader = try reader(key)
        return try reading { () throws(MessagePackError) in try reader.readInteger(UInt64.self) }
    }
}

extension Fields<DataKey> {
    func epoch() throws(MessageError) -> Epoch {
        let value = try number(.epoch)
        guard let epoch = Epoch(rawValue: value) else {
            throw .numberTooLarge(key: DataKey.epoch.rawValue, value: value)
        }
        return epoch
    }

    func jobID(_ key: DataKey) throws(MessageError) -> JobID {
        let value = try number(key)
        guard let job = JobID(rawValue: value) else { throw .numberTooLarge(key: key.rawValue, value: value) }
        return job
    }

    func checkAck() throws(MessageError) {
        guard try text(.ack, is: SyncMessage.ackText) else { throw .ackUnknown }
    }

    func members() throws(MessageError) -> [Member] {
        var names = try reader(.members)
        let count = try reading { () throws(MessagePackError) in try names.readArrayHeader() }
        guard count <= RingLimits.membersMax else { throw .ring(.tooManyMembers(count: count)) }
        var weights = try has(.weights) ? reader(.weights) : nil
        if weights != nil {
            let weightCount = try reading { () throws(MessagePackError) in try weights!.readArrayHeader() }
            guard weightCount == count else { throw .weightsUnpaired(members: count, weights: weightCount) }
        }
        var members: [Member] = []
        members.reserveCapacity(count)
        for _ in 0..<count {
            let worker = try names.readWorkerID()
            var weight = 1
            if weights != nil {
                weight = try reading { () throws(MessagePackError) in try weights!.readInteger(Int.self) }
            }
            do {
                members.append(try Member(worker, weight: weight))
            } catch {
                throw .ring(error)
            }
        }
        do {
            try members.checkCanonicalOrder()
        } catch {
            throw .ring(error)
        }
        return members
    }
}

extension MessagePackReader {
    /// Reads a key of a map: nil for one that is none of `Key`, whatever its type.
    fileprivate mutating func readKey<Key: CaseIterable & RawRepresentable>(
        _ type: Key.Type
    ) throws(MessagePackError) -> Key? where Key.RawValue == String {
        guard try nextType() == .string else {
            try skipValue()
            return nil
        }
        let text = try readStringBytes()
        return Key.allCases.first { text.elementsEqual($0.rawValue.utf8) }
    }

    /// Reads the name of a worker. Its length is checked before its text is copied.
    fileprivate mutating func readWorkerID() throws(MessageError) -> WorkerID {
        let start = self
        let byteCount = try reading { () throws(MessagePackError) in try readStringBytes() }.count
        guard byteCount <= RingLimits.workerIDBytesMax else { throw .ring(.workerIDTooLong(byteCount: byteCount)) }
        self = start
        let name = try reading { () throws(MessagePackError) in try readString() }
        do {
            return try WorkerID(validating: name)
        } catch {
            throw .ring(error)
        }
    }

    fileprivate func workerID() throws(MessageError) -> WorkerID {
        var reader = self
        return try reader.readWorkerID()
    }

    fileprivate func coordinatorID() throws(MessageError) -> CoordinatorID {
        var reader = self
        let byteCount = try reading { () throws(MessagePackError) in try reader.readStringBytes() }.count
        guard byteCount <= MessageLimits.coordinatorIDBytesMax else {
            throw .coordinatorIDTooLong(byteCount: byteCount)
        }
        reader = self
        let name = try reading { () throws(MessagePackError) in try reader.readString() }
        return try CoordinatorID(validating: name)
    }
}
