// Who owns what after each resize, for those who compute what a victim's keys went through.

import Ringmaster

/// A view as the history's note `view` has it.
struct ViewNote: Encodable, Equatable {
    let epoch: UInt64
    /// In order, of each run of slots with one owner.
    let owners: [Run]

    struct Run: Equatable {
        let first: Int
        let count: Int
        let owner: String
    }

    /// O(slots).
    init(_ view: ClusterView) {
        epoch = view.ring.epoch.rawValue
        var owners: [Run] = []
        for (slot, index) in view.ring.ownerIndices.enumerated() where index != RingView.unowned {
            let owner = view.ring.members[Int(index)].id.name
            if let run = owners.last, run.owner == owner, run.first + run.count == slot {
                owners[owners.count - 1] = Run(first: run.first, count: run.count + 1, owner: owner)
            } else {
                owners.append(Run(first: slot, count: 1, owner: owner))
            }
        }
        self.owners = owners
    }
}

// In JSON: [first slot, number of slots, owner].
extension ViewNote.Run: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(first)
        try container.encode(count)
        try container.encode(owner)
    }
}
