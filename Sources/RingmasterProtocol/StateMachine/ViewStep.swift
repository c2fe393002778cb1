// From one view to the next: what coordinators send to those who have the one, where the whole of the next would be many times as
// much. A resize changes few members and, with many of them, few slots.

/// What is other in a view than in the one before.
///
/// A step from a view to itself is an announcement: it tells which epoch is in force, and whoever has an older view asks for this one.
public struct ViewStep: Equatable, Sendable {
    struct Change: Equatable, Sendable {
        let slot: UInt32
        /// Among the members of the new view.
        let owner: UInt16
    }

    /// The view that it starts from.
    public let base: Epoch
    /// The view that it leads to.
    public let epoch: Epoch
    /// Who is a member no more.
    let departed: [WorkerID]
    /// Members that are new, or not as they were, by ascending name.
    let records: [MemberRecord]
    /// Slots whose owner has another name now, ascending.
    let changes: [Change]
    /// Of the new view's encoding: a step that leads elsewhere is found out.
    let check: UInt64

    /// Compares two views. O(slots + members log members).
    /// - Precondition: They are of one size, and the new one is not older.
    public init(from old: ClusterView, to new: ClusterView) {
        precondition(old.ring.size == new.ring.size, "a ring keeps its size")
        precondition(old.ring.epoch <= new.ring.epoch, "views only become newer")
        base = old.ring.epoch
        epoch = new.ring.epoch
        departed = old.members.map(\.member.id).filter { new.ring.memberIndex(of: $0) == nil }
        records = new.members.filter { record in
            old.ring.memberIndex(of: record.member.id).map { old.members[$0] != record } ?? true
        }
        let inherited = old.owners(among: new.members)
        changes = new.ring.ownerIndices.indices
            .filter { new.ring.ownerIndices[$0] != inherited[$0] }
            .map { Change(slot: UInt32($0), owner: new.ring.ownerIndices[$0]) }
        check = new.check
    }

    private init(
        base: Epoch,
        epoch: Epoch,
        departed: [WorkerID],
        records: [MemberRecord],
        changes: [Change],
        check: UInt64
    ) {
        self.base = base
        self.epoch = epoch
        self.departed = departed
        self.records = records
        self.changes = changes
        self.check = check
    }

    /// The new view, from the one that the step starts from; nil: that is another one. O(slots + members log members).
    /// - Throws: `CommandError`: it does not lead from this view to the one that it was made for. The whole view is to be asked for.
    public func applied(to old: ClusterView) throws(CommandError) -> ClusterView? {
        guard old.ring.epoch == base else { return nil }
        let replaced = Set(departed).union(records.map(\.member.id))
        let kept = old.members.filter { !replaced.contains($0.member.id) }
        let members = (kept + records).sorted { $0.member.id < $1.member.id }
        var owners = old.owners(among: members)
        for change in changes {
            guard Int(change.slot) < owners.count else { throw .inconsistent(offset: 0) }
            owners[Int(change.slot)] = change.owner
        }
        let view: ClusterView
        do {
            let ring = try RingView(epoch: epoch, members: members.map(\.member), ownerIndices: owners)
            view = ClusterView(ring: ring, members: members)
        } catch {
            throw .ring(error)
        }
        guard view.check == check else { throw .hashMismatch(expected: check, found: view.check) }
        return view
    }
}

extension ClusterView {
    /// The hash of its encoding. O(slots + members).
    fileprivate var check: UInt64 { encoded().withUnsafeBytes { KeyHash(of: $0).rawValue } }

    /// For each slot where its owner, by name, stands among other members. O(slots + members).
    /// - Parameter others: By ascending name.
    fileprivate func owners(among others: [MemberRecord]) -> [UInt16] {
        var candidate = 0
        let places = members.map { record in
            while candidate < others.count, others[candidate].member.id < record.member.id { candidate += 1 }
            guard candidate < others.count, others[candidate].member.id == record.member.id else {
                return RingView.unowned
            }
            return UInt16(candidate)
        }
        return ring.ownerIndices.map { $0 == RingView.unowned ? $0 : places[Int($0)] }
    }
}

// On the wire: [base: uint, epoch: uint, [name of who departed...], [member...], changes: bin, check: uint], where changes has 48
// bits, big-endian, for each slot: 32 of the slot, and 16 of its owner's index into the new view's members, or 0xffff.
extension ViewStep {
    private static let changeBytes = 6

    /// The step as MessagePack. O(bytes).
    public func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: Self.changeBytes * changes.count + 64 * records.count + 64)
        writer.writeArrayHeader(count: 6)
        writer.write(base.rawValue)
        writer.write(epoch.rawValue)
        writer.writeArrayHeader(count: departed.count)
        for worker in departed { writer.write(worker.name) }
        writer.write(records)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.changeBytes * changes.count)
        for change in changes {
            withUnsafeBytes(of: change.slot.bigEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: change.owner.bigEndian) { bytes.append(contentsOf: $0) }
        }
        writer.writeBinary(bytes)
        writer.write(check)
        return writer.bytes
    }

    /// Reads a step that fills the bytes, which are used only during the call. O(bytes).
    /// - Throws: `CommandError`: what is wrong with it. The sender made the mistake, or the bytes are damaged.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var reader = MessagePackReader(bytes)
        try reader.arrayHeader(of: 6)
        let (base, epoch) = (try reader.epoch(), try reader.epoch())
        let count = try reader.arrayHeader()
        guard count <= RingLimits.membersMax else { throw .ring(.tooManyMembers(count: count)) }
        var departed: [WorkerID] = []
        for _ in 0..<count { departed.append(try reader.workerName()) }
        let records = try reader.readMembers()
        let changes = try Self.changes(try reader.binary())
        let check = try reader.number()
        try reader.end()
        self.init(base: base, epoch: epoch, departed: departed, records: records, changes: changes, check: check)
    }

    private static func changes(_ bytes: UnsafeRawBufferPointer) throws(CommandError) -> [Change] {
        guard bytes.count.isMultiple(of: changeBytes), bytes.count / changeBytes <= RingLimits.slotsMax else {
            throw .inconsistent(offset: 0)
        }
        return (0..<bytes.count / changeBytes).map { place in
            let at = place * changeBytes
            return Change(
                slot: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)),
                owner: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt16.self))
            )
        }
    }
}
