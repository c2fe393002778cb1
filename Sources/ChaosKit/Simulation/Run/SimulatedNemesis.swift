// What is done to the cluster of a simulation, and whether it took effect.

import Ringmaster
import RingmasterProtocol

/// Carries out a plan's steps. A step that finds nobody to strike is skipped and noted.
final class SimulatedNemesis {
    let cluster: SimulatedCluster
    let load: SimulatedLoad
    private(set) var lastEndNs: Int64 = 0
    private(set) var faultCount = 0
    /// Faults that are on: how to end each, and whether it was seen to work.
    private var present: [Int: (kind: String, end: () -> Void, hasWorked: () -> Bool)] = [:]
    private var failures: [String] = []
    private(set) var isHealed = false

    init(_ cluster: SimulatedCluster, _ load: SimulatedLoad) {
        self.cluster = cluster
        self.load = load
    }

    /// Whether a fault is on.
    var isActing: Bool { !present.isEmpty }

    var time: VirtualTime { cluster.time }
    var network: VirtualNetwork { cluster.network }

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
        cluster.strikes.drop()
        for node in cluster.everybody { node.host?.forgetEffects() }
        for number in present.keys.sorted() { end(number) }
        for node in cluster.coordinators + cluster.workers + cluster.clients where node.isWanted && !node.isRunning {
            try cluster.start(node)
            load.beginLanes(of: node)
        }
        return failures
    }

    // MARK: Steps

    func carryOut(_ step: SimulationStep) {
        cluster.trace.note(time.nowNs, 8, UInt64(step.number), line: "step \(step.text)")
        switch step.kind {
        case .killWorker: kill(pick(step, cluster.workers), step)
        case .killLeader: kill(restartable(cluster.leader), step)
        case .killCoordinator: kill(restartable(pick(step, cluster.coordinators)), step)
        case .killClient: kill(pick(step, cluster.clients), step)
        case .killAll:
            let coordinators = cluster.plan.replicas > 0 ? cluster.coordinators : []
            for node in coordinators + cluster.workers where node.isRunning { kill(node, step) }
        case .killAtEffect: killAtEffect(step)
        case .killAtPoint: strikeAtPoint(step) { [unowned self] in kill($0, step) }
        case .pauseAtPoint, .zombie: strikeAtPoint(step) { [unowned self] in pause($0, step) }
        case .breakAtPoint: strikeAtPoint(step) { [unowned self] in breakConnections($0, step) }
        case .cutHandOver: cutHandOver(step)
        case .killInSnapshot:
            strikeAtPoint(step) { [unowned self] in kill($0, step) }
            snapshot(step)
        case .pauseWorker: pause(pick(step, cluster.workers), step)
        case .pauseLeader: pause(cluster.leader, step)
        case .pauseCoordinator: pause(pick(step, cluster.coordinators), step)
        case .pauseClient: pause(pick(step, cluster.clients), step)
        case .sleep: sleep(pick(step, cluster.everybody), step)
        case .isolateWorker: isolate(pick(step, cluster.workers), step)
        case .isolateLeader: isolate(cluster.leader, step)
        case .isolateClient: isolate(pick(step, cluster.clients), step)
        case .cutOneWay: cutOneWay(step)
        case .splitNetwork: splitNetwork(step)
        case .slowNetwork:
            impose(.everywhere, .init(extraDelayNs: 10_000_000, jitterNs: 20_000_000), on: "all links", step)
        case .lossyNetwork: impose(.everywhere, .init(lossShare: 0.1), on: "all links", step)
        case .breakConnections: breakConnections(pick(step, cluster.everybody), step)
        case .lateMessages: lateMessages(pick(step, cluster.clients + cluster.workers), step)
        case .slowDisk: slowDisk(pick(step, cluster.coordinators), step)
        case .fullDisk: fillDisk(pick(step, cluster.coordinators), step)
        case .wallClock: setWallClock(pick(step, cluster.everybody), step)
        case .clockRate: setClockRate(pick(step, cluster.everybody), step)
        case .loseWorker: loseWorker(step)
        case .renewClient: renewClient(step)
        case .addWorker: addWorker(step)
        case .removeWorker: removeWorker(step)
        case .snapshot: snapshot(step)
        }
    }

    func addWorker(_ step: SimulationStep) {
        guard running(cluster.workers).count < max(8, cluster.plan.workers) else { return }
        attempt(step) { _ = try cluster.addWorker() }
    }

    func removeWorker(_ step: SimulationStep) {
        let serving = running(cluster.workers).filter { !$0.isLeaving }
        if serving.count > 1 { cluster.retire(serving[step.pick % serving.count]) }
    }

    /// Kills a worker that never comes back.
    private func loseWorker(_ step: SimulationStep) {
        let serving = running(cluster.workers).filter { !$0.isLeaving }
        guard serving.count > 1 else { return }
        let node = serving[step.pick % serving.count]
        node.isWanted = false
        kill(node, step)
    }

    /// A client ends its session, and comes again as a new one.
    private func renewClient(_ step: SimulationStep) {
        if let node = pick(step, cluster.clients) { renew(node, step) }
    }

    func renew(_ node: SimulatedNode, _ step: SimulationStep) {
        cluster.renew(node) { [unowned self] in
            attempt(step) { try cluster.start(node) }
            load.beginLanes(of: node)
        }
    }

    private func snapshot(_ step: SimulationStep) {
        guard let node = pick(step, cluster.coordinators) else { return }
        node.host?.perform { node.coordinator?.takeSnapshot() }
    }

    func running(_ nodes: [SimulatedNode]) -> [SimulatedNode] { nodes.filter { $0.isRunning } }

    func pick(_ step: SimulationStep, _ nodes: [SimulatedNode]) -> SimulatedNode? {
        let nodes = running(nodes)
        return nodes.isEmpty ? nil : nodes[step.pick % nodes.count]
    }

    /// A coordinator that keeps nothing takes everything with it.
    func restartable(_ node: SimulatedNode?) -> SimulatedNode? {
        cluster.plan.replicas > 0 ? node : nil
    }

    func attempt(_ step: SimulationStep, _ body: () throws -> Void) {
        do { try body() } catch { failures.append("step \(step.text): \(error)") }
    }

    // MARK: Faults

    func begin(
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

    func kill(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host, host.isAlive else { return }
        cluster.kill(node)
        begin(step, "\(node.name)") { [unowned self] in
            guard node.isWanted, !node.isRunning else { return }
            attempt(step) { try cluster.start(node) }
            load.beginLanes(of: node)
        } hasWorked: {
            !host.isAlive
        }
    }

    func pause(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host, !host.isPaused else { return }
        standStill(node, host, step) { host.pause() }
    }

    func sleep(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, let host = node.host, !host.isPaused else { return }
        standStill(node, host, step) { host.sleep() }
    }

    private func standStill(_ node: SimulatedNode, _ host: VirtualHost, _ step: SimulationStep, _ stop: () -> Void) {
        stop()
        let turns = host.turnCount
        begin(step, "\(node.name)") {
            host.resume()
        } hasWorked: {
            host.turnCount == turns
        }
    }
}
