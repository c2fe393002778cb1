// What a client sent, kept back by the proxy until the client has lost the connection and sent it again.

extension FaultProxy {
    /// Keeps from now on what the client sends to workers.
    func keepLate(_ rule: LinkRule) async {
        await thread.perform { [self] in
            let hold = LateHold(
                covered(by: rule).filter { $0.node.role == .worker && rule.target.contains($0.peer ?? $0.node) }
            )
            for connection in hold.connections { connection.up.isKept = true }
            lateHolds[rule.id] = hold
        }
    }

    /// Whether a job has been kept.
    func hasLate(_ id: Int64) async -> Bool {
        await thread.perform { [self] in lateHolds[id]?.connections.contains { Self.keepsJob($0) } ?? false }
    }

    private static func keepsJob(_ connection: ProxyConnection) -> Bool {
        connection.isWithPeer && connection.isWithNode && connection.up.heldBytes >= NetworkLimits.jobBytesMin
    }

    /// Has the client lose the connections on which a job was kept; the others go on. Gives how many were lost.
    func loseLate(_ id: Int64) async -> Int {
        await thread.perform { [self] in
            guard let hold = lateHolds[id] else { return 0 }
            for connection in hold.connections where !Self.keepsJob(connection) { connection.keepNoMore() }
            hold.connections = hold.connections.filter(Self.keepsJob)
            hold.isLost = true
            for connection in hold.connections { connection.losePeer() }
            return hold.connections.count
        }
    }

    /// Lets what was kept go to the workers, and what the client has sent since behind it.
    func deliverLate(_ id: Int64) async {
        await thread.perform { [self] in
            guard let hold = lateHolds[id] else { return }
            for connection in hold.connections where connection.isWithNode { connection.deliverLate() }
            thread.at(thread.nowNs + NetworkLimits.latePauseNs) {
                hold.isLost = false
                let waiting = hold.waiting
                hold.waiting = []
                for begin in waiting { begin() }
            }
        }
    }

    /// What has become of it by now.
    func lateCounts(_ id: Int64) async -> LateCounts {
        await thread.perform { [self] in
            let connections = lateHolds[id]?.connections ?? []
            let delivered = connections.count { $0.isLateDelivered }
            let left = connections.count { $0.isWithNode || $0.isLateDelivered }
            return LateCounts(nodesLeft: left, delivered: delivered)
        }
    }

    func forgetLate(_ id: Int64) async {
        await thread.perform { [self] in lateHolds[id] = nil }
    }
}

/// What `late-resend` holds of one client. Confined to the network's thread.
final class LateHold {
    var connections: [ProxyConnection]
    var isLost = false
    /// Connections that the client has made anew: they begin after what is late has come.
    var waiting: [() -> Void] = []

    init(_ connections: [ProxyConnection]) {
        self.connections = connections
    }

    func holds(_ peer: NodeName?, _ node: NodeName) -> Bool {
        isLost && connections.contains { $0.peer == peer && $0.node == node && $0.isWithNode }
    }
}

/// What became of what was kept.
struct LateCounts: Equatable, Sendable {
    /// Connections whose worker is still there, or took it.
    var nodesLeft = 0
    /// Connections whose worker took all of it.
    var delivered = 0
}
