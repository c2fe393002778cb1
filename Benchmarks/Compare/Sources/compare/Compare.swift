// `compare`: Ringmaster and its alternatives at the same work, in turn. `bench compare` builds and runs it.

import ArgumentParser

@main
struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures Ringmaster beside its alternatives, in the same run.",
        subcommands: [
            RunCommand.self, ReportCommand.self, ChaosCommand.self, RoleCommand.self, ClientCommand.self,
            WorkerCommand.self,
            ServiceClientCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}
