// Faults of machines: their disks and their clocks.

import Ringmaster
import RingmasterProtocol

extension SimulatedNemesis {
    func slowDisk(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let disk = node.disk, disk.extraNs == 0 else { return }
        disk.extraNs = 20_000_000
        let slowedBefore = disk.slowed
        // An idle disk is not slow: one write is sure to come.
        node.host?.perform { node.coordinator?.takeSnapshot() }
        begin(step, "\(node.name)") {
            disk.extraNs = 0
        } hasWorked: {
            disk.slowed > slowedBefore || !node.isRunning
        }
    }

    /// Takes all room of a disk. What its coordinator could not save it does not acknowledge, for good: once there is room, it is
    /// started again, as a person would.
    func fillDisk(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let disk = node.disk?.disk, !disk.isFull else { return }
        disk.isFull = true
        let refusedBefore = disk.refused
        begin(step, "\(node.name)") { [unowned self] in
            disk.isFull = false
            guard disk.refused > refusedBefore else { return }
            if node.isRunning { cluster.kill(node) }
            time.after(1_000_000) { [unowned self] in
                guard node.isWanted, !node.isRunning else { return }
                attempt(step) { try cluster.start(node) }
            }
        } hasWorked: {
            disk.refused > refusedBefore || !node.isRunning
        }
    }

    /// Sets a process's wall clock an hour back or ahead; the next life of a worker is numbered by it.
    func setWallClock(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host else { return }
        let jumpNs: Int64 = (step.pick / 64).isMultiple(of: 2) ? -3_600_000_000_000 : 3_600_000_000_000
        host.wallClockOffsetNs += jumpNs
        begin(step, "\(node.name)") {
            host.wallClockOffsetNs -= jumpNs
        } hasWorked: {
            true
        }
    }

    /// Has a process's clocks run too fast or too slow.
    func setClockRate(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host, host.isAlive else { return }
        let former = host.rate
        host.setClockRate((step.pick / 64).isMultiple(of: 2) ? 0.96 : 1.04)
        begin(step, "\(node.name)") {
            host.setClockRate(former)
        } hasWorked: {
            true
        }
    }
}
