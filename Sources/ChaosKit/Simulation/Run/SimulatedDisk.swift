// A coordinator's disk in a simulation: how long its writes take, and what of them a crash leaves.

import Ringmaster

/// Writes end in their order, each some time after the one before.
final class SimulatedDisk {
    let disk: VirtualDisk
    private let time: VirtualTime
    private var random: RandomSource
    private var busyUntilNs: Int64 = 0
    /// Writes of an earlier life end nothing of a later one's.
    private var life = 0
    /// What each write takes beyond its ordinary time.
    var extraNs: Int64 = 0
    /// Writes that were slowed down.
    private(set) var slowed = 0
    /// Writes that crashes lost, and those of which they left a part.
    private(set) var lost = 0

    private static let writeNs: ClosedRange<Int64> = 50_000...400_000
    private static let nsPerKiB: Int64 = 5_000

    init(time: VirtualTime, random: RandomSource) {
        self.time = time
        self.random = random
        var random = random
        disk = VirtualDisk(mark: random.next() | 1)
        self.random = random
    }

    /// A life of its coordinator begins.
    func open(by host: VirtualHost) {
        life += 1
        let life = life
        busyUntilNs = 0
        // The host that has it open: the next one puts itself in its place.
        disk.clockNs = { host.clockNs }
        disk.randomBits = { host.randomBits() }
        disk.began = { [unowned self] bytes in
            // It may die of this very write, which is under way then.
            host.effect()
            guard host.isAlive else { return }
            let takes = Int64.random(in: Self.writeNs, using: &random) + Int64(bytes / 1024) * Self.nsPerKiB + extraNs
            if extraNs > 0 { slowed += 1 }
            busyUntilNs = max(time.nowNs, busyUntilNs) + takes
            time.at(busyUntilNs) { [unowned self] in
                guard self.life == life, host.isAlive else { return }
                // The kernel writes on while the process stands still; the process learns it on its loop.
                disk.finish()
                host.wake()
            }
        }
    }

    /// Its process dies now. Of what is under way, any beginning may be on the disk, the last entry of it torn off.
    func cut() {
        life += 1
        let underWay = disk.writesUnderWay
        let whole = Int(random.next() % UInt64(underWay + 1))
        lost += underWay - whole
        disk.cut(whole: whole, entries: Int(random.next() % 4))
    }
}
