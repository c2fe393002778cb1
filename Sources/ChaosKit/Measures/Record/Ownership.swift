// Who owned which slot, and when: from the notes "view" of a history.

import RingmasterProtocol

/// The owners of all slots under one epoch.
public struct OwnershipView: Sendable, Equatable {
    public let epoch: Epoch
    /// From when on it held: when its round was committed, or where the history does not tell, when it was noted.
    public internal(set) var timeNs: Int64
    /// For each slot the place of its owner in `workers`; -1 for none.
    public let owners: [Int16]
    /// Ascending.
    public let workers: [String]

    /// - Parameter ranges: First slot, number of slots, owner.
    init?(epoch: Epoch, timeNs: Int64, ranges: [(first: Int, count: Int, worker: String)]) {
        let slotCount = ranges.map { $0.first + $0.count }.max() ?? 0
        guard ranges.allSatisfy({ $0.first >= 0 && $0.count > 0 }), (try? RingSize(slotCount: slotCount)) != nil
        else { return nil }
        self.epoch = epoch
        self.timeNs = timeNs
        let workers = Set(ranges.map(\.worker)).sorted()
        guard workers.count <= Int(Int16.max) else { return nil }
        var owners = [Int16](repeating: -1, count: slotCount)
        for (first, count, worker) in ranges {
            let place = Int16(workers.partitionPoint { $0 >= worker })
            for slot in first..<first + count { owners[slot] = place }
        }
        self.owners = owners
        self.workers = workers
    }

    func owner(ofSlot slot: Int) -> String? {
        slot < owners.count && owners[slot] >= 0 ? workers[Int(owners[slot])] : nil
    }

    /// For each slot whether one of some workers owned it.
    func slots(of names: Set<String>) -> [Bool] {
        let own = workers.map(names.contains)
        return owners.map { $0 >= 0 && own[Int($0)] }
    }

    /// For each slot whether it has another owner than in an earlier view.
    func movedSlots(since earlier: OwnershipView) -> [Bool] {
        owners.indices.map { owner(ofSlot: $0) != earlier.owner(ofSlot: $0) }
    }
}

/// The views of a run by ascending epoch.
public struct Ownership: Sendable {
    public let views: [OwnershipView]
    /// The slot of each key, by its place among the history's keys. Empty where there is no view.
    let slotOfKey: [Int32]

    init(_ views: [OwnershipView], keys: [HistoryName], committedNs: [Epoch: Int64]) {
        // All views of a run are of one ring.
        let slotCount = views.first?.owners.count ?? 0
        var byEpoch: [Epoch: OwnershipView] = [:]
        for view in views where view.owners.count == slotCount {
            var view = view
            view.timeNs = min(view.timeNs, committedNs[view.epoch] ?? .max, byEpoch[view.epoch]?.timeNs ?? .max)
            byEpoch[view.epoch] = view
        }
        self.views = byEpoch.values.sorted { $0.epoch < $1.epoch }
        if let size = try? RingSize(slotCount: slotCount) {
            slotOfKey = keys.map { Int32(size.slot(of: KeyHash(of: $0.description)).index) }
        } else {
            slotOfKey = []
        }
    }

    /// The view that held at a time: of those that held by then, the one of the highest epoch. O(views).
    func view(at timeNs: Int64) -> OwnershipView? {
        views.last { $0.timeNs <= timeNs }
    }

    func view(of epoch: Epoch) -> OwnershipView? {
        views.first { $0.epoch == epoch }
    }

    func view(before epoch: Epoch) -> OwnershipView? {
        views.last { $0.epoch < epoch }
    }

    /// Everybody who ever owned a slot.
    var everyWorker: Set<String> { Set(views.flatMap(\.workers)) }
}
