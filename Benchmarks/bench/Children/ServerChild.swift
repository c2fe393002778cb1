// The server's process. It prints its endpoint, then an account for each byte that it is sent, and ends when nobody can
// send any more: a parent that dies leaves no server behind.

import AllocationCounter
import ArgumentParser
import BenchResults
import Foundation
import RawBaseline
import Ringmaster

struct ServerChild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "server-child", shouldDisplay: false)

    @Argument var order: String

    func run() async throws {
        let order = try JSONDecoder().decode(ServerOrder.self, from: Data(order.utf8))
        switch order.variant {
        case .swift: try await runSwift(order)
        case .rawC: try runRaw(order)
        case .libraft, .quiet: throw ChildError("no server is \(order.variant.rawValue)")
        }
    }

    private func runSwift(_ order: ServerOrder) async throws {
        var service = RPCService()
        service.handleRaw("echo") { request, reply in reply.send(request) }
        var configuration = RPCServerConfiguration()
        configuration.coalescing = order.coalesced
        let server = try await RPCServer(service, at: Endpoint(order.endpoint), configuration: configuration)
        try Self.say(server.endpoint.text)
        try Self.accountUntilTold()
        await server.shutDown()
    }

    private func runRaw(_ order: ServerOrder) throws {
        let stop = Pipe()
        let thread = Thread {
            let status = order.endpoint.withCString { endpoint in
                var options = raw_server_options()
                options.endpoint = endpoint
                options.frames_per_message_max = order.coalesced ? 128 : 1
                options.stop_descriptor = stop.fileHandleForReading.fileDescriptor
                options.bound = { _, endpoint in try? ServerChild.say(String(cString: endpoint!)) }
                return raw_server_run(&options)
            }
            guard status == 0 else {
                FileHandle.standardError.write(Data("raw C server: \(String(cString: strerror(-status)))\n".utf8))
                Foundation.exit(1)
            }
        }
        thread.start()
        try Self.accountUntilTold()
        try stop.fileHandleForWriting.close()
    }

    private static func say(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Answers each byte of its input with an account. Waiting allocates nothing, so that what is counted is the server's.
    private static func accountUntilTold() throws {
        rm_allocations_enable()
        var byte: UInt8 = 0
        while true {
            let size = read(STDIN_FILENO, &byte, 1)
            if size < 0, errno == EINTR { continue }
            guard size == 1 else { return }
            // Reading the account switches the counter on again when it is done.
            let account = ProcessAccount.current()
            rm_allocations_disable()
            try say(String(decoding: JSONEncoder().encode(account), as: UTF8.self))
            rm_allocations_enable()
        }
    }
}
