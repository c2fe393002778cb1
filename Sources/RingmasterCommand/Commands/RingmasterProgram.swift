// `ringmaster`: the list of its commands.

import ArgumentParser

struct RingmasterProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ringmaster",
        abstract: "Runs and steers a cluster of durable, exactly-once jobs.",
        discussion: """
            To begin: `ringmaster up`, and in another terminal `ringmaster submit add visits 1`.

            \(Setting.precedence)

            \(ExitStatus.list)
            """,
        version: "1.0.0",
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [UpCommand.self, CoordinatorCommand.self, WorkerCommand.self]),
            CommandGroup(
                name: "Steer",
                subcommands: [ResizeCommand.self, LeaveCommand.self, SnapshotCommand.self, CoordinatorsCommand.self]
            ),
            CommandGroup(name: "Use", subcommands: [SubmitCommand.self, ReadCommand.self, CallCommand.self]),
            CommandGroup(name: "Look", subcommands: [StatusCommand.self, TopCommand.self, VerifyCommand.self]),
            CommandGroup(name: "Prepare", subcommands: [KeygenCommand.self]),
        ]
    )
}
