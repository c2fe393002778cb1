// Workers on RabbitMQ: jobs in a quorum queue, published with confirms, consumed with a prefetch and acknowledged after the work
// (rabbitmq.com, "Reliability Guide", "Consumer Acknowledgements and Publisher Confirms"). RabbitMQ keeps messages, not states: the
// lists are in a database of the workers.

import CRabbitMQ
import Foundation

struct RabbitMQWorkers: WorkerService {
    let name = "rabbitmq"
    let servers = ["rabbitmq"]
    private static let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

    static let jobs = "jobs"
    static let prefetch = 16

    func find() throws -> ServiceDescription {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw AlternativeError.missing(what: "rabbitmq-server", alternative: name)
        }
        let version = Alternatives.output(of: ["/usr/bin/dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"])
        return ServiceDescription(
            version: "RabbitMQ \(version), librabbitmq \(String(cString: amqp_version()))",
            settings: """
                quorum queues of one node for jobs and for each client's replies, persistent messages, publisher confirms, prefetch \
                \(Self.prefetch), acknowledged after the work; lists in SQLite, write-ahead log, synchronised at each commit
                """
        )
    }

    func promise(_ care: ServiceCare) -> ServicePromise? {
        switch care {
        case .recommended:
            ServicePromise(
                "at least once: nothing acknowledged is lost, a job may be done again",
                excluded: [
                    "duplicated-append":
                        "at least once: a job is done again where its worker died before its acknowledgement, or a confirm was lost"
                ]
            )
        case .idempotent:
            ServicePromise(
                "exactly once by the user's code: the database has each job's position, written with its effect"
            )
        }
    }

    func startServers(_ instance: Instance) throws {
        let port = try instance.takePort("rabbitmq")
        let (names, nodes) = (try instance.takePort("epmd"), try instance.takePort("nodes"))
        let (home, data) = (try instance.makeDirectory("home"), try instance.makeDirectory("data"))
        let settings = try instance.write("listeners.tcp.local = 127.0.0.1:\(port)\n", to: "rabbitmq.conf")
        let plugins = try instance.write("[].\n", to: "plugins")
        let daemon = try instance.start(
            "epmd",
            [try Alternatives.program("epmd", for: name), "-port", "\(names)", "-address", "127.0.0.1"]
        )
        try daemon.waitUntilListening(on: names)
        let server = try instance.start(
            "rabbitmq",
            [Self.program],
            environment: [
                "HOME": home, "ERL_EPMD_PORT": "\(names)", "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODENAME": "chaos\(port)@localhost", "RABBITMQ_DIST_PORT": "\(nodes)",
                "RABBITMQ_CONFIG_FILE": settings, "RABBITMQ_ENABLED_PLUGINS_FILE": plugins,
                "RABBITMQ_MNESIA_BASE": data, "RABBITMQ_LOG_BASE": data, "RABBITMQ_PID_FILE": data + "/pid",
                "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            ]
        )
        try server.waitUntilListening(on: port)
        let channel = try RabbitMQServiceChannel(port: port)
        try channel.declare(Self.jobs)
        _ = try SQLiteLists(path: Self.database(instance.address))
    }

    func work(as worker: String, at address: Address, ready: () -> Void) throws {
        let lists = try SQLiteLists(path: Self.database(address))
        var isReady = false
        while !StopRequest.hasCome {
            do {
                let channel = try RabbitMQServiceChannel(port: address.port("rabbitmq"))
                let service = RabbitMQWorkerService(channel, lists, isIdempotent: address.care == .idempotent)
                try service.begin()
                if !isReady { ready() }
                isReady = true
                try service.run()
            } catch {
                // The server is away, or has just come back.
                usleep(50_000)
            }
        }
    }

    func client(_ name: String, at address: Address) -> any ServiceClient {
        RabbitMQServiceClient(name, port: address.port("rabbitmq"))
    }

    private static func database(_ address: Address) -> String { address.directory + "/lists.db" }
}
