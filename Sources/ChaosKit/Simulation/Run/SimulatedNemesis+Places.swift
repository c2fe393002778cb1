// Faults that wait for a process to come somewhere: to a message or write of its, or to a step of the protocol.

import Ringmaster
import RingmasterProtocol

extension SimulatedNemesis {
    /// Ends a process right before one of its next messages or writes. Of the rest of its turn nothing has an effect.
    func killAtEffect(_ step: SimulationStep) {
        let nodes: [SimulatedNode?] = [
            cluster.leader, pick(step, cluster.workers), pick(step, cluster.coordinators), cluster.leader,
            pick(step, cluster.workers), pick(step, cluster.clients),
        ]
        let chosen = nodes[step.pick / 4096 % nodes.count]
        guard let node = isSpared(chosen) ? nil : chosen, let host = node.host, host.isAlive else { return }
        host.beforeEffect(step.occurrence) { [unowned self, unowned node] in kill(node, step) }
    }

    /// Has whoever comes to the step's fault point struck there.
    func strikeAtPoint(_ step: SimulationStep, _ strike: @escaping (SimulatedNode) -> Void) {
        guard let point = step.point.flatMap(FaultPoint.init) else { return }
        cluster.strikes.arm(step.number, at: point, occurrence: step.occurrence) { [unowned self] host in
            guard let node = cluster.node(of: host), !isSpared(node) else { return }
            cluster.trace.note(time.nowNs, 10, UInt64(step.number), line: "\(node.name) has come to \(point.rawValue)")
            strike(node)
        }
    }

    /// A resize, and a strike at either end once its states are under way.
    func cutHandOver(_ step: SimulationStep) {
        strikeAtPoint(step) { [unowned self] node in
            switch step.pick % 4 {
            case 0: pause(node, step)
            case 1: breakConnections(node, step)
            default: kill(node, step)
            }
        }
        if (step.pick / 4).isMultiple(of: 2) { addWorker(step) } else { removeWorker(step) }
    }

    /// A coordinator that keeps nothing takes everything with it.
    private func isSpared(_ node: SimulatedNode?) -> Bool {
        node?.name.role == .coordinator && cluster.plan.replicas == 0
    }
}
