// The jobs that are ready on an event loop: a ring buffer that grows and never shrinks.

/// A job, and as what it came.
struct ReadyJob {
    let job: UnownedJob
    /// Whether it is part of a task that prefers the loop, rather than of an actor bound to it.
    let isOfPreferringTask: Bool
}

/// A first-in first-out queue of jobs, confined to the loop's thread. O(1), no allocation once it has grown.
final class JobQueue {
    private var storage: UnsafeMutablePointer<ReadyJob>
    private var capacity = 256
    private var head = 0
    private(set) var count = 0

    init() {
        storage = .allocate(capacity: capacity)
    }

    deinit {
        storage.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    func append(_ job: ReadyJob) {
        if count == capacity { grow() }
        (storage + ((head + count) & (capacity - 1))).initialize(to: job)
        count += 1
    }

    func popFirst() -> ReadyJob? {
        guard count > 0 else { return nil }
        let job = (storage + head).move()
        head = (head + 1) & (capacity - 1)
        count -= 1
        return job
    }

    private func grow() {
        let larger = UnsafeMutablePointer<ReadyJob>.allocate(capacity: capacity * 2)
        for index in 0..<count {
            (larger + index).moveInitialize(from: storage + ((head + index) & (capacity - 1)), count: 1)
        }
        storage.deallocate()
        storage = larger
        head = 0
        capacity *= 2
    }
}
