// The states of the keys that a worker owns, and the work that is under way on some of them.

import DequeModule
import RingmasterProtocol

/// A key with work under way. Confined to the loop's thread.
///
/// Jobs of one key run one after the other, each on the state that the one before left, ahead of the commit. When a delta is
/// refused, what ran on top of it is void: the entry is stale, and once nothing of it is in flight, its state is fetched anew
/// and the void jobs run again, in their order.
final class KeyEntry {
    let key: [UInt8]
    let slot: Slot
    /// As of the last job that ran here, committed or not.
    var headVersion: UInt64
    var head: [UInt8]?
    /// Jobs that are to run.
    var waiting: Deque<WorkerJob> = []
    /// Jobs that have run and are not committed, in order.
    var inFlight: Deque<WorkerJob> = []
    /// Void jobs of a stale entry, in order.
    var void: [WorkerJob] = []
    var isRunning = false
    var isStale = false
    var isFetching = false

    init(key: [UInt8], slot: Slot, version: UInt64, state: [UInt8]?) {
        self.key = key
        self.slot = slot
        headVersion = version
        head = state
    }

    var isIdle: Bool { waiting.isEmpty && inFlight.isEmpty && void.isEmpty && !isRunning && !isStale }
}

/// The committed states by slot, and the keys with work. Confined to the loop's thread.
struct KeyTable {
    struct Stored {
        var version: UInt64
        var state: [UInt8]?
    }

    private var shards: [[[UInt8]: Stored]]
    private(set) var entries: [[UInt8]: KeyEntry] = [:]

    init(size: RingSize) {
        shards = Array(repeating: [:], count: size.slotCount)
    }

    /// Keys that are held.
    var count: Int { shards.reduce(0) { $0 + $1.count } }

    /// The committed state of a key; version 0 where it was never written.
    func stored(_ key: [UInt8], in slot: Slot) -> Stored {
        shards[slot.index][key] ?? Stored(version: 0, state: nil)
    }

    mutating func store(_ key: [UInt8], in slot: Slot, version: UInt64, state: [UInt8]?) {
        shards[slot.index][key] = Stored(version: version, state: state)
    }

    /// Applies a committed change.
    mutating func commit(_ job: WorkerJob) {
        let version = job.base + 1
        switch job.state {
        case .unchanged: shards[job.slot.index][job.request.key, default: Stored(version: 0)].version = version
        case .removed: store(job.request.key, in: job.slot, version: version, state: nil)
        case .bytes(let bytes): store(job.request.key, in: job.slot, version: version, state: bytes)
        }
    }

    /// The entry of a key, made where it has none.
    mutating func entry(_ key: [UInt8], in slot: Slot) -> KeyEntry {
        if let entry = entries[key] { return entry }
        let stored = stored(key, in: slot)
        let entry = KeyEntry(key: key, slot: slot, version: stored.version, state: stored.state)
        entries[key] = entry
        return entry
    }

    /// Forgets the entry if nothing is under way on it.
    mutating func settle(_ entry: KeyEntry) {
        if entry.isIdle { entries[entry.key] = nil }
    }

    /// Forgets an entry whatever is under way on it.
    mutating func forget(_ entry: KeyEntry) {
        entries[entry.key] = nil
    }

    mutating func drop(_ slot: Slot) {
        shards[slot.index] = [:]
    }

    /// Forgets everything, and gives the entries that had work.
    mutating func removeAll() -> [KeyEntry] {
        let work = Array(entries.values)
        entries = [:]
        for index in shards.indices where !shards[index].isEmpty { shards[index] = [:] }
        return work
    }
}
