// Workers on gRPC: each a C++ server on a port of its own, clients that go round all of them and try again as grpc.io's guides on
// load balancing, "Retry" and "Wait for Ready" say. gRPC keeps nothing: the lists are in a database of the workers.

import CGrpc

struct GrpcWorkers: WorkerService {
    let name = "grpc"
    /// None that a run could kill beside the workers: the database is a file.
    let servers: [String] = []

    static let append = "/compare.Lists/Append"
    static let read = "/compare.Lists/Read"
    /// What an answer may take, with all its retries: guides ask for a deadline, and name none.
    static let deadlineMs: Int64 = 5000
    /// Workers that clients know the ports of: resizes go two beyond those of the beginning.
    private static let portsMax = 16
    /// The retry policy is the example of gRPC's guide.
    static let config = """
        {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, \
        "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}
        """

    func find() -> ServiceDescription {
        ServiceDescription(
            version: GrpcClient.version,
            settings: """
                workers with a port each; clients with round_robin, wait_for_ready, a deadline of \(Self.deadlineMs) ms and a retry \
                policy for UNAVAILABLE of 4 attempts, 0.1 s to 1 s apart; lists in SQLite, write-ahead log, synchronised at each \
                commit
                """
        )
    }

    func promise(_ care: ServiceCare) -> ServicePromise? {
        switch care {
        case .recommended:
            ServicePromise(
                "an answer means that the job was done; a call that failed may have been done, once or more often",
                excluded: [
                    "duplicated-append":
                        "a call is tried again after UNAVAILABLE, whether the worker that died had done it or not"
                ]
            )
        case .idempotent:
            ServicePromise(
                "exactly once by the user's code: the database has each job's position, written with its effect, and clients ask again"
            )
        }
    }

    func startServers(_ instance: Instance) throws {
        for number in 1...Self.portsMax { _ = try instance.takePort("consumer-\(number)") }
        _ = try SQLiteLists(path: Self.database(instance.address))
    }

    func work(as worker: String, at address: Address, ready: () -> Void) throws {
        guard address.ports[worker] != nil else {
            throw AlternativeError.failed("grpc: \(worker) has no port: there are \(Self.portsMax) at the most")
        }
        let service = try GrpcWorkerService(
            port: address.port(worker),
            SQLiteLists(path: Self.database(address)),
            isIdempotent: address.care == .idempotent
        )
        ready()
        try service.run()
    }

    func client(_ name: String, at address: Address) -> any ServiceClient {
        let ports = (1...Self.portsMax).map { "127.0.0.1:\(address.port("consumer-\($0)"))" }
        return GrpcServiceClient(
            name,
            target: "ipv4:" + ports.joined(separator: ","),
            asksAgain: address.care == .idempotent
        )
    }

    private static func database(_ address: Address) -> String { address.directory + "/lists.db" }
}
