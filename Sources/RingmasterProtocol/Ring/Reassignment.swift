// The work of a plan: first every slot that may stay with its owner does, then what is left over is handed out.
// Only RingPlan uses it.

/// Owners of slots on their way from an old view to new members.
struct Reassignment {
    /// For each slot the index of its new owner among the new members, so far as it has one.
    private(set) var owners: [UInt16]

    /// The slots that could not stay: those of nobody first, then by former owner, ascending for each.
    private var freed: [Slot] = []
    private let old: RingView
    /// For each old member its index among the new ones, or `RingView.unowned` when it has departed.
    private let newIndices: [UInt16]
    /// For each new member how many more slots it is to get.
    private var room: [Int]

    /// - Parameter members: In the order of their names, each once. O(slots + members log members).
    init(from old: RingView, to members: [Member]) {
        self.old = old
        owners = Array(repeating: RingView.unowned, count: old.size.slotCount)
        newIndices = old.members.indices(in: members)
        var held = Array(repeating: 0, count: members.count)
        for (former, new) in newIndices.enumerated() where new != RingView.unowned {
            held[Int(new)] = old.slotCounts[former]
        }
        room = Apportionment(size: old.size, members: members).shares(held: held)
    }

    /// Leaves each slot with its owner as long as that one has room for it, and frees the others. O(slots + members).
    mutating func keepWithinShares() {
        var freedByOwner: [[Slot]] = Array(repeating: [], count: old.members.count)
        for (position, former) in old.ownerIndices.enumerated() {
            let slot = Slot(UInt32(position))
            guard former != RingView.unowned else {
                freed.append(slot)
                continue
            }
            let owner = newIndices[Int(former)]
            if owner != RingView.unowned, room[Int(owner)] > 0 {
                room[Int(owner)] -= 1
                owners[position] = owner
            } else {
                freedByOwner[Int(former)].append(slot)
            }
        }
        for slots in freedByOwner {
            freed += slots
        }
    }

    /// Gives every freed slot to a member with room, the first by name first. O(freed slots + members).
    mutating func handOutFreedSlots() {
        guard !room.isEmpty else { return }
        // The shares add up to the ring, so the room left over is exactly the slots freed.
        var gainer = 0
        for slot in freed {
            while room[gainer] == 0 { gainer += 1 }
            room[gainer] -= 1
            owners[slot.index] = UInt16(gainer)
        }
    }

    /// The slots whose owner is another now, ascending. O(slots).
    var changedSlots: [Slot] {
        owners.indices.lazy.filter(hasChanged).map { Slot(UInt32($0)) }
    }

    private func hasChanged(position: Int) -> Bool {
        let former = old.ownerIndices[position]
        guard former != RingView.unowned else { return owners[position] != RingView.unowned }
        let stayed = newIndices[Int(former)]
        return stayed == RingView.unowned || stayed != owners[position]
    }
}

extension Array<Member> {
    /// For each of these members its index among others, or `RingView.unowned`. Both lists ascend by name, so one
    /// pass over both does it: O(members).
    fileprivate func indices(in others: [Member]) -> [UInt16] {
        var candidate = 0
        return map { member in
            while candidate < others.count, others[candidate].id < member.id { candidate += 1 }
            guard candidate < others.count, others[candidate].id == member.id else { return RingView.unowned }
            return UInt16(candidate)
        }
    }
}
