// What is done to the cluster of a simulation, and whether it took effect.

import Ringmaster
import RingmasterProtocol

/// Carries out a plan's steps. A step that finds nobody to strike is skipped and noted.
final class SimulatedNemesis {
    private let cluster: SimulatedCluster
    private let load: SimulatedLoad
    private(set) var lastEndNs: Int64 = 0
    private(set) var faultCount = 0
    /// Faults that are on: how to end each, and whether it was seen to work.
    private var present: [Int: (kind: String, end: () -> Void, hasWorked: () -> Bool)] = [:]
    private var failures: [String] = []
    private var isHealed = false

    init(_ cluster: SimulatedCluster, _ load: SimulatedLoad) {
        self.cluster = cluster
        self.load = load
    }

    private var time: VirtualTime { cluster.time }
    private var network: VirtualNetwork { cluster.network }

    func begin(at beginNs: Int64) {
        for step in cluster.plan.steps {
            time.at(beginNs + step.atNs) { [unowned self] in carryOut(step) }
            lastEndNs = max(lastEndNs, beginNs + step.atNs + step.lastsNs)
        }
        lastEndNs += 1
    }

    /// Ends every fault and starts what is to run.
    /// - Returns: the faults that were not seen to work, and what could not be done.
    func heal() throws -> [String] {
        isHealed = true
        for number in present.keys.sorted() { end(number) }
        for node in cluster.coordinators + cluster.workers + cluster.clients where node.isWanted && !node.isRunning {
            try cluster.start(node)
            load.beginLanes(of: node)
        }
        return failures
    }

    // MARK: Steps

    private func carryOut(_ step: SimulationStep) {
        cluster.trace.note(time.nowNs, 8, UInt64(step.number), line: "step \(step.text)")
        switch step.kind {
        case .killWorker: kill(pick(step, cluster.workers), step)
        case .killLeader: kill(restartable(cluster.leader), step)
        case .killCoordinator: kill(restartable(pick(step, cluster.coordinators)), step)
        case .killClient: kill(pick(step, cluster.clients), step)
        case .killAll:
            let coordinators = cluster.plan.replicas > 0 ? cluster.coordinators : []
            for node in coordinators + cluster.workers where node.isRunning { kill(node, step) }
        case .pauseWorker: pause(pick(step, cluster.workers), step)
        case .pauseLeader: pause(cluster.leader, step)
        case .isolateWorker: isolate(pick(step, cluster.workers), step)
        case .isolateLeader: isolate(cluster.leader, step)
        case .cutOneWay: cutOneWay(step)
        case .slowNetwork:
            weather(step) {
                $0.extraDelayNs = 10_000_000
                $0.jitterNs = 20_000_000
            }
        case .lossyNetwork: weather(step) { $0.lossShare = 0.1 }
        case .slowDisk: slowDisk(pick(step, cluster.coordinators), step)
        case .wallClock: setWallClock(pick(step, cluster.workers), step)
        case .addWorker:
            guard running(cluster.workers).count < 8 else { return }
            attempt(step) { _ = try cluster.addWorker() }
        case .removeWorker:
            let serving = running(cluster.workers).filter { !$0.isLeaving }
            if serving.count > 1 { cluster.retire(serving[step.pick % serving.count]) }
        case .snapshot:
            guard let node = pick(step, cluster.coordinators) else { return }
            node.host?.perform { node.coordinator?.takeSnapshot() }
        }
    }

    private func running(_ nodes: [SimulatedNode]) -> [SimulatedNode] { nodes.filter { $0.isRunning } }

    private func pick(_ step: SimulationStep, _ nodes: [SimulatedNode]) -> SimulatedNode? {
        let nodes = running(nodes)
        return nodes.isEmpty ? nil : nodes[step.pick % nodes.count]
    }

    /// A coordinator that keeps nothing takes everything with it.
    private func restartable(_ node: SimulatedNode?) -> SimulatedNode? {
        cluster.plan.replicas > 0 ? node : nil
    }

    private func attempt(_ step: SimulationStep, _ body: () throws -> Void) {
        do { try body() } catch { failures.append("step \(step.text): \(error)") }
    }

    // MARK: Faults

