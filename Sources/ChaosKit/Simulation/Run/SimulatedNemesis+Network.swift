// Faults of the network: links that are cut, slow or lossy, connections that break, and messages that come late.

import Ringmaster
import RingmasterProtocol

extension SimulatedNemesis {
    func isolate(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node else { return }
        impose(.machine(node.machine), .init(isCut: true), on: "\(node.name)", step) { !node.isRunning }
    }

    func cutOneWay(_ step: SimulationStep) {
        // Between a coordinator and another process: they have something to say to each other at any time.
        let others = running(cluster.coordinators + cluster.workers)
        guard let coordinator = cluster.leader ?? pick(step, cluster.coordinators) else { return }
        let candidates = others.filter { $0 !== coordinator }
        guard !candidates.isEmpty else { return }
        let other = candidates[step.pick % candidates.count]
        let isOut = (step.pick / 64).isMultiple(of: 2)
        let (from, to) = isOut ? (coordinator, other) : (other, coordinator)
        let link = VirtualNetwork.Link(from: from.machine, to: to.machine)
        impose(.link(link), .init(isCut: true), on: "\(from.name),\(to.name)", step) {
            !from.isRunning || !to.isRunning
        }
    }

    /// Cuts the network in two parts; each machine is in either.
    func splitNetwork(_ step: SimulationStep) {
        var random = RandomSource(seed: UInt64(step.pick), stream: 6)
        let parts = cluster.everybody.map { (node: $0, isInner: random.chance(0.5)) }
        let inner = parts.filter(\.isInner).map(\.node)
        let outer = parts.filter { !$0.isInner }.map(\.node)
        guard !running(inner).isEmpty, !running(outer).isEmpty else { return }
        let names = inner.map { "\($0.name)" }.joined(separator: ",")
        impose(.between(Set(inner.map(\.machine))), .init(isCut: true), on: names, step) { [unowned self] in
            running(inner).isEmpty || running(outer).isEmpty
        }
    }

    /// Has a fault act on links until its end.
    /// - Parameter isIdle: Whether nothing can come across it any more, as whoever it strikes does not run.
    func impose(
        _ scope: LinkWeather.Scope,
        _ weather: VirtualNetwork.Weather,
        on target: String,
        _ step: SimulationStep,
        isIdle: @escaping () -> Bool = { false }
    ) {
        let number = network.impose(scope, weather)
        begin(step, target) { [unowned self] in
            network.lift(number)
        } hasWorked: { [unowned self] in
            network.struck(number) > 0 || isIdle()
        }
    }

    func breakConnections(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, network.breakConnections(of: node.machine) > 0 else { return }
        begin(step, "\(node.name)") {
        } hasWorked: {
            true
        }
    }

    /// At its end the process's connections break, and what it had sent until then comes once more: of a client, as often as not,
    /// after it has ended its session.
    func lateMessages(_ node: SimulatedNode?, _ step: SimulationStep) {
        guard let node, node.isRunning, !network.keepsLate(from: node.machine) else { return }
        network.keepLate(from: node.machine)
        begin(step, "\(node.name)") { [unowned self] in
            _ = network.breakConnections(of: node.machine)
            network.releaseLate(from: node.machine)
            if !isHealed, node.name.role == .client, (step.pick / 64).isMultiple(of: 2) { renew(node, step) }
        } hasWorked: { [unowned self] in
            network.hasKeptLate(from: node.machine) || !node.isRunning
        }
    }
}
