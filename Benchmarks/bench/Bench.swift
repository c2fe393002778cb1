// `bench`: measures Ringmaster beside raw C and says what came of it.

import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures Ringmaster beside the same work in plain C, in the same run.",
        discussion: """
            Starts real server and client processes of its own on loopback, drives them through the public Swift API and
            through libzmq and msgpack-c in turn, and writes tables, plots and a report to results/<name>/.
            """,
        subcommands: [
            RunCommand.self, ReportCommand.self, CompareCommand.self, CompareRunsCommand.self, ServerChild.self,
            ClientChild.self, CoordinatorChild.self, WorkerChild.self, ClusterClientChild.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}
