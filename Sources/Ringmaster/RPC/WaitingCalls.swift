// Calls that wait for room in a client's window.

import DequeModule

/// A first-in first-out queue of calls, from which any may be ended early: one that has ended is passed over. O(1)
/// amortised. Confined to the loop's thread.
struct WaitingCalls {
    private var order: Deque<SubmittedCall> = []
    /// How many of them still wait.
    private(set) var count = 0

    mutating func append(_ call: SubmittedCall) {
        order.append(call)
        count += 1
    }

    /// Takes the call that has waited longest.
    mutating func popFirst() -> SubmittedCall? {
        while let call = order.popFirst() {
            guard call.continuation != nil else { continue }
            count -= 1
            return call
        }
        return nil
    }

    /// Notes that a call was ended where it stands.
    mutating func ended() {
        count -= 1
        // Those that have ended must not pile up behind one that stays.
        if order.count > 64, order.count > 2 * count { order.removeAll { $0.continuation == nil } }
    }
}
