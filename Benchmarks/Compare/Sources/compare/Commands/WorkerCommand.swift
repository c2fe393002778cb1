// A worker of a service in a process of its own, and a client of it: what a chaos run starts, kills and starts again.

import Alternatives
import ArgumentParser
import Foundation
import TargetRuns

struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @Argument var service: String
    @Argument var worker: String
    @Argument var address: String

    func run() throws {
        guard let found = WorkerServices.named(service) else { throw ValidationError("no service is \(service)") }
        StopRequest.listen()
        let address = try JSONDecoder().decode(Address.self, from: Data(address.utf8))
        try found.work(as: worker, at: address, ready: Self.sayReady)
    }

    static func sayReady() {
        FileHandle.standardOutput.write(Data((Instance.readyText + "\n").utf8))
    }
}

struct ServiceClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "service-client", shouldDisplay: false)

    @Argument var order: String

    func run() throws {
        Clock.sharpenTimers()
        StopRequest.listen()
        let load = try ServiceLoad(JSONDecoder().decode(ServiceLoadOrder.self, from: Data(order.utf8)))
        WorkerCommand.sayReady()
        load.run()
    }
}
