// The network that a run's cluster is on: where each process listens, and what can be done to the links between them.

import Glibc
import Ringmaster

/// Where a process of a run is, and where others reach it. Part of its order.
struct NodePlace: Codable, Sendable {
    /// Where it listens; nil: on a port of the system's choice.
    var listensAt: String?
    /// Where others reach it; nil: where it listens.
    var advertises: String?
    /// Of a coordinator's publisher; as above.
    var publishesAt: String?
    var advertisesPublisher: String?
    /// The file of the network namespace that it lives in; nil: the run's.
    var namespacePath: String?
    /// Whether it speaks to addresses that are not loopback's. They are the run's own all the same.
    var isBeyondLoopback = false
}

/// A network that a cluster is put on. Kinds of faults know it by these calls alone.
protocol ClusterNetwork: Sendable {
    /// Where the coordinators are reached, in the order of their numbers from 1.
    var coordinatorEndpoints: [String] { get }
    /// Makes the place for the next life of a process.
    /// - Throws: `RunError.cannotStart`.
    func place(for name: NodeName, life: Int) throws(RunError) -> NodePlace
    /// A process of the run lives, or does not any more.
    func began(_ pid: pid_t, as name: NodeName)
    func ended(_ pid: pid_t)
    func impose(_ rule: LinkRule) async
    /// Ends a rule. Gives what it did.
    func lift(_ id: Int64) async -> LinkCounts
    /// A line between the places of two processes, for the rule of that number to be seen on; nil where none can be had.
    func probeLine(from sender: NodeName, to receiver: NodeName, rule: Int64) async -> ProbeLine?
    /// Where faults of connections are done; nil where they cannot be.
    var proxy: FaultProxy? { get }
    /// Whether its addresses are not loopback's.
    var isBeyondLoopback: Bool { get }
    func close() async
}

extension ClusterNetwork {
    var proxy: FaultProxy? { nil }
    /// Of the run's own connections to the cluster.
    var security: Security { isBeyondLoopback ? .insecure : .none }
    var isBeyondLoopback: Bool { false }
}

/// Everybody reaches everybody directly, and nothing can be done about it.
struct DirectNetwork: ClusterNetwork {
    let coordinatorEndpoints: [String]

    /// - Throws: `RunError.cannotStart` where no ports are free.
    init(coordinators: Int) throws(RunError) {
        coordinatorEndpoints = try NodeOrders.freePorts(coordinators).map { "tcp://\(NodeOrders.host):\($0)" }
    }

    func place(for name: NodeName, life: Int) -> NodePlace {
        NodePlace(listensAt: name.role == .coordinator ? coordinatorEndpoints[name.number - 1] : nil)
    }

    func began(_ pid: pid_t, as name: NodeName) {}
    func ended(_ pid: pid_t) {}
    func impose(_ rule: LinkRule) {}
    func lift(_ id: Int64) -> LinkCounts { LinkCounts() }
    func probeLine(from sender: NodeName, to receiver: NodeName, rule: Int64) -> ProbeLine? { nil }
    func close() {}
}

extension NetworkMode {
    /// The network of a run.
    /// - Throws: `RunError.cannotStart`.
    func make(coordinators: Int) throws(RunError) -> any ClusterNetwork {
        switch self {
        case .auto, .none: try DirectNetwork(coordinators: coordinators)
        case .proxy: try ProxyNetwork(coordinators: coordinators)
        case .namespaces: try NamespaceNetwork(coordinators: coordinators)
        }
    }
}
