// A worker in a process of its own: it joins and leaves when it is told to, answers each line of its input with a line, and
// ends at once when nobody can send any more.

import AllocationCounter
import ArgumentParser
import BenchResults
import Foundation
import Logging
import Ringmaster
import RingmasterProtocol

struct WorkerChild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker-child", shouldDisplay: false)

    @Argument var order: String

    func run() async throws {
        let order = try JSONDecoder().decode(WorkerOrder.self, from: Data(order.utf8))
        let worker = Worker(
            WorkerConfiguration(
                name: try WorkerID(validating: order.name),
                coordinators: try order.coordinators.map { try Endpoint($0) }
            ),
            logger: Logger(label: "bench.worker") { _ in SwiftLogNoOpLogHandler() }
        )
        worker.handleRaw(BenchJob.overwrite) { state, argument, _ in
            state.bytes = argument
            return argument
        }
        worker.handleRaw(BenchJob.fill) { state, argument, job in
            let size = argument.withUnsafeBytes { Int(UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))) }
            state.bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: job.sequence), count: size)
            return []
        }
        rm_allocations_enable()
        var life: Task<Void, any Error>?
        while let line = readLine() {
            switch line {
            case "join":
                life = Task { try await worker.run() }
                try ChildLine.say("ok")
            case "leave":
                worker.leave()
                try await life?.value
                life = nil
                try ChildLine.say("ok")
            case "account": try ChildLine.say(json: ProcessAccount.current())
            case "status": try ChildLine.say(json: await worker.status)
            default: throw ChildError("a worker does not know '\(line)'")
            }
        }
    }
}
