// `ringmaster submit`, `call` and `read`: a job, a call or a look at a key from the command line.

import ArgumentParser
import Foundation
import Ringmaster

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submit a durable job and print its reply.",
        discussion: """
            Applied exactly once where it is acknowledged. Status 75 means that no reply came in time: it may have been applied.

            \(BuiltInHandlers.help)

            \(ExitStatus.list)
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var job: JobArguments

    func run() async throws {
        try await job.perform(client) { client, argument throws(ClusterError) in
            try await client.submitRaw(job.job, key: Array(job.key.utf8), argument)
        }
    }
}

struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Run a handler on a key's state, keep nothing of what it does, print its reply.",
        discussion: "Run at most once, or with --idempotent at least once. Never durable.\n\n\(ExitStatus.list)"
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var job: JobArguments

    @Flag(help: "Send it again where a worker was lost: it may run more than once.")
    var idempotent = false

    func run() async throws {
        try await job.perform(client) { client, argument throws(ClusterError) in
            try await client.callRaw(job.job, key: Array(job.key.utf8), argument, isIdempotent: idempotent)
        }
    }
}

struct ReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Print the state of a key, linearizable; null where there is none.",
        discussion: ExitStatus.list
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The key.")
    var key: String

    func run() async throws {
        let client = try await Client(try client.configuration())
        let state: [UInt8]?
        do {
            state = try await client.readRaw(key: Array(key.utf8))
        } catch {
            await client.close()
            throw error
        }
        await client.close()
        try output.write(state ?? PlainValue.null.messagePack)
    }
}

/// What a job and a call take.
struct JobArguments: ParsableArguments {
    @OptionGroup var output: OutputOptions

    @Argument(help: "Name of the job's handler.")
    var job: String

    @Argument(help: "The key whose state it gets.")
    var key: String

    @Argument(help: "JSON, or a text as it stands; '-' reads bytes from standard input. Without it: null.")
    var argument: String?

    func perform(
        _ options: ClientOptions,
        _ body: (Client, [UInt8]) async throws(ClusterError) -> [UInt8]
    ) async throws {
        let configuration = try options.configuration()
        let argument = try encodedArgument()
        let client = try await Client(configuration)
        let reply: [UInt8]
        do throws(ClusterError) {
            reply = try await body(client, argument)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
        try output.write(reply)
    }

    private func encodedArgument() throws -> [UInt8] {
        switch argument {
        case nil: return PlainValue.null.messagePack
        case "-":
            let bytes = try FileHandle.standardInput.read(upToCount: Limits.payloadBytesMax + 1) ?? Data()
            guard bytes.count <= Limits.payloadBytesMax else {
                throw CommandFailure(
                    .usage,
                    "standard input has more than \(Limits.payloadBytesMax) bytes, the limit of an argument; send it in parts"
                )
            }
            return PlainValue.bytes(Array(bytes)).messagePack
        case let text?: return PlainValue(argument: text).messagePack
        }
    }
}

/// How a reply is printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Write the content of a text or byte string as it is, and anything else as the MessagePack it is.")
    var raw = false

    func write(_ reply: [UInt8]) throws {
        let value = try? PlainValue(messagePack: reply)
        guard raw else { return printNow((value ?? .bytes(reply)).json) }
        let bytes: [UInt8] =
            switch value {
            case .text(let text): Array(text.utf8)
            case .bytes(let bytes): bytes
            default: reply
            }
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
    }
}
