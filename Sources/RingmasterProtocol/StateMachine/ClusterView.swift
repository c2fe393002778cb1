// The committed view with what is needed to reach its members: what coordinators publish, clients route by and workers
// serve by.

/// A view of the ring, and a record of each of its members.
public struct ClusterView: Equatable, Sendable {
    /// Who owns which slot, as of which epoch.
    public let ring: RingView
    /// The members in the order of `ring.members`.
    public let members: [MemberRecord]

    /// A cluster that nobody has joined. O(slots).
    public init(size: RingSize = .standard) {
        ring = RingView(size: size)
        members = []
    }

    /// - Precondition: The records are of the ring's members, in their order.
    public init(ring: RingView, members: [MemberRecord]) {
        precondition(members.map(\.member) == ring.members, "a view has one record for each member of its ring")
        self.ring = ring
        self.members = members
    }

    /// The record of the member that owns a slot: nil when nobody does. O(1).
    public func owner(of slot: Slot) -> MemberRecord? {
        ring.ownerIndex(of: slot).map { members[$0] }
    }
}

// On the wire: [epoch: uint, [member...], owners: bin], where owners has 16 bits, big-endian, for each slot: an index
// into the members, or 0xffff for nobody.
extension ClusterView {
    /// The view as MessagePack. O(slots + members).
    public func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 2 * ring.size.slotCount + 64 * members.count + 32)
        writer.write(self)
        return writer.bytes
    }

    /// Reads a view that fills the bytes. O(bytes).
    /// - Throws: `CommandError`: what is wrong with it. The sender made the mistake, or the bytes are damaged.
    public init(decoding bytes: [UInt8]) throws(CommandError) {
        self = try bytes.span.bytes.withUnsafeBytes { bytes throws(CommandError) in try ClusterView(decoding: bytes) }
    }

    /// Reads a view that fills the bytes; see `init(decoding:)` of an array. The bytes are used only during the call.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var reader = MessagePackReader(bytes)
        self = try reader.readClusterView()
        try reader.end()
    }
}

extension MessagePackWriter {
    mutating func write(_ view: ClusterView) {
        writeArrayHeader(count: 3)
        write(view.ring.epoch.rawValue)
        write(view.members)
        // A closure: a key path of a number is looked up anew for each slot.
        view.ring.ownerIndices.map { $0.bigEndian }.withUnsafeBytes { writeBinary($0) }
    }
}

extension MessagePackReader {
    mutating func readClusterView() throws(CommandError) -> ClusterView {
        try arrayHeader(of: 3)
        let epoch = try epoch()
        let members = try readMembers()
        let owners = try binary()
        guard owners.count.isMultiple(of: 2) else { throw .ring(.ringSizeInvalid(slotCount: owners.count / 2)) }
        guard owners.count / 2 <= RingLimits.slotsMax else {
            throw .ring(.ringSizeInvalid(slotCount: owners.count / 2))
        }
        let ownerIndices = (0..<owners.count / 2).map {
            UInt16(bigEndian: owners.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
        }
        do {
            let ring = try RingView(epoch: epoch, members: members.map(\.member), ownerIndices: ownerIndices)
            return ClusterView(ring: ring, members: members)
        } catch {
            throw .ring(error)
        }
    }
}
