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

    private let nodes: UnsafeMutablePointer<Node>
    private let heads: UnsafeMutablePointer<Int32>
    private let capacity: Int
    private var passed: Int64
    private(set) var count = 0

    init(capacity: Int, now: MonotonicTime) {
        precondition(capacity > 0 && capacity <= Int(Int32.max), "a wheel holds 1 to 2^31 - 1 slots")
        self.capacity = capacity
        nodes = .allocate(capacity: capacity)
        nodes.initialize(repeating: Node(tick: -1, previous: Self.none, next: Self.none), count: capacity)
        heads = .allocate(capacity: Self.bucketCount)
        heads.initialize(repeating: Self.none, count: Self.bucketCount)
        passed = now.nanoseconds / Self.tickNs
    }

    deinit {
        nodes.deallocate()
        heads.deallocate()
    }

    /// Sets the deadline of `slot`, which may have one. It fires at the first tick that is not before `deadline`.
    mutating func set(_ slot: Int, to deadline: MonotonicTime) {
        precondition(slot >= 0 && slot < capacity, "no such slot")
        if nodes[slot].tick >= 0 { unlink(slot) }
        let ns = deadline.nanoseconds
        let due = ns / Self.tickNs + (ns % Self.tickNs > 0 ? 1 : 0)
        let tick = max(due, passed + 1)
        let bucket = Int(tick) & (Self.bucketCount - 1)
        let head = heads[bucket]
        nodes[slot] = Node(tick: tick, previous: Self.none, next: head)
        if head >= 0 { nodes[Int(head)].previous = Int32(slot) }
        heads[bucket] = Int32(slot)
        count += 1
    }

    /// Clears the deadline of `slot`; nothing happens where it has none.
    mutating func clear(_ slot: Int) {
        precondition(slot >= 0 && slot < capacity, "no such slot")
        guard nodes[slot].tick >= 0 else { return }
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
            var slot = heads[Int(tick) & (Self.bucketCount - 1)]
            while slot >= 0 {
                let index = Int(slot)
                let next = nodes[index].next
                if nodes[index].tick <= target {
                    unlink(index)
                    expired(&self, index)
                    // The callback may have changed the bucket behind this entry: begin it again.
                    slot = heads[Int(tick) & (Self.bucketCount - 1)]
                } else {
                    slot = next
                }
            }
        }
    }

    /// When the next tick falls due; nil where no deadline is set.
    var nextTick: MonotonicTime? {
        count > 0 ? MonotonicTime(nanoseconds: (passed + 1) * Self.tickNs) : nil
    }

    private mutating func unlink(_ slot: Int) {
        let node = nodes[slot]
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            heads[Int(node.tick) & (Self.bucketCount - 1)] = node.next
        }
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
        nodes[slot].tick = -1
        count -= 1
    }
}
