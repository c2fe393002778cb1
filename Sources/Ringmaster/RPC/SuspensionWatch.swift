// Notices that the host was asleep: connections that were open before are then often dead, and nobody has said so.

import RingmasterProtocol

/// Looks once a second whether the host was suspended since the last look: CLOCK_BOOTTIME runs on while it sleeps,
/// CLOCK_MONOTONIC does not. Confined to its loop's thread.
final class SuspensionWatch {
    /// Shorter suspensions do no harm to a connection.
    static let leastNs: Int64 = 2_000_000_000
    private static let intervalNs: Int64 = 1_000_000_000

    private let loop: EventLoop
    private let suspendedNs: () -> Int64
    private var lastSeenNs: Int64
    private var timer: LoopTimer!

    /// - Parameter suspendedNs: For how long the host has been suspended since it started.
    init(loop: EventLoop, suspendedNs: @escaping () -> Int64, wokeUp: @escaping () -> Void) {
        self.loop = loop
        self.suspendedNs = suspendedNs
        lastSeenNs = suspendedNs()
        timer = loop.timer { [unowned self] in
            let seenNs = self.suspendedNs()
            if seenNs - lastSeenNs >= Self.leastNs { wokeUp() }
            lastSeenNs = seenNs
            arm()
        }
        arm()
    }

    private func arm() {
        loop.arm(timer, at: loop.now.adding(nanoseconds: Self.intervalNs))
    }

    func stop() {
        loop.disarm(timer)
    }
}
