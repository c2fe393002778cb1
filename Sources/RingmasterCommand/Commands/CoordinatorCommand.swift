// `ringmaster coordinator`: one coordinator, in this process.

import ArgumentParser
import Foundation
import Logging
import Ringmaster

struct CoordinatorCommand: StoppableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Run one coordinator.",
        discussion: """
            Without --data the log is in memory: all is lost with the process, and there can be one coordinator only. With \
            --data and --peer (all coordinators, this one among them, the same list everywhere) the log is replicated. The list \
            founds the cluster; later changes of it are made with `ringmaster coordinators`, and a coordinator that is to be added \
            so is started with --joining. SIGTERM and Ctrl-C close it in order; a second one ends it at once.

            \(ExitStatus.list)
            """
    )

    @OptionGroup var config: ConfigOptions
    @OptionGroup(title: "Security") var security: SecurityOptions
    @OptionGroup(title: "Logs and metrics") var log: LogOptions
    @OptionGroup(title: "Logs and metrics") var metrics: MetricsOptions

    @Option(help: ArgumentHelp("Where to listen. (default: tcp://127.0.0.1:7400)", valueName: "endpoint"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Where others reach it, if not where it listens: behind a proxy or NAT. --peer names it so.",
            valueName: "endpoint"
        )
    )
    var advertise: String?

    @Option(
        help: ArgumentHelp("Where clients reach its publisher, if not where it publishes.", valueName: "endpoint")
    )
    var advertisePublisher: String?

    @Option(help: ArgumentHelp("Where to publish the ring; by default the same host, any port.", valueName: "endpoint"))
    var publish: String?

    @Option(help: ArgumentHelp("Directory of the log; without it the log is in memory.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Its number in the cluster, 1 or above. (default: 1)", valueName: "n"))
    var raftID: String?

    @Option(
        help: ArgumentHelp(
            "A coordinator of the cluster. Repeatable, or separated by commas.",
            valueName: "ID=ENDPOINT"
        )
    )
    var peer: [String] = []

    @Flag(inversion: .prefixedNo, help: "It is to be added to a cluster that runs, rather than to found one.")
    var joining: Bool?

    @Option(help: ArgumentHelp("Its name. (default: coordinator-<raft id>)", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp("What all processes of a cluster share and no two clusters do. (default: 1)", valueName: "n")
    )
    var clusterID: String?

    @Option(
        help: ArgumentHelp(
            "handoff, or barrier: every worker stops during a resize. (default: handoff)",
            valueName: "mode"
        )
    )
    var mode: String?

    @Option(help: ArgumentHelp("Slots of a new cluster's ring, a power of two. (default: 4096)", valueName: "n"))
    var slots: String?

    @Flag(help: .hidden) var supervised = false

    enum Mode: String, CaseIterable {
        case handoff, barrier
    }

    func run() async throws {
        let settings = try config.settings()
        let configuration = try configuration(settings)
        let address = try metrics.address(settings)
        let logger = try log.logger("ringmaster.coordinator", settings, process: configuration.name.name)
        let coordinator: Coordinator
        do {
            coordinator = try await Coordinator(configuration, logger: logger)
        } catch {
            throw CommandFailure(error) ?? CommandFailure(.cannotCreate, "the coordinator cannot start: \(error)")
        }
        let server = try address.map { address in
            try MetricsServer(at: address) { MetricsText.coordinator(await coordinator.status) }
        }
        logger.info(
            "coordinator listens",
            metadata: [
                "endpoint": "\(coordinator.endpoint)", "data": "\(configuration.dataDirectory ?? "(memory)")",
                "metrics": "\(server.map { "http://\($0.address)/metrics" } ?? "off")",
            ]
        )
        _ = await StopOrder.wait(isSupervised: supervised)
        logger.info("coordinator closes")
        await coordinator.close()
    }

    func configuration(_ settings: Settings) throws -> CoordinatorConfiguration {
        let raftID = UInt64(try settings.integer(.raftID, flag: raftID, in: 1...Int(Int32.max)) ?? 1)
        let keys = try security.keys(settings)
        var configuration = CoordinatorConfiguration(
            name: try settings.value(
                .name,
                flag: name,
                expecting: "a name of 1 to 64 bytes"
            ) { try? CoordinatorID(validating: $0) } ?? CoordinatorID(validating: "coordinator-\(raftID)"),
            raftID: raftID,
            endpoint: try settings.endpoint(.listen, flag: listen) ?? "tcp://127.0.0.1:7400",
            peers: try settings.list(.peer, flag: peer, expecting: "ID=ENDPOINT, as 1=tcp://10.0.0.1:7400", Self.peer),
            dataDirectory: try settings.text(.data, flag: data),
            clusterID: UInt64(try settings.integer(.clusterID, flag: clusterID, in: 1...Int.max) ?? 1)
        )
        configuration.isJoining = try settings.bool(.joining, flag: joining) ?? false
        configuration.publisherEndpoint = try settings.endpoint(.publish, flag: publish)
        configuration.advertisedEndpoint = try settings.endpoint(.advertise, flag: advertise)
        configuration.advertisedPublisherEndpoint =
            try settings.endpoint(.advertisePublisher, flag: advertisePublisher)
        configuration.resizeMode = try settings.choice(.mode, flag: mode, Mode.self) == .barrier ? .barrier : .handoff
        configuration.ringSize =
            try settings.value(
                .slots,
                flag: slots,
                expecting: "a power of two from 1 to \(RingLimits.slotsMax)"
            ) { Int($0).flatMap { try? RingSize(slotCount: $0) } } ?? .standard
        configuration.serverSecurity = keys.server
        configuration.clientSecurity = keys.client
        try check(configuration)
        return configuration
    }

    static func peer(_ text: String) -> CoordinatorConfiguration.Peer? {
        guard let separator = text.firstIndex(of: "="), let id = UInt64(text[..<separator]), id > 0,
            let endpoint = try? Endpoint(String(text[text.index(after: separator)...]))
        else { return nil }
        return CoordinatorConfiguration.Peer(raftID: id, endpoint: endpoint)
    }

    private func check(_ configuration: CoordinatorConfiguration) throws(CommandFailure) {
        let peers = configuration.peers
        guard peers.contains(where: { $0.raftID == configuration.raftID }) else {
            throw CommandFailure(
                .usage,
                "--peer names no coordinator with --raft-id \(configuration.raftID): the list has all of them, this one too"
            )
        }
        guard Set(peers.map(\.raftID)).count == peers.count, Set(peers.map(\.endpoint)).count == peers.count else {
            throw CommandFailure(.usage, "--peer names an id or endpoint twice: each coordinator has its own")
        }
        guard !configuration.isJoining || configuration.dataDirectory != nil else {
            throw CommandFailure(.usage, "--joining needs --data DIR: a log in memory cannot be one of several")
        }
        guard configuration.isJoining || ClusterFile.coordinatorCounts.contains(peers.count) else {
            throw CommandFailure(.usage, "\(peers.count) coordinators were given by --peer; run 1, 3 or 5")
        }
        guard configuration.dataDirectory != nil || peers.count == 1 else {
            throw CommandFailure(
                .usage,
                "\(peers.count) coordinators need --data DIR: a log in memory is not replicated. Give --data, or one coordinator"
            )
        }
        if let directory = configuration.dataDirectory {
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            } catch {
                throw CommandFailure(
                    .cannotCreate,
                    "the data directory '\(directory)' cannot be made: \(error.localizedDescription)"
                )
            }
        }
    }
}
