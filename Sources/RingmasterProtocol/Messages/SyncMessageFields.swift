// The keys of a resize's messages, and how their values are read and checked. SyncMessage+MessagePack.swift puts them
// together.

extension SyncMessage {
    enum OuterKey: String, CaseIterable {
        case type, name, phase, data
    }

    enum DataKey: String, CaseIterable {
        case currentJob = "current_job"
        case syncTo = "sync_to"
        case members
        case weights
        case base
        case mode
        case ack
        case epoch
    }
}

/// Where the values of a map lie, by the keys that a message has there.
struct SyncMessageFields<Key: CaseIterable & Hashable & RawRepresentable> where Key.RawValue == String {
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

    func number(_ key: Key) throws(MessageError) -> UInt64 {
        var reader = try reader(key)
        return try reading { () throws(MessagePackError) in try reader.readInteger(UInt64.self) }
    }
}

extension SyncMessageFields<SyncMessage.DataKey> {
    func epoch() throws(MessageError) -> Epoch {
        let value = try number(.epoch)
        guard let epoch = Epoch(rawValue: value) else {
            throw .numberTooLarge(key: SyncMessage.DataKey.epoch.rawValue, value: value)
        }
        return epoch
    }

    /// The epoch of the view that the plan starts from.
    func base(below epoch: Epoch) throws(MessageError) -> Epoch {
        let value = try number(.base)
        guard value < epoch.rawValue else { throw .baseNotOlder(base: value, epoch: epoch) }
        return Epoch(value)
    }

    func mode() throws(MessageError) -> ResizeMode {
        if try text(.mode, is: ResizeMode.handoff.wireName) { return .handoff }
        if try text(.mode, is: ResizeMode.barrier.wireName) { return .barrier }
        throw .modeUnknown
    }

    func jobID(_ key: SyncMessage.DataKey) throws(MessageError) -> JobID {
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

    func workerID() throws(MessageError) -> WorkerID {
        var reader = self
        return try reader.readWorkerID()
    }

    func coordinatorID() throws(MessageError) -> CoordinatorID {
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
