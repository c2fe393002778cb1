// The socket in the data directory by which `resize` talks to `up`.

import Ringmaster

/// The orders that a supervisor takes, as an RPC service on an ipc socket: whoever may open the socket may give them.
enum ControlSocket {
    static let resize: RPCMethod = "supervisor.resize"
    static let children: RPCMethod = "supervisor.children"

    /// What came of a resize.
    struct Resized: Codable, Sendable {
        let joined: [String]
        let left: [String]
        let workers: Int
    }

    static func endpoint(in directory: String) throws(CommandFailure) -> Endpoint {
        do {
            return try Endpoint("ipc://\(directory)/control.sock")
        } catch {
            throw CommandFailure(
                .usage,
                "the path of --data '\(directory)' is too long for its control socket: \(error)"
            )
        }
    }

    /// Begins to take orders. That nobody else does is what keeps two supervisors from one directory.
    static func serve(_ supervisor: Supervisor, in directory: String) async throws(CommandFailure) -> RPCServer {
        var service = RPCService()
        service.handle(resize) { (count: Int) in
            let (joined, left) = try await supervisor.resize(to: count)
            return Resized(joined: joined, left: left, workers: await supervisor.file.workers.count)
        }
        service.handle(children) { () in await supervisor.reports }
        let endpoint = try endpoint(in: directory)
        do throws(TransportError) {
            return try await RPCServer(service, at: endpoint)
        } catch .addressInUse {
            throw CommandFailure(
                .cannotCreate,
                "another `ringmaster up` runs the cluster in '\(directory)'; end it, or choose another --data"
            )
        } catch {
            throw CommandFailure(error) ?? CommandFailure(.cannotCreate, error.description)
        }
    }
}
