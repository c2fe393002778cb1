// Which network a run's cluster is put on, and which faults that can have.

/// How the processes of a run reach each other.
public enum NetworkMode: String, Codable, Sendable, CaseIterable {
    /// Directly, or through the proxy where the faults need it.
    case auto
    /// Directly.
    case none
    /// Through the run's own proxy, which needs no privileges.
    case proxy
    /// Each in a network namespace of its own, over links of the run's, which needs root.
    case namespaces

    /// What a kind of fault needs of a network.
    enum Need: Sendable {
        /// One that the run has in hand.
        case any
        /// One that knows connections: the proxy.
        case connections
        /// One that knows packets: the namespaces.
        case packets
    }

    /// What is used for faults of these kinds.
    func settled(for kinds: some Sequence<FaultKind>) -> NetworkMode {
        guard self == .auto else { return self }
        return kinds.contains { $0.isOfNetwork } ? .proxy : .none
    }

    /// Why it cannot have faults of these kinds, for a person; nil where it can.
    func mistake(for kinds: some Sequence<FaultKind>) -> String? {
        let mode = settled(for: kinds)
        for kind in kinds {
            guard let need = kind.network else { continue }
            switch (need, mode) {
            case (.packets, .none), (.packets, .proxy):
                return "\(kind.rawValue) needs packets: give --network namespaces, as root"
            case (.connections, .none), (.connections, .namespaces):
                return "\(kind.rawValue) needs connections: give --network proxy"
            case (.any, .none): return "\(kind.rawValue) needs a network to break: --network proxy or namespaces"
            default: break
            }
        }
        return nil
    }
}

extension Schedule {
    /// The network that its steps need, or that its settings ask for.
    var networkMode: NetworkMode {
        (settings.network ?? .auto).settled(for: kinds.union(settings.faults))
    }

    var networkMistake: String? {
        (settings.network ?? .auto).mistake(for: kinds.union(settings.faults))
    }
}
