// When the cluster notices that somebody is gone.

/// Puts what coordinators tell together with the faults that it may be the effect of. Each fault is detected once.
struct Detections {
    private var watched: [NodeName: FaultID] = [:]
    private var leader: NodeName?

    mutating func watch(for fault: FaultID, on targets: [NodeName]) {
        for target in targets { watched[target] = fault }
    }

    /// The leader has found a worker to be gone. Gives the fault that did it.
    mutating func lost(_ worker: String) -> FaultID? {
        guard let name = NodeName(worker), let fault = watched[name] else { return nil }
        forget(fault)
        return fault
    }

    /// A coordinator has another role: one that stands for election or leads misses the leader before it.
    mutating func took(_ role: String, of name: NodeName) -> FaultID? {
        let missed = leader != name && role != "follower" ? leader : nil
        if role == "leader" { leader = name }
        guard let missed, let fault = watched[missed] else { return nil }
        forget(fault)
        return fault
    }

    private mutating func forget(_ fault: FaultID) {
        watched = watched.filter { $0.value != fault }
    }
}
