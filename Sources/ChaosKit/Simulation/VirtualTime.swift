// The time of a simulation: it stands still while anything runs, and leaps from one event to the next.

import HeapModule

/// The events that are to come, in order of their times and, at one time, of their making. One thread.
final class VirtualTime {
    private struct Event: Comparable {
        let atNs: Int64
        let number: UInt64
        let action: () -> Void

        static func < (left: Event, right: Event) -> Bool {
            (left.atNs, left.number) < (right.atNs, right.number)
        }

        static func == (left: Event, right: Event) -> Bool { left.number == right.number }
    }

    /// Nanoseconds since the simulation began.
    private(set) var nowNs: Int64 = 0
    private var events = Heap<Event>()
    private(set) var eventCount: UInt64 = 0

    /// Has `action` done at `atNs`, or now if that is over. O(log events).
    func at(_ atNs: Int64, _ action: @escaping () -> Void) {
        eventCount += 1
        events.insert(Event(atNs: max(atNs, nowNs), number: eventCount, action: action))
    }

    func after(_ ns: Int64, _ action: @escaping () -> Void) {
        at(nowNs + ns, action)
    }

    /// Does what is next, if it is due by `limitNs`; else goes on to that time.
    /// - Returns: whether anything was done.
    func step(until limitNs: Int64) -> Bool {
        guard let next = events.min, next.atNs <= limitNs else {
            nowNs = max(nowNs, limitNs)
            return false
        }
        events.removeMin()
        nowNs = next.atNs
        next.action()
        return true
    }

    /// Forgets what was to come.
    func clear() {
        events = []
    }
}
