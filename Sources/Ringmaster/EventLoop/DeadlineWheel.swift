// A hashed timing wheel for the deadlines of requests in flight: one entry a slot of the in-flight table.
//
// Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), scheme 6.

/// Deadlines of the slots 0..<capacity, at most one each, to a resolution of one tick. Setting, moving and clearing one
/// is O(1) and allocates nothing; passing a tick costs the entries of one bucket.
struct DeadlineWheel: ~Copyable {
    /// One tick. Request deadlines are promises of milliseconds, not of microseconds.
    static let tickNs: Int64 = 1_000_000

    private struct Node {
        var tick: Int64
        var previous: Int32
        var next: Int32
    }

    private static let none: Int32 = -1
    private static let bucketCount = 1024
    /// The tick of a slot without a deadline.
    private static let unset: Int64 = -1
    /// The tick of a slot that expires in the present `advance` and has not been reported yet. Those have a list of
    /// their own, so that a callback may set or clear any slot.
    private static let expiring: Int64 = -2

    private var nodes: UnsafeMutablePointer<Node>
    private let heads: UnsafeMutablePointer<Int32>
    private var capacity: Int
    private var passed: Int64
    private(set) var count = 0

    init(capacity: Int, now: MonotonicTime) {
        precondition(capacity > 0 && capacity <= Int(Int32.max), "a wheel holds 1 to 2^31 - 1 slots")
        self.capacity = capacity
        nodes = .allocate(capacity: capacity)
        nodes.initialize(repeating: Node(tick: Self.unset, previous: Self.none, next: Self.none), count: capacity)
        heads = .allocate(capacity: Self.bucketCount + 1)
        heads.initialize(repeating: Self.none, count: Self.bucketCount + 1)
        passed = now.nanoseconds / Self.tickNs
    }

    deinit {
        nodes.deallocate()
        heads.deallocate()
    }

    /// Takes more slots; a deadline stays with its slot, whose number becomes what `renumber` says. Not inside of `advance`.
    /// O(slots).
    mutating func grow(to capacity: Int, renumber: (Int) -> Int) {
        precondition(capacity >= self.capacity && capacity <= Int(Int32.max), "a wheel grows to 2^31 - 1 slots at most")
        let former = (nodes: nodes, capacity: self.capacity)
        self.capacity = capacity
        nodes = .allocate(capacity: capacity)
        nodes.initialize(repeating: Node(tick: Self.unset, previous: Self.none, next: Self.none), count: capacity)
        heads.update(repeating: Self.none, count: Self.bucketCount + 1)
        count = 0
        for slot in 0..<former.capacity where former.nodes[slot].tick != Self.unset {
            precondition(former.nodes[slot].tick != Self.expiring, "a wheel does not grow while it advances")
            link(renumber(slot), tick: former.nodes[slot].tick)
        }
        former.nodes.deallocate()
    }

    /// Sets the deadline of `slot`, which may have one. It fires at the first tick that is not before `deadline`.
    @inline(__always)
    mutating func set(_ slot: Int, to deadline: MonotonicTime) {
        precondition(slot >= 0 && slot < capacity, "no such slot")
        if nodes[slot].tick != Self.unset { unlink(slot) }
        let ns = deadline.nanoseconds
        let due = ns / Self.tickNs + (ns % Self.tickNs > 0 ? 1 : 0)
        link(slot, tick: max(due, passed + 1))
    }

    /// Clears the deadline of `slot`; nothing happens where it has none.
    @inline(__always)
    mutating func clear(_ slot: Int) {
        precondition(slot >= 0 && slot < capacity, "no such slot")
        guard nodes[slot].tick != Self.unset else { return }
        unlink(slot)
    }

    /// Passes the ticks up to `now` and reports each slot whose deadline they held; its deadline is cleared first, so
    /// that `expired` may set a new one.
    mutating func advance(to now: MonotonicTime, expired: (inout DeadlineWheel, Int) -> Void) {
        let target = now.nanoseconds / Self.tickNs
        guard target > passed else { return }
        // After a long pause each bucket is visited once, not once a tick.
        let first = max(passed + 1, target - Int64(Self.bucketCount) + 1)
        passed = target
        guard count > 0 else { return }
        for tick in first...target {
            var slot = heads[Self.bucket(of: tick)]
            while slot >= 0 {
                let index = Int(slot)
                slot = nodes[index].next
                guard nodes[index].tick <= target else { continue }
                unlink(index)
                link(index, tick: Self.expiring)
            }
            while heads[Self.bucketCount] >= 0 {
                let index = Int(heads[Self.bucketCount])
                unlink(index)
                expired(&self, index)
            }
        }
    }

    /// A time before which no deadline fires, at most one turn of the wheel ahead; nil where none is set. O(buckets).
    var earliestBound: MonotonicTime? {
        guard count > 0 else { return nil }
        for tick in (passed + 1)...(passed + Int64(Self.bucketCount))
        where heads[Int(tick) & (Self.bucketCount - 1)] >= 0 {
            return MonotonicTime(nanoseconds: tick * Self.tickNs)
        }
        preconditionFailure("a deadline is in no bucket")
    }

    private static func bucket(of tick: Int64) -> Int {
        tick == expiring ? bucketCount : Int(tick) & (bucketCount - 1)
    }

    private mutating func link(_ slot: Int, tick: Int64) {
        let bucket = Self.bucket(of: tick)
        let head = heads[bucket]
        nodes[slot] = Node(tick: tick, previous: Self.none, next: head)
        if head >= 0 { nodes[Int(head)].previous = Int32(slot) }
        heads[bucket] = Int32(slot)
        count += 1
    }

    private mutating func unlink(_ slot: Int) {
        let node = nodes[slot]
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            heads[Self.bucket(of: node.tick)] = node.next
        }
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
        nodes[slot].tick = Self.unset
        count -= 1
    }
}
