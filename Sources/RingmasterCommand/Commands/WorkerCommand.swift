// `ringmaster worker`, also called `join`: one worker with the built-in jobs, in this process.

import ArgumentParser
import Foundation
import Logging
import Ringmaster

struct WorkerCommand: StoppableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run one worker, which joins the cluster.",
        discussion: """
            `ringmaster join` is the same: a worker joins by being started. SIGTERM, Ctrl-C and `ringmaster leave NAME` have it \
            drain, hand its slots over and end with status 0; a second signal ends it at once, and the cluster takes its slots \
            back by itself.

            \(BuiltInHandlers.help)

            \(ExitStatus.list)
            """,
        aliases: ["join"]
    )

    /// What it tries to leave for once its supervisor is gone.
    private static let orphanLeaveTimeout: Duration = .seconds(3)

    @OptionGroup var config: ConfigOptions
    @OptionGroup(title: "Security") var security: SecurityOptions
    @OptionGroup(title: "Logs and metrics") var log: LogOptions
    @OptionGroup(title: "Logs and metrics") var metrics: MetricsOptions

    @Option(
        help: ArgumentHelp(
            "Coordinators: one that answers is enough. (default: tcp://127.0.0.1:7400)",
            valueName: "endpoints"
        )
    )
    var cluster: [String] = []

    @Option(help: ArgumentHelp("Its name, its own for ever. (default: <host>-<process>)", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Where clients and coordinators reach it: an address of this machine. (default: tcp://127.0.0.1:*)",
            valueName: "endpoint"
        )
    )
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Where they reach it, if not where it listens: behind a proxy or NAT.",
            valueName: "endpoint"
        )
    )
    var advertise: String?

    @Option(help: ArgumentHelp("Its share of the slots, in proportion to the others'. (default: 1)", valueName: "n"))
    var weight: String?

    @Option(
        help: ArgumentHelp(
            "What leaving may take before it ends all the same, with status 75. (default: 30s)",
            valueName: "time"
        )
    )
    var leaveTimeout: String?

    @Flag(help: .hidden) var supervised = false

    func run() async throws {
        let settings = try config.settings()
        let configuration = try configuration(settings)
        let address = try metrics.address(settings)
        let logger = try log.logger("ringmaster.worker", settings, process: configuration.name.name)
        let worker = Worker(configuration, logger: logger)
        BuiltInHandlers.add(to: worker)
        let server = try address.map { address in
            try MetricsServer(at: address) { MetricsText.worker(await worker.status) }
        }
        logger.info(
            "worker starts",
            metadata: [
                "cluster": "\(configuration.coordinators.map(\.text).joined(separator: ","))",
                "metrics": "\(server.map { "http://\($0.address)/metrics" } ?? "off")",
            ]
        )
        let stop = Task.detached { [supervised] in
            let reason = await StopOrder.wait(isSupervised: supervised)
            logger.info("worker leaves: it drains and hands its slots over")
            // With its supervisor the coordinators may be gone as well.
            worker.leave(within: reason == .supervisorGone ? Self.orphanLeaveTimeout : nil)
        }
        defer { stop.cancel() }
        do {
            try await worker.run()
        } catch {
            throw CommandFailure(error) ?? CommandFailure(.cannotCreate, "the worker cannot start: \(error)")
        }
        logger.info("worker has left")
    }

    func configuration(_ settings: Settings) throws -> WorkerConfiguration {
        let keys = try security.keys(settings)
        let id = try settings.value(.name, flag: name, expecting: "a name of 1 to \(RingLimits.workerIDBytesMax) bytes")
        {
            try? WorkerID(validating: $0)
        }
        let host = ProcessInfo.processInfo.hostName.prefix(40)
        var configuration = WorkerConfiguration(
            name: try id ?? WorkerID(validating: "\(host)-\(ProcessInfo.processInfo.processIdentifier)"),
            coordinators: try settings.endpoints(.cluster, flag: cluster) ?? ["tcp://127.0.0.1:7400"],
            endpoint: try settings.endpoint(.listen, flag: listen) ?? "tcp://127.0.0.1:*"
        )
        configuration.advertisedEndpoint = try settings.endpoint(.advertise, flag: advertise)
        configuration.weight = try settings.integer(.weight, flag: weight, in: 1...RingLimits.weightMax) ?? 1
        if let limit = try settings.duration(.leaveTimeout, flag: leaveTimeout, atMost: .seconds(3600)) {
            configuration.leaveTimeout = limit
        }
        configuration.serverSecurity = keys.server
        configuration.clientSecurity = keys.client
        let told = configuration.advertisedEndpoint ?? configuration.endpoint
        for everywhere in ["tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:"] where told.text.hasPrefix(everywhere) {
            throw CommandFailure(
                .usage,
                "\(told) names no machine: the cluster tells it to clients. Give the address they reach by --listen or --advertise"
            )
        }
        return configuration
    }
}