    private func begin(
        _ step: SimulationStep,
        _ target: String,
        end: @escaping () -> Void,
        hasWorked: @escaping () -> Bool
    ) {
        faultCount += 1
        let number = faultCount
        present[number] = ("\(step.kind.rawValue) of \(target)", end, hasWorked)
        cluster.record.nemesis(
            .faultBegan(FaultID(Int64(number)), kind: step.kind.rawValue, target: target, isVerified: false),
            at: time.nowNs
        )
        endLater(number, afterNs: step.lastsNs)
    }

    /// One that nothing came across yet goes on until something does.
    private func endLater(_ number: Int, afterNs: Int64) {
        time.after(afterNs) { [unowned self] in
            guard let fault = present[number] else { return }
            if fault.hasWorked() || isHealed { end(number) } else { endLater(number, afterNs: Self.extensionNs) }
        }
    }

    private static let extensionNs: Int64 = 50_000_000

    private func end(_ number: Int) {
        guard let fault = present.removeValue(forKey: number) else { return }
        let hasWorked = fault.hasWorked()
        if !hasWorked { failures.append("\(fault.kind) was not seen to work") }
        fault.end()
        cluster.record.nemesis(.faultEnded(FaultID(Int64(number)), isVerified: hasWorked), at: time.nowNs)
    }

    private func kill(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host else { return }
        cluster.kill(node)
        begin(step, "\(node.name)") { [unowned self] in
            guard node.isWanted, !node.isRunning else { return }
            attempt(step) { try cluster.start(node) }
            load.beginLanes(of: node)
        } hasWorked: {
            !host.isAlive
        }
    }

    private func pause(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host, !host.isPaused else { return }
        host.pause()
        let turns = host.turnCount
        begin(step, "\(node.name)") {
            host.resume()
        } hasWorked: {
            host.turnCount == turns
        }
    }

    private func slowDisk(_ node: SimulatedNode?, _ step: SimulationStep) {
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

    /// Sets a worker's clock an hour back; its next life is numbered by it.
    private func setWallClock(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host else { return }
        host.wallClockOffsetNs -= 3_600_000_000_000
        begin(step, "\(node.name)") {
            host.wallClockOffsetNs = 0
        } hasWorked: {
            true
        }
    }

    private func isolate(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node else { return }
        let machines = (cluster.coordinators + cluster.workers + cluster.clients).map(\.machine)
        let here = node.machine
        let links = machines.filter { $0 != here }.flatMap {
            [VirtualNetwork.Link(from: here, to: $0), VirtualNetwork.Link(from: $0, to: here)]
        }
        impose(links, on: "\(node.name)", step) { $0.isCut = true }
    }

    private func cutOneWay(_ step: SimulationStep) {
        // Between a coordinator and another process: they have something to say to each other at any time.
        let others = running(cluster.coordinators + cluster.workers)
        guard let coordinator = cluster.leader ?? pick(step, cluster.coordinators) else { return }
        let candidates = others.filter { $0 !== coordinator }
        guard !candidates.isEmpty else { return }
        let other = candidates[step.pick % candidates.count]
        let isOut = (step.pick / 64).isMultiple(of: 2)
        let (from, to) = isOut ? (coordinator, other) : (other, coordinator)
        impose([.init(from: from.machine, to: to.machine)], on: "\(from.name),\(to.name)", step) {
            $0.isCut = true
        }
    }

    private func weather(_ step: SimulationStep, _ change: (inout VirtualNetwork.Weather) -> Void) {
        let machines = (cluster.coordinators + cluster.workers + cluster.clients).map(\.machine)
        let links = machines.flatMap { from in
            machines.filter { $0 != from }.map { VirtualNetwork.Link(from: from, to: $0) }
        }
        impose(links, on: "all links", step, change)
    }

    /// Changes links; where faults overlap, the later one's end ends both.
    private func impose(
        _ links: [VirtualNetwork.Link],
        on target: String,
        _ step: SimulationStep,
        _ change: (inout VirtualNetwork.Weather) -> Void
    ) {
        let struckBefore = network.struck
        for link in links {
            var weather = network.weather(link)
            change(&weather)
            network.set(link, weather)
        }
        begin(step, target) { [unowned self] in
            for link in links { network.set(link, VirtualNetwork.Weather()) }
        } hasWorked: { [unowned self] in
            network.struck > struckBefore
        }
    }
}
