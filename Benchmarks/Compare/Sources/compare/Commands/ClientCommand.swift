// The client's process: runs loads as it is told by lines of its input, and ends with it.

import Alternatives
import ArgumentParser
import Foundation

struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "client", shouldDisplay: false)

    func run() async throws {
        Clock.sharpenTimers()
        var nextID: UInt64 = 1
        while let line = readLine() {
            let order = try JSONDecoder().decode(MeasureOrder.self, from: Data(line.utf8))
            guard let alternative = Alternatives.named(order.alternative) else {
                throw ValidationError("no alternative is \(order.alternative)")
            }
            let client = try await alternative.line(order.line)
            var warmUp = order.plan
            warmUp.seconds = order.warmUpSeconds
            for (step, plan) in [("warm", warmUp), ("done", order.plan)] {
                let load = Load(plan, firstID: nextID)
                try await client.run(load)
                nextID = load.begun
                try Self.say(step)
                guard readLine() != nil else { return }
                if step == "done" { try Self.say(String(decoding: JSONEncoder().encode(load.finish()), as: UTF8.self)) }
            }
            await client.close()
        }
    }

    private static func say(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }
}

/// One measurement of a client.
struct MeasureOrder: Codable {
    var alternative: String
    var line: LineOrder
    var plan: LoadPlan
    var warmUpSeconds: Double
}
