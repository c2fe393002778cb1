// Ringmaster itself, as a user sets it up.

import Glibc
import Logging
import Measurement
import Ringmaster

struct RingmasterSystem: Alternative {
    let name = "ringmaster"

    func find() -> Description {
        Description(
            version: "this source tree, libzmq \(MessagingContext.libraryVersion)",
            settings: [
                .calls: "one RPCServer; its defaults",
                .jobs: "one coordinator with its log on disk (n=1, fsync), one worker; their defaults",
            ]
        )
    }

    func promise(_ work: Work) -> Promise? {
        switch work {
        case .calls: Promise(.atMostOnce, isSynced: false, replicas: 0, "a call is sent once; it is not kept")
        case .jobs:
            Promise(
                .exactlyOnce,
                isSynced: true,
                replicas: 1,
                "resends are told from new jobs by the client's session in the log"
            )
        }
    }

    func userSources(_ work: Work) -> [String] { ["Ringmaster/RingmasterService.swift"] }

    func start(_ instance: Instance) throws {
        switch instance.work {
        case .calls:
            _ = try instance.takePort("worker")
            try instance.startRole("worker")
        case .jobs:
            _ = try instance.takePort("coordinator")
            _ = try instance.takePort("worker")
            _ = try instance.makeDirectory("log")
            try instance.startRole("coordinator")
            try instance.startRole("worker")
        }
    }

    func serve(role: String, at address: Address, ready: () -> Void) async throws {
        switch (address.work, role) {
        case (.calls, _):
            let server = try await RPCServer(RingmasterService.calls(), at: Self.endpoint(address, "worker"))
            ready()
            await server.run()
        case (.jobs, "coordinator"):
            var configuration = CoordinatorConfiguration(
                endpoint: try Self.endpoint(address, "coordinator"),
                dataDirectory: address.directory + "/log"
            )
            configuration.name = "coordinator-1"
            let coordinator = try await Coordinator(configuration, logger: Self.quiet)
            ready()
            while true {
                try await Task.sleep(for: .seconds(3600))
                withExtendedLifetime(coordinator) {}
            }
        case (.jobs, _):
            let worker = Worker(
                WorkerConfiguration(
                    name: "worker-1",
                    coordinators: [try Self.endpoint(address, "coordinator")],
                    endpoint: try Self.endpoint(address, "worker")
                ),
                logger: Self.quiet
            )
            RingmasterService.addJobs(to: worker, keepsAllValues: address.keepsAllValues)
            ready()
            try await worker.run()
        }
    }

    func line(_ order: LineOrder) async throws -> any ClientLine {
        switch order.address.work {
        case .calls: try await RingmasterCallLine(order)
        case .jobs: try await RingmasterJobLine(order)
        }
    }

    static func endpoint(_ address: Address, _ name: String) throws -> Endpoint {
        try Endpoint("tcp://127.0.0.1:\(address.port(name))")
    }

    private static let quiet = Logger(label: "compare") { _ in SwiftLogNoOpLogHandler() }
}
