// RabbitMQ: calls over a classic queue with direct reply-to; jobs over a quorum queue with publisher confirms, acknowledged by a
// worker once its own file holds their effect. RabbitMQ keeps messages, not states: the file is the user's own.

import CRabbitMQ
import Foundation

struct RabbitMQ: Alternative {
    let name = "rabbitmq"
    private static let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

    func find() throws -> Description {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw AlternativeError.missing(what: "rabbitmq-server", alternative: name)
        }
        let version = Alternatives.output(of: ["/usr/bin/dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"])
        return Description(
            version: "RabbitMQ \(version), librabbitmq \(String(cString: amqp_version()))",
            settings: [
                .calls: "classic queue in memory, consumer without acknowledgements, direct reply-to; no heartbeats",
                .jobs: """
                quorum queue of one node, persistent messages, publisher confirms, prefetch \
                \(RabbitMQAppendService.batchMax); the worker's file is synchronised once a batch
                """,
            ]
        )
    }

    func promise(_ work: Work) -> Promise? {
        switch work {
        case .calls:
            Promise(.atMostOnce, isSynced: false, replicas: 0, "a request that a worker was sent is lost with it")
        case .jobs:
            Promise(
                .exactlyOnceByUserCode,
                isSynced: true,
                replicas: 1,
                "the worker's file keeps the effect and each client's last job of a key; without that, at least once"
            )
        }
    }

    func userSources(_ work: Work) -> [String] {
        work == .calls
            ? ["RabbitMQ/RabbitMQEchoService.swift"]
            : ["RabbitMQ/RabbitMQAppendService.swift", "RabbitMQ/AppendJournal.swift"]
    }

    func start(_ instance: Instance) throws {
        let (port, names, nodes) = (
            try instance.takePort("rabbitmq"), try instance.takePort("epmd"), try instance.takePort("nodes")
        )
        let home = try instance.makeDirectory("home")
        let data = try instance.makeDirectory("data")
        let settings = try instance.write("listeners.tcp.local = 127.0.0.1:\(port)\n", to: "rabbitmq.conf")
        let plugins = try instance.write("[].\n", to: "plugins")
        let epmd = try instance.start(
            "epmd",
            [try Alternatives.program("epmd", for: name), "-port", "\(names)", "-address", "127.0.0.1"]
        )
        try epmd.waitUntilListening(on: names)
        let server = try instance.start(
            "rabbitmq",
            [Self.program],
            environment: [
                "HOME": home, "ERL_EPMD_PORT": "\(names)", "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODENAME": "compare\(port)@localhost", "RABBITMQ_DIST_PORT": "\(nodes)",
                "RABBITMQ_CONFIG_FILE": settings, "RABBITMQ_ENABLED_PLUGINS_FILE": plugins,
                "RABBITMQ_MNESIA_BASE": data, "RABBITMQ_LOG_BASE": data, "RABBITMQ_PID_FILE": data + "/pid",
                "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                // Has the script become the server, rather than start it as a child that would outlive it.
                "RABBITMQ_ALLOW_INPUT": "1",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
            ]
        )
        try server.waitUntilListening(on: port)
        try instance.startRole("worker")
    }

    func serve(role: String, at address: Address, ready: () -> Void) throws {
        let channel = try RabbitMQChannel(port: address.port("rabbitmq"))
        switch address.work {
        case .calls: try RabbitMQEchoService.run(channel, ready: ready)
        case .jobs:
            try RabbitMQAppendService(channel, journal: address.directory + "/journal").run(ready: ready)
        }
    }

    func line(_ order: LineOrder) throws -> any ClientLine { try RabbitMQLine(order) }
}
