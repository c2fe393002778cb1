// Where an instance is: handed to its roles and clients as a line of JSON.

/// An instance of an alternative, as its processes know it.
public struct Address: Codable, Sendable {
    public var work: Work
    /// Ports on 127.0.0.1, by the names that the alternative gave them.
    public var ports: [String: UInt16]
    /// A directory of the instance's own, on a disk.
    public var directory: String
    /// Whether a key keeps all its values, as the checker of a chaos run wants it, or how many there were and the newest: a state
    /// that does not grow, as the benchmark needs it.
    public var keepsAllValues: Bool
    /// Of a worker service in a chaos run: which one.
    public var care: ServiceCare?

    /// - Precondition: The alternative gave a port this name.
    public func port(_ name: String) -> Int {
        guard let port = ports[name] else { preconditionFailure("no port is called \(name)") }
        return Int(port)
    }
}
