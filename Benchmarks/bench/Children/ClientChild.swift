// The client's process: says that it is ready, then runs the load of each line that it is sent and answers with a report.

import AllocationCounter
import ArgumentParser
import BenchResults
import Foundation

struct ClientChild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "client-child", shouldDisplay: false)

    @Argument var order: String

    func run() async throws {
        let order = try JSONDecoder().decode(ClientOrder.self, from: Data(order.utf8))
        switch order.variant {
        case .swift:
            let client = try await SwiftClient(order)
            try await serve { try await client.run($0) }
            await client.close()
        case .rawC:
            let client = RawClient(order)
            try await serve { try client.run($0) }
        case .libraft, .quiet: throw ChildError("no client is \(order.variant.rawValue)")
        }
    }

    private func serve(_ run: (LoadOrder) async throws -> LoadReport) async throws {
        try say("ready")
        rm_allocations_enable()
        while let line = readLine() {
            let load = try JSONDecoder().decode(LoadOrder.self, from: Data(line.utf8))
            let report = try await run(load)
            try say(String(decoding: JSONEncoder().encode(report), as: UTF8.self))
        }
    }

    private func say(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }
}
