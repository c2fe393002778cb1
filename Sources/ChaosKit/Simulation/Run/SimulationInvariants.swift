// What must hold after every step, whatever the clients saw: the invariants that only somebody who looks into all processes at
// once can check.

import Ringmaster
import RingmasterProtocol

/// Watches the processes, and keeps what it found broken.
struct SimulationInvariants {
    struct Breach: Equatable, Sendable {
        var timeNs: Int64
        var text: String
    }

    private let slots: Int
    private var hashes: [UInt64: (hash: UInt64, by: NodeName)] = [:]
    private(set) var breaches: [Breach] = []
    private(set) var checks = 0

    init(slots: Int) {
        self.slots = slots
    }

    mutating func check(after node: SimulatedNode, in cluster: SimulatedCluster, isFull: Bool) {
        checks += 1
        if let coordinator = node.coordinator { checkReplica(coordinator, node, cluster) }
        if isFull, node.worker != nil { checkOwners(cluster) }
    }

    /// I7: replicas have one state at one index.
    private mutating func checkReplica(
        _ coordinator: SimulatedCoordinator,
        _ node: SimulatedNode,
        _ cluster: SimulatedCluster
    ) {
        let (index, hash) = (coordinator.appliedIndex, coordinator.stateHash)
        guard index > 0 else { return }
        guard let known = hashes[index] else { return hashes[index] = (hash, node.name) }
        guard known.hash != hash else { return }
        breach("replicas differ at index \(index): \(known.by) and \(node.name)", cluster)
        hashes[index] = (hash, node.name)
    }

    /// I1 as clients would see it: no two workers let a job of one slot in, each by its own clock.
    private mutating func checkOwners(_ cluster: SimulatedCluster) {
        var owners: [NodeName?] = Array(repeating: nil, count: slots)
        for node in cluster.workers {
            guard let worker = node.worker, let host = node.host, worker.isMember else { continue }
            let now = MonotonicTime(nanoseconds: host.clockNs)
            for slot in 0..<slots where worker.serves(Slot(UInt32(slot)), at: now, suspendedNs: host.suspendedNs) {
                if let other = owners[slot] {
                    return breach("slot \(slot) is served by \(other) and \(node.name)", cluster)
                }
                owners[slot] = node.name
            }
        }
    }

    mutating func breach(_ text: String, _ cluster: SimulatedCluster) {
        guard breaches.count < 10 else { return }
        breaches.append(Breach(timeNs: cluster.time.nowNs, text: text))
    }
}
