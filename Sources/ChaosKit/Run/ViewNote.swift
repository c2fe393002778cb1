// Who owns what after each resize, for those who compute what a victim's keys went through.

import Ringmaster

/// A view as the history's note `view` has it.
struct ViewNote: Codable, Equatable {
    let epoch: UInt64
    let slots: Int
    /// In order: the first slot and the last one of each run of slots with one owner, and the owner's name.
    let owners: [Run]

    struct Run: Codable, Equatable {
        let first: Int
        let last: Int
        let owner: String?
    }

    /// O(slots).
    init(_ view: ClusterView) {
        epoch = view.ring.epoch.rawValue
        slots = view.ring.size.slotCount
        var owners: [Run] = []
        for (slot, index) in view.ring.ownerIndices.enumerated() {
            let owner = index == RingView.unowned ? nil : view.ring.members[Int(index)].id.name
            if let run = owners.last, run.owner == owner {
                owners[owners.count - 1] = Run(first: run.first, last: slot, owner: owner)
            } else {
                owners.append(Run(first: slot, last: slot, owner: owner))
            }
        }
        self.owners = owners
    }
}
