// What this very process is made to find: of its disk and its clocks, by orders that change while it runs.

import CShimInterposition
import Glibc
import Testing

@testable import ChaosKit

/// One for the process, which obeys for the rest of its life; nil where sanitizers take the calls over.
private let ordersOfThisProcess: StandingOrders? = {
    let path = "/tmp/ringmaster-orders-\(getpid())"
    do {
        mkdir(path + ".disk", 0o700)
        try Node.obey(path, directory: path + ".disk")
        let orders = try StandingOrders(path)
        unlink(path)
        return orders
    } catch {
        return nil
    }
}()

@Suite(.serialized, .enabled(if: ordersOfThisProcess != nil, "sanitizers take the same calls over"))
struct StandingOrdersTests {
    private func wall() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    init() {
        atexit { rmdir("/tmp/ringmaster-orders-\(getpid()).disk") }
    }

    @Test
    func aDiskIsSlowOrFailsAsLongAsItIsOrderedTo() async throws {
        let orders = try #require(ordersOfThisProcess)
        orders.slowDisk(delayNs: 40_000_000)
        let slow = try #require(await orders.askForProbe())
        #expect(slow.error == 0 && slow.took_ns >= 40_000_000)
        orders.failDisk()
        #expect(await orders.askForProbe()?.error == EIO)
        orders.healDisk()
        let counts = orders.diskCounts
        #expect(await orders.askForProbe()?.error == 0)
        #expect(orders.diskCounts.slowed == counts.slowed && orders.diskCounts.failed == counts.failed)
    }

    @Test
    func aWallClockJumpsAndTheMonotonicOneDoesNot() async throws {
        let orders = try #require(ordersOfThisProcess)
        let before = try #require(await orders.askForProbe())
        orders.setJump(aheadNs: -3_600_000_000_000)
        let after = try #require(await orders.askForProbe())
        orders.setJump(aheadNs: 0)
        #expect(abs(after.wall_ns - after.true_wall_ns + 3_600_000_000_000) < 1_000_000_000)
        #expect((0..<10_000_000_000).contains(after.monotonic_ns - before.monotonic_ns))
        #expect(abs(wall() - before.wall_ns) < 60_000_000_000)
    }

    @Test
    func aClockThatRunsFastNeverGoesBack() async throws {
        let orders = try #require(ordersOfThisProcess)
        var last = try #require(await orders.askForProbe())
        for ppm: Int64 in [500_000, 0, -400_000, 0] {
            orders.setRate(ppm: ppm)
            for _ in 0..<20 {
                let next = try #require(await orders.askForProbe())
                #expect(next.monotonic_ns > last.monotonic_ns)
                let passed = Double(next.true_monotonic_ns - last.true_monotonic_ns)
                let seen = Double(next.monotonic_ns - last.monotonic_ns)
                // Of a pair of readings under one rate; the clocks are read one after the other.
                if last.true_monotonic_ns > 0, passed > 0 {
                    #expect(seen < passed * 1.5 + 5e6 && seen > passed * 0.6 - 5e6)
                }
                last = next
            }
        }
    }
}
