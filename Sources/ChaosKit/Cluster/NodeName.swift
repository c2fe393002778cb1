// The processes of a run, by name and part.

/// The part that a process plays.
public enum NodeRole: String, Codable, Sendable {
    case coordinator, worker, client
}

/// A process of the run, whatever its life: `c1` a coordinator, `w1` a worker, `client-1` a client.
public struct NodeName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let role: NodeRole
    /// From 1.
    public let number: Int

    init(_ role: NodeRole, _ number: Int) {
        self.role = role
        self.number = number
    }

    /// nil for what no process of a run is called.
    init?(_ text: String) {
        for role in [NodeRole.client, .coordinator, .worker] where text.hasPrefix(role.prefix) {
            guard let number = Int(text.dropFirst(role.prefix.count)), number > 0 else { continue }
            self.init(role, number)
            return
        }
        return nil
    }

    public var description: String { "\(role.prefix)\(number)" }

    public static func < (left: NodeName, right: NodeName) -> Bool {
        (left.role.rawValue, left.number) < (right.role.rawValue, right.number)
    }
}

extension NodeRole {
    fileprivate var prefix: String {
        switch self {
        case .coordinator: "c"
        case .worker: "w"
        case .client: "client-"
        }
    }
}
