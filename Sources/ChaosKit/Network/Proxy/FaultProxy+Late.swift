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
    func deliverLate(_ id: Int64) async -> LateCounts {
        await thread.perform { [self] in
            guard let hold = lateHolds[id] else { return LateCounts() }
            var counts = LateCounts()
            counts.returned = hold.returned
            for connection in hold.connections {
                guard connection.isWithNode else { continue }
                counts.nodesLeft += 1
                let bytes = connection.up.heldBytes
                if connection.deliverLate() {
                    counts.delivered += 1
                    counts.bytes += bytes
                }
            }
            thread.at(thread.nowNs + NetworkLimits.latePauseNs) { [weak self] in
                self?.lateHolds[id] = nil
                for begin in hold.waiting { begin() }
            }
            return counts
        }
    }
}

/// What `late-resend` holds of one client. Confined to the network's thread.
final class LateHold {
    var connections: [ProxyConnection]
    var isLost = false
    /// Connections that the client has made anew.
    var returned = 0
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
    /// Connections whose worker was still there.
    var nodesLeft = 0
    /// Connections whose worker took all of it.
    var delivered = 0
    var bytes = 0
    /// Connections that the client had made again before.
    var returned = 0
}
