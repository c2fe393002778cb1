// The messages of a resize as MessagePack. In the notation of docs/PROTOCOL.md:
//
//     {type: "sync", name: <sender>, phase: 1...3, data: {...}}
//
//     phase 1  coordinator  data: {base, mode, members: [<name>...], epoch}, and weights: [<int>...] unless all are 1
//              member       data: {current_job, epoch}
//     phase 2  coordinator  data: {sync_to, members, base, epoch}, and weights unless all are 1
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
        case .fromCoordinator(_, _, .propose(let base, let mode, let members)):
            writer.writePropose(base: base, mode: mode, members: members, epoch: epoch)
        case .fromCoordinator(_, _, .synchronise(let base, let syncTo, let members)):
            writer.writeSynchronise(base: base, syncTo: syncTo, members: members, epoch: epoch)
        case .fromCoordinator(_, _, .notify):
            writer.writeMapHeader(count: 1)
            writer.writeEpoch(epoch)
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
        let outer = try SyncMessageFields<OuterKey>(MessagePackReader(bytes), othersAllowed: false)
        guard try outer.text(.type, is: Self.typeName) else { throw .typeUnknown }
        let name = try outer.reader(.name)
        var phaseReader = try outer.reader(.phase)
        let phase = try reading { () throws(MessagePackError) in try phaseReader.readInteger(Int.self) }
        let data = try SyncMessageFields<DataKey>(outer.reader(.data), othersAllowed: true)
        let epoch = try data.epoch()
        switch phase {
        case 1 where data.has(.currentJob):
            self = .fromMember(try name.workerID(), epoch, .report(currentJob: try data.jobID(.currentJob)))
        case 1:
            let order = Order.propose(
                base: try data.base(below: epoch),
                mode: try data.mode(),
                members: try data.members()
            )
            self = .fromCoordinator(try name.coordinatorID(), epoch, order)
        case 2 where data.has(.ack):
            guard !data.has(.syncTo), !data.has(.members) else { throw .directionUnclear }
            try data.checkAck()
            self = .fromMember(try name.workerID(), epoch, .synchronised)
        case 2:
            let order = Order.synchronise(
                base: try data.base(below: epoch),
                syncTo: try data.jobID(.syncTo),
                members: try data.members()
            )
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

    static let typeName = "sync"
    static let ackText = "ok"
}

extension MessagePackWriter {
    fileprivate mutating func writeEpoch(_ epoch: Epoch) {
        write(SyncMessage.DataKey.epoch.rawValue)
        write(epoch.rawValue)
    }

    fileprivate mutating func writePropose(base: Epoch, mode: ResizeMode, members: [Member], epoch: Epoch) {
        writeMapHeader(count: members.isWeighted ? 5 : 4)
        write(SyncMessage.DataKey.base.rawValue)
        write(base.rawValue)
        write(SyncMessage.DataKey.mode.rawValue)
        write(mode.wireName)
        writeNames(of: members)
        writeEpoch(epoch)
        writeWeights(of: members)
    }

    fileprivate mutating func writeSynchronise(base: Epoch, syncTo: JobID, members: [Member], epoch: Epoch) {
        writeMapHeader(count: members.isWeighted ? 5 : 4)
        write(SyncMessage.DataKey.syncTo.rawValue)
        write(syncTo.rawValue)
        writeNames(of: members)
        write(SyncMessage.DataKey.base.rawValue)
        write(base.rawValue)
        writeEpoch(epoch)
        writeWeights(of: members)
    }

    private mutating func writeNames(of members: [Member]) {
        do {
            try members.checkCanonicalOrder()
        } catch {
            preconditionFailure("\(error)")
        }
        write(SyncMessage.DataKey.members.rawValue)
        writeArrayHeader(count: members.count)
        for member in members { write(member.id.name) }
    }

    private mutating func writeWeights(of members: [Member]) {
        guard members.isWeighted else { return }
        write(SyncMessage.DataKey.weights.rawValue)
        writeArrayHeader(count: members.count)
        for member in members { write(member.weight) }
    }
}

extension Array<Member> {
    fileprivate var isWeighted: Bool { contains { $0.weight != 1 } }
}

extension ResizeMode {
    /// The mode's name on the wire.
    var wireName: String {
        switch self {
        case .handoff: "handoff"
        case .barrier: "barrier"
        }
    }
}
