// A role of an alternative in a process of its own: a worker, or a server that is ours.

import Alternatives
import ArgumentParser
import Foundation

struct RoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "role", shouldDisplay: false)

    @Argument var alternative: String
    @Argument var role: String
    @Argument var address: String

    func run() async throws {
        guard let found = Alternatives.named(alternative) else {
            throw ValidationError("no alternative is \(alternative)")
        }
        let address = try JSONDecoder().decode(Address.self, from: Data(address.utf8))
        try await found.serve(role: role, at: address) {
            FileHandle.standardOutput.write(Data((Instance.readyText + "\n").utf8))
        }
    }
}
