// The clients of a cluster in a process of their own: it says that it is ready, then follows each order of its input and
// answers with a line of JSON.

import AllocationCounter
import ArgumentParser
import BenchResults
import Foundation
import Ringmaster

struct ClusterClientChild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cluster-client-child", shouldDisplay: false)

    @Argument var order: String

    func run() async throws {
        let order = try JSONDecoder().decode(ClusterClientOrder.self, from: Data(order.utf8))
        var configuration = ClientConfiguration(coordinators: try order.coordinators.map { try Endpoint($0) })
        configuration.timeout = .seconds(30)
        var clients: [Client] = []
        for _ in 0..<order.sessions { clients.append(try await Client(configuration)) }
        try ChildLine.say("ready")
        rm_allocations_enable()
        var pings: Pings?
        while let line = readLine() {
            let load = try JSONDecoder().decode(ClusterLoadOrder.self, from: Data(line.utf8))
            switch load.pattern {
            case .pipelined: try ChildLine.say(json: try await ClusterLoad(clients, load).pipelined())
            case .sequential: try ChildLine.say(json: try await ClusterLoad(clients, load).sequential())
            case .fill: try ChildLine.say(json: try await ClusterLoad(clients, load).fill())
            case .beginPings:
                pings = Pings(clients, load)
                try ChildLine.say("ok")
            case .endPings: try ChildLine.say(json: await pings?.end() ?? PingReport())
            }
        }
        for client in clients { await client.close() }
    }
}
