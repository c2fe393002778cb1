// Rings as text, for the tests of the plan: one letter a slot, the owner's name, "." for nobody.

import RingmasterProtocol

/// Reads members such as "a b*2 c": names, with weights where they are not 1.
func members(_ text: String) throws -> [Member] {
    try text.split(separator: " ").map { word in
        let parts = word.split(separator: "*")
        return try Member(WorkerID(validating: String(parts[0])), weight: parts.count > 1 ? Int(parts[1])! : 1)
    }
}

extension RingView {
    /// A view laid out as in the text; its members are the owners and anybody else who is named.
    init(layout: String, members others: String = "", epoch: Epoch = Epoch(1)) throws {
        let names = Set(layout.filter { $0 != "." }.map(String.init) + others.split(separator: " ").map(String.init))
        let members = try names.map { Member(try WorkerID(validating: $0)) }.sorted { $0.id < $1.id }
        let owners = layout.map { letter in
            members.firstIndex { $0.id.name == String(letter) }.map { UInt16($0) } ?? RingView.unowned
        }
        try self.init(epoch: epoch, members: members, ownerIndices: owners)
    }

    /// The view as text.
    var layout: String {
        (0..<size.slotCount).map { owner(of: Slot(UInt32($0)))?.name ?? "." }.joined()
    }
}

extension RingPlan {
    /// What is wrong with this plan as a way from the old view to the members: nil if nothing is. It asks for lawful
    /// shares, for moves that are exactly the difference of the two views, and for no more of them than need be.
    func violation(from old: RingView, to members: [Member]) -> String? {
        guard view.members == members.sorted(by: { $0.id < $1.id }) else { return "members \(view.members)" }
        let weightTotal = members.reduce(0) { $0 + $1.weight }
        for (member, slotCount) in zip(view.members, view.slotCounts) {
            // In units of 1 / total weight: a share is lawful when it is less than one slot away from its quota.
            let excess = slotCount * weightTotal - view.size.slotCount * member.weight
            guard abs(excess) < weightTotal else { return "\(member) has \(slotCount) slots" }
        }
        var unannounced = Dictionary(uniqueKeysWithValues: moves.map { ($0.slot, $0) })
        for position in 0..<UInt32(view.size.slotCount) {
            let slot = Slot(position)
            let (former, owner) = (old.ownerIndex(of: slot), view.ownerIndex(of: slot))
            let from = former.map { old.members[$0].id }
            let to = owner.map { view.members[$0].id }
            guard to != nil || members.isEmpty else { return "slot \(slot) has no owner" }
            let move = unannounced.removeValue(forKey: slot)
            guard from == to ? move == nil : move?.from == from && move?.to == to else {
                return "slot \(slot) goes from \(from?.name ?? "nobody") to \(to?.name ?? "nobody")"
            }
        }
        guard unannounced.isEmpty else { return "moves \(unannounced.keys) are not on the ring" }
        guard moves.map(\.slot) == moves.map(\.slot).sorted() else { return "moves do not ascend" }
        guard movedSlots == leastPossibleMoves else { return "\(movedSlots) moves instead of \(leastPossibleMoves)" }
        return nil
    }
}
