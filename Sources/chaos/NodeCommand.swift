// `chaos node`: a process of a run. The run starts it; no person does.

import ArgumentParser
import ChaosKit

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "node", shouldDisplay: false)

    @Argument var order: String

    func run() async throws {
        try await Node.run(NodeOrder(argument: order))
    }
}
