// The states of the keys that a worker owns, and the work that is under way on some of them.

import DequeModule
import Glibc
import RingmasterProtocol

/// A key that a worker holds, with its committed state. Confined to the loop's thread.
final class HeldKey {
    let key: [UInt8]
    let hash: KeyHash
    let slot: Slot
    /// As committed; 0 where the key was never written.
    @exclusivity(unchecked) var version: UInt64 = 0
    @exclusivity(unchecked) var state: [UInt8]?
    /// What is under way on it, if anything is.
    @exclusivity(unchecked) fileprivate(set) var work: KeyWork?

    fileprivate init(_ key: UnsafeRawBufferPointer, _ hash: KeyHash, in slot: Slot) {
        self.key = Array(key)
        self.hash = hash
        self.slot = slot
    }

    @inline(__always)
    fileprivate func isNamed(_ name: UnsafeRawBufferPointer, _ hash: KeyHash) -> Bool {
        self.hash == hash
            && key.withUnsafeBytes {
                $0.count == name.count && (name.isEmpty || memcmp($0.baseAddress!, name.baseAddress!, name.count) == 0)
            }
    }

    /// Applies a committed change.
    @inline(__always)
    func commit(_ job: WorkerJob) {
        version = job.base + 1
        switch job.change {
        case .unchanged: break
        case .removed: state = nil
        case .bytes(let bytes): state = bytes
        }
    }
}

/// Work under way on a key. Confined to the loop's thread.
///
/// Jobs of one key run one after the other, each on the state that the one before left, ahead of the commit. When a delta is
/// refused, what ran on top of it is void: the key is stale, and once nothing of it is in flight, its state is fetched anew
/// and the void jobs run again, in their order.
final class KeyWork {
    @exclusivity(unchecked) fileprivate(set) var key: HeldKey
    /// As of the last job that ran here, committed or not.
    @exclusivity(unchecked) var headVersion: UInt64 = 0
    @exclusivity(unchecked) var head: [UInt8]?
    /// Jobs that are to run.
    @exclusivity(unchecked) var waiting: Deque<WorkerJob> = []
    /// Jobs that have run and are not committed, in order.
    @exclusivity(unchecked) var inFlight: Deque<WorkerJob> = []
    /// Void jobs of a stale key, in order.
    var void: [WorkerJob] = []
    /// Jobs whose replies are looked up before they wait here.
    @exclusivity(unchecked) var lookUps = 0
    @exclusivity(unchecked) var isRunning = false
    @exclusivity(unchecked) var isStale = false
    var isFetching = false
    /// Whether the worker has let go of the key; nothing may come of the work any more.
    @exclusivity(unchecked) fileprivate(set) var isForgotten = false

    fileprivate init(on key: HeldKey) {
        self.key = key
        begin(on: key)
    }

    @inline(__always)
    fileprivate func begin(on key: HeldKey) {
        self.key = key
        headVersion = key.version
        head = key.state
    }

    @inline(__always)
    fileprivate var isIdle: Bool {
        waiting.isEmpty && inFlight.isEmpty && void.isEmpty && lookUps == 0 && !isRunning && !isStale
    }
}

/// The keys that a worker holds, by slot. Confined to the loop's thread.
struct KeyTable {
    /// Of one slot: open addressing with linear probing, a power of two long, at most half full. Keys leave with their slot
    /// only, so nothing is ever removed.
    private struct Shard {
        var count = 0
        var places: [HeldKey?] = []

        @inline(__always)
        func find(_ name: UnsafeRawBufferPointer, _ hash: KeyHash) -> HeldKey? {
            guard !places.isEmpty else { return nil }
            var place = home(of: hash)
            while let key = places[place] {
                if key.isNamed(name, hash) { return key }
                place = (place + 1) & (places.count - 1)
            }
            return nil
        }

        mutating func add(_ key: HeldKey) {
            count += 1
            if 2 * count > places.count {
                let present = places
                places = Array(repeating: nil, count: max(4, 2 * present.count))
                for case let key? in present { file(key) }
            }
            file(key)
        }

        private mutating func file(_ key: HeldKey) {
            var place = home(of: key.hash)
            while places[place] != nil { place = (place + 1) & (places.count - 1) }
            places[place] = key
        }

        // The slot is of the upper bits, the same for every key here.
        private func home(of hash: KeyHash) -> Int { Int(truncatingIfNeeded: hash.rawValue) & (places.count - 1) }
    }

    /// Works that are kept for the next keys, with the memory of their queues.
    private static let idleWorksMax = 4096

    private let size: RingSize
    private var shards: [Shard]
    private var idle: [KeyWork] = []

    init(size: RingSize) {
        self.size = size
        shards = Array(repeating: Shard(), count: size.slotCount)
    }

    /// Keys that are held. O(keys).
    var count: Int { shards.reduce(0) { $0 + $1.places.count { $0.map { $0.version > 0 } ?? false } } }

    /// Where a key lies, from its hash.
    @inline(__always)
    func slot(of hash: KeyHash) -> Slot { size.slot(of: hash) }

    /// The key, if it is known. Expected O(bytes of the key).
    @inline(__always)
    func find(_ name: UnsafeRawBufferPointer, _ hash: KeyHash) -> HeldKey? {
        shards[slot(of: hash).index].find(name, hash)
    }

    /// The key, made as one that was never written where it is not known. Expected O(bytes of the key).
    mutating func key(_ name: UnsafeRawBufferPointer, _ hash: KeyHash) -> HeldKey {
        let slot = slot(of: hash)
        if let key = shards[slot.index].find(name, hash) { return key }
        let key = HeldKey(name, hash, in: slot)
        shards[slot.index].add(key)
        return key
    }

    mutating func store(_ name: UnsafeRawBufferPointer, version: UInt64, state: [UInt8]?) {
        let key = key(name, KeyHash(of: name))
        key.version = version
        key.state = state
    }

    /// The work on a key, begun where nothing is under way.
    mutating func work(on key: HeldKey) -> KeyWork {
        if let work = key.work { return work }
        let work: KeyWork
        if let used = idle.popLast() {
            work = used
            work.begin(on: key)
        } else {
            work = KeyWork(on: key)
        }
        key.work = work
        return work
    }

    /// Ends the work if nothing is under way.
    @inline(__always)
    mutating func settle(_ work: KeyWork) {
        guard work.isIdle, !work.isForgotten, work.key.work === work else { return }
        work.key.work = nil
        work.head = nil
        if idle.count < Self.idleWorksMax { idle.append(work) }
    }

    /// Lets go of the keys of a slot, whatever is under way on them.
    mutating func drop(_ slot: Slot) {
        for case let key? in shards[slot.index].places { forget(key) }
        shards[slot.index] = Shard()
    }

    /// Lets go of everything.
    mutating func removeAll() {
        for index in shards.indices where shards[index].count > 0 { drop(Slot(UInt32(index))) }
    }

    private func forget(_ key: HeldKey) {
        key.work?.isForgotten = true
        key.work = nil
    }
}
