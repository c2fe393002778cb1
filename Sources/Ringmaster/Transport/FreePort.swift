// TCP ports that nobody listens on now, for servers that must know each other's before they run.

import Glibc

/// Looks for ports. Another process may take one before it is used: whoever uses it tries again.
public enum FreePort {
    /// Below the range from which Linux takes the ports of outgoing connections: one of those would be taken by a connection before
    /// its server runs.
    static let range = 20_000..<32_000
    private static let triesMax = 200

    /// The preferred port or one of the next ones; nil takes any.
    /// - Returns: nil where none of many is free.
    public static func search(on host: String, from preferred: Int?) -> UInt16? {
        for attempt in 0..<triesMax {
            let candidate = preferred.map { $0 + attempt } ?? Int.random(in: range)
            guard let port = UInt16(exactly: candidate) else { break }
            if isFree(port, on: host) { return port }
        }
        return nil
    }

    /// So many ports, no two the same.
    /// - Returns: nil where there are not so many.
    public static func take(_ count: Int, on host: String = "127.0.0.1") -> [UInt16]? {
        var ports: [UInt16] = []
        while ports.count < count {
            guard let port = search(on: host, from: nil) else { return nil }
            if !ports.contains(port) { ports.append(port) }
        }
        return ports
    }

    /// Whether the port can be bound now.
    public static func isFree(_ port: UInt16, on host: String) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &name.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
