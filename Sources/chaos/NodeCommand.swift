// `chaos node`: a process of a run. The run starts it; no person does.

import ArgumentParser
import ChaosKit

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "node", shouldDisplay: false)

    @Argument var order: String

    /// Before any other thread begins.
    func enterNamespace() throws {
        try NodeOrder(argument: order).enterNamespace()
    }

    func run() async throws {
        try await Node.run(NodeOrder(argument: order))
    }
}
