// What tests share: a sum that handlers add to, and a bounded wait.

import Synchronization

/// A sum that many tasks add to.
final class Tally: Sendable {
    private let sum = Atomic(0)

    var value: Int { sum.load(ordering: .sequentiallyConsistent) }

    /// Adds, and returns the sum.
    func add(_ number: Int) -> Int { sum.add(number, ordering: .sequentiallyConsistent).newValue }
}

/// Whether `condition` came to hold within five seconds: for what happens on other threads and sockets.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(5)
    while ContinuousClock.now < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return await condition()
}
