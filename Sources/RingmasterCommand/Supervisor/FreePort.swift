// A port for a process that a command starts, or the reason why there is none.

import Ringmaster

extension FreePort {
    /// The preferred port or one of the next ones; nil takes any.
    package static func find(on host: String, preferred: Int?) throws(CommandFailure) -> UInt16 {
        if let port = search(on: host, from: preferred) { return port }
        throw CommandFailure(
            .cannotCreate,
            "no free port on \(host)\(preferred.map { " from \($0) on" } ?? ""); choose another --port, or --port 0 for any"
        )
    }
}
