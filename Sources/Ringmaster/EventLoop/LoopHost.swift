// What the host of a loop gives besides sockets and the time: what would make two runs of one program differ.

import CShim
import Dispatch
import Glibc
import RingmasterProtocol

/// The random numbers, the wall clock and the kernel of the host that a loop runs on. A simulation hands in its own; it is
/// asked for where a connection, a session or a life begins, never for each request.
package struct LoopHost: Sendable {
    /// 64 random bits.
    package var randomBits: @Sendable () -> UInt64
    /// Nanoseconds of CLOCK_REALTIME.
    package var wallClockNs: @Sendable () -> UInt64
    /// For how long the host has been suspended since it started.
    package var suspendedNs: @Sendable () -> Int64
    /// Asks the host of an endpoint whether nobody listens there; `then` is called on the loop.
    package var probe: @Sendable (Endpoint, EventLoop, _ then: @escaping @Sendable (Bool) -> Void) -> Void

    package init(
        randomBits: @escaping @Sendable () -> UInt64,
        wallClockNs: @escaping @Sendable () -> UInt64,
        suspendedNs: @escaping @Sendable () -> Int64,
        probe: @escaping @Sendable (Endpoint, EventLoop, _ then: @escaping @Sendable (Bool) -> Void) -> Void
    ) {
        self.randomBits = randomBits
        self.wallClockNs = wallClockNs
        self.suspendedNs = suspendedNs
        self.probe = probe
    }

    /// The machine that this process runs on.
    static let machine = LoopHost(
        randomBits: { .random(in: .min ... .max) },
        wallClockNs: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        },
        suspendedNs: { rm_suspended_ns() },
        probe: { endpoint, loop, then in
            DispatchQueue.global().async {
                let isRefused = DeathProbe.isRefusedAtLast(endpoint)
                loop.post { then(isRefused) }
            }
        }
    )

    /// The host's random numbers as a generator.
    var random: Random { Random(bits: randomBits) }

    struct Random: RandomNumberGenerator {
        let bits: @Sendable () -> UInt64

        func next() -> UInt64 { bits() }
    }
}
