// Timers of an event loop: a binary heap of re-armable timers, no allocation when one is armed again.

/// A timer that runs a closure on its loop's thread. Made once and armed as often as wanted; belongs to that thread.
public final class LoopTimer {
    fileprivate(set) var deadline: MonotonicTime = .distantFuture
    fileprivate var position = -1
    let action: () -> Void

    /// Makes a timer that is not armed. `action` runs on the loop's thread.
    init(_ action: @escaping () -> Void) {
        self.action = action
    }

    /// Whether it is armed.
    var isArmed: Bool { position >= 0 }
}

/// A binary min-heap by deadline. Arming and disarming O(log n), the earliest O(1).
struct TimerHeap {
    private var timers: [LoopTimer] = []

    var count: Int { timers.count }

    var earliest: MonotonicTime? { timers.first?.deadline }

    /// Arms `timer` for `deadline`, whether or not it was armed.
    mutating func arm(_ timer: LoopTimer, at deadline: MonotonicTime) {
        let earlier = deadline < timer.deadline
        timer.deadline = deadline
        if timer.position < 0 {
            timer.position = timers.count
            timers.append(timer)
            siftUp(timer.position)
        } else if earlier {
            siftUp(timer.position)
        } else {
            siftDown(timer.position)
        }
    }

    /// Disarms `timer`; nothing happens where it is not armed.
    mutating func disarm(_ timer: LoopTimer) {
        let position = timer.position
        guard position >= 0 else { return }
        let last = timers.removeLast()
        timer.position = -1
        timer.deadline = .distantFuture
        guard last !== timer else { return }
        timers[position] = last
        last.position = position
        siftUp(position)
        siftDown(last.position)
    }

    /// Takes the earliest timer that is due at `now`; nil where none is.
    mutating func popDue(at now: MonotonicTime) -> LoopTimer? {
        guard let first = timers.first, first.deadline <= now else { return nil }
        disarm(first)
        return first
    }

    private mutating func siftUp(_ start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard timers[position].deadline < timers[parent].deadline else { return }
            swap(position, parent)
            position = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var position = start
        while true {
            var least = position
            for child in (2 * position + 1)...(2 * position + 2) where child < timers.count {
                if timers[child].deadline < timers[least].deadline { least = child }
            }
            guard least != position else { return }
            swap(position, least)
            position = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        timers.swapAt(left, right)
        timers[left].position = left
        timers[right].position = right
    }
}
