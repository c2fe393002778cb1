// The time of a simulation: it stands still while anything runs, and leaps from one event to the next.

import HeapModule

/// The events that are to come, in order of their times and, at one time, of their making. One thread.
final class VirtualTime {
    /// Where an event stands in the order, and where its action lies. Plain numbers: a heap moves its items again and again.
    private struct Place: Comparable {
        let atNs: Int64
        let number: UInt64
        let action: Int32

        @inline(__always)
        static func < (left: Place, right: Place) -> Bool {
            left.atNs != right.atNs ? left.atNs < right.atNs : left.number < right.number
        }

        static func == (left: Place, right: Place) -> Bool { left.number == right.number }
    }

    /// Nanoseconds since the simulation began.
    @exclusivity(unchecked) private(set) var nowNs: Int64 = 0
    @exclusivity(unchecked) private var places = Heap<Place>()
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
        places.insert(Place(atNs: max(atNs, nowNs), number: eventCount, action: index))
    }

    func after(_ ns: Int64, _ action: @escaping () -> Void) {
        at(nowNs + ns, action)
    }

    /// Does what is next, if it is due by `limitNs`; else goes on to that time.
    /// - Returns: whether anything was done.
    func step(until limitNs: Int64) -> Bool {
        guard let next = places.min, next.atNs <= limitNs else {
            nowNs = max(nowNs, limitNs)
            return false
        }
        places.removeMin()
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
}
