// The time of a simulation: it stands still while anything runs, and leaps from one event to the next.

/// The events that are to come, in order of their times and, at one time, of their making. One thread.
final class VirtualTime {
    /// Where an event stands in the order, and where its action lies. Plain numbers: a heap moves its items again and again.
    private struct Place {
        let atNs: Int64
        let number: UInt64
        let action: Int32

        @inline(__always)
        static func < (left: Place, right: Place) -> Bool {
            left.atNs != right.atNs ? left.atNs < right.atNs : left.number < right.number
        }
    }

    /// Nanoseconds since the simulation began.
    @exclusivity(unchecked) private(set) var nowNs: Int64 = 0
    /// A binary heap: the next one first.
    @exclusivity(unchecked) private var places: [Place] = []
    @exclusivity(unchecked) private var actions: [(() -> Void)?] = []
    /// Of `actions`, those that are free.
    @exclusivity(unchecked) private var free: [Int32] = []
    @exclusivity(unchecked) private(set) var eventCount: UInt64 = 0

    /// Has `action` done at `atNs`, or now if that is over. O(log events).
    func at(_ atNs: Int64, _ action: @escaping () -> Void) {
        eventCount += 1
        let index: Int32
        if let last = free.popLast() {
            index = last
            actions[Int(index)] = action
        } else {
            index = Int32(actions.count)
            actions.append(action)
        }
        insert(Place(atNs: max(atNs, nowNs), number: eventCount, action: index))
    }

    func after(_ ns: Int64, _ action: @escaping () -> Void) {
        at(nowNs + ns, action)
    }

    /// Does what is next, if it is due by `limitNs`; else goes on to that time.
    /// - Returns: whether anything was done.
    func step(until limitNs: Int64) -> Bool {
        guard let next = places.first, next.atNs <= limitNs else {
            nowNs = max(nowNs, limitNs)
            return false
        }
        removeFirst()
        nowNs = next.atNs
        let action = actions[Int(next.action)].take()
        free.append(next.action)
        action?()
        return true
    }

    /// Forgets what was to come.
    func clear() {
        places = []
        // What an action held may ask for more as it goes.
        let forgotten = actions
        (actions, free) = ([], [])
        _ = forgotten
    }

    // MARK: The heap

    private func insert(_ place: Place) {
        places.append(place)
        places.withUnsafeMutableBufferPointer { heap in
            var at = heap.count - 1
            while at > 0 {
                let parent = (at - 1) / 2
                guard place < heap[parent] else { break }
                heap[at] = heap[parent]
                at = parent
            }
            heap[at] = place
        }
    }

    private func removeFirst() {
        let last = places.removeLast()
        places.withUnsafeMutableBufferPointer { heap in
            guard !heap.isEmpty else { return }
            var at = 0
            while true {
                var child = 2 * at + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < last else { break }
                heap[at] = heap[child]
                at = child
            }
            heap[at] = last
        }
    }
}
