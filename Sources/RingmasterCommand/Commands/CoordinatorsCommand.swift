// `ringmaster coordinators add` and `remove`: who keeps the log of a cluster that runs.

import ArgumentParser
import Ringmaster

struct CoordinatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinators",
        abstract: "Add coordinators to a cluster that runs, and remove them.",
        discussion: """
            One at a time, while jobs go on. To replace a machine: add the new coordinator, then remove the old one. An odd \
            number of coordinators is best: four survive no more deaths than three.

            \(ExitStatus.list)
            """,
        subcommands: [Add.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a coordinator that runs; returns when it has caught up and votes.",
            discussion: """
                Start it first, with an empty directory: ringmaster coordinator --joining --raft-id ID --listen ENDPOINT --data DIR. \
                To add one that is there already changes nothing, so what took too long can be asked for again; with a large \
                state, give --timeout.

                \(ExitStatus.list)
                """
        )

        @OptionGroup var client: ClientOptions

        @Argument(
            help: ArgumentHelp(
                "Its number, which no coordinator of the cluster ever had, and where it listens.",
                valueName: "ID=ENDPOINT"
            )
        )
        var coordinator: String

        func run() async throws {
            guard let peer = CoordinatorCommand.peer(coordinator) else {
                throw CommandFailure(
                    .usage,
                    "'\(coordinator)' names no coordinator; expected ID=ENDPOINT, as 4=tcp://10.0.0.4:7400"
                )
            }
            let admin = try await ClusterAdmin(try client.configuration())
            try await admin.addCoordinator(raftID: peer.raftID, endpoint: peer.endpoint)
            printNow("coordinator \(peer.raftID) at \(peer.endpoint) takes part")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove a coordinator, whether it runs or not; the leader also.",
            discussion: """
                Returns when the others go on without it. End its process then, if it runs; its directory is of no more use, and \
                its number is never given to another.

                \(ExitStatus.list)
                """
        )

        @OptionGroup var client: ClientOptions

        @Argument(help: ArgumentHelp("Its number, as --raft-id gave it.", valueName: "ID"))
        var raftID: UInt64

        func run() async throws {
            let admin = try await ClusterAdmin(try client.configuration())
            try await admin.removeCoordinator(raftID: raftID)
            printNow("coordinator \(raftID) is removed; end its process")
        }
    }
}
