// A view of the ring: under which epoch, who is a member and who owns which slot. Coordinators commit and publish
// views, clients route by them, workers serve by them. RingPlan.swift makes the next view from one of these.

/// Who owns which slot, as of an epoch.
///
/// With members every slot has an owner; without members no slot has one. There is one form for one content: members
/// ascend by the bytes of their names, and an owner is an index into them. Copying is O(1).
public struct RingView: Equatable, Sendable {
    /// The number of this view. Of two views the higher epoch holds.
    public let epoch: Epoch
    /// How many slots there are.
    public let size: RingSize
    /// The members, by ascending bytes of their names.
    public let members: [Member]
    /// For each slot the index of its owner in `members`, or `unowned`. This is how a view travels.
    public let ownerIndices: [UInt16]
    /// How many slots each of `members` owns, in the same order.
    public let slotCounts: [Int]

    /// The owner index of a slot that nobody owns.
    public static let unowned = UInt16.max

    /// A ring nobody has joined, where every cluster begins. O(slots).
    public init(epoch: Epoch = .zero, size: RingSize = .standard) {
        self.epoch = epoch
        self.size = size
        members = []
        ownerIndices = Array(repeating: RingView.unowned, count: size.slotCount)
        slotCounts = []
    }

    /// Takes a view that came from a peer or a disk. O(slots + members).
    ///
    /// Whether the slots are shared out evenly is not asked: an uneven view is lawful, and the next plan mends it.
    ///
    /// - Parameters:
    ///   - members: By ascending bytes of their names.
    ///   - ownerIndices: One element a slot, an index into `members`; all of them `unowned` when there are no members.
    /// - Throws: `RingError.ringSizeInvalid`, `.tooManyMembers`, `.memberRepeated`, `.membersOutOfOrder` or
    ///   `.slotOwnerUnknown`.
    public init(epoch: Epoch, members: [Member], ownerIndices: [UInt16]) throws(RingError) {
        size = try RingSize(slotCount: ownerIndices.count)
        try members.checkCanonicalOrder()
        var slotCounts = Array(repeating: 0, count: members.count)
        for (position, owner) in ownerIndices.enumerated() {
            if Int(owner) < members.count {
                slotCounts[Int(owner)] += 1
            } else if !members.isEmpty || owner != RingView.unowned {
                throw .slotOwnerUnknown(slot: Slot(UInt32(position)), ownerIndex: owner)
            }
        }
        self.epoch = epoch
        self.members = members
        self.ownerIndices = ownerIndices
        self.slotCounts = slotCounts
    }
}

// Slots to owners
extension RingView {
    /// The worker that owns a slot: nil when the ring has no members or no such slot. O(1).
    public func owner(of slot: Slot) -> WorkerID? {
        ownerIndex(of: slot).map { members[$0].id }
    }

    /// The worker that owns the slot of a key: nil when the ring has no members. O(1).
    public func owner(of hash: KeyHash) -> WorkerID? {
        owner(of: size.slot(of: hash))
    }

    /// The worker that owns the slot of a key: nil when the ring has no members. O(bytes of the key).
    public func owner(ofKey key: UnsafeRawBufferPointer) -> WorkerID? {
        owner(of: KeyHash(of: key))
    }

    /// The worker that owns the slot of a key: nil when the ring has no members. O(bytes of the key).
    public func owner(ofKey key: RawSpan) -> WorkerID? {
        owner(of: KeyHash(of: key))
    }

    /// The worker that owns the slot of a key, by its UTF-8: nil when the ring has no members. O(bytes of the key).
    public func owner(ofKey key: String) -> WorkerID? {
        owner(of: KeyHash(of: key))
    }

    /// Where the owner of a slot stands in `members`: nil when the ring has no members or no such slot. O(1), and
    /// without the reference counting of a name: for a caller that keeps one connection per member.
    public func ownerIndex(of slot: Slot) -> Int? {
        guard size.contains(slot) else { return nil }
        let owner = ownerIndices[slot.index]
        return owner == RingView.unowned ? nil : Int(owner)
    }
}

// Owners to slots
extension RingView {
    /// Where a worker stands in `members`: nil when it is no member. O(log members).
    public func memberIndex(of worker: WorkerID) -> Int? {
        var low = 0
        var high = members.count
        while low < high {
            let middle = low + (high - low) / 2
            if members[middle].id < worker {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < members.count && members[low].id == worker ? low : nil
    }

    /// How many slots a worker owns: 0 when it is no member. O(log members).
    public func slotCount(of worker: WorkerID) -> Int {
        memberIndex(of: worker).map { slotCounts[$0] } ?? 0
    }

    /// The slots that a worker owns, ascending: none when it is no member. O(slots).
    public func slots(of worker: WorkerID) -> [Slot] {
        guard let member = memberIndex(of: worker) else { return [] }
        var slots: [Slot] = []
        slots.reserveCapacity(slotCounts[member])
        for (position, owner) in ownerIndices.enumerated() where Int(owner) == member {
            slots.append(Slot(UInt32(position)))
        }
        return slots
    }

    /// How full the fullest member is: its slots per weight over the mean slots per weight. 1 is perfectly even; nil
    /// when there are no members. O(members).
    public var balance: Double? {
        let weightTotal = members.reduce(0) { $0 + $1.weight }
        let fullest = zip(members, slotCounts).map { Double($1) / Double($0.weight) }.max()
        return fullest.map { $0 * Double(weightTotal) / Double(size.slotCount) }
    }
}
