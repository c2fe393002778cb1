// All that can be compared, in the order of the tables.

import Foundation

public enum Alternatives {
    public static let all: [any Alternative] = [
        RingmasterSystem(), RawLibzmq(), Redis(), RedisPing(), NATS(), RabbitMQ(), Flask(), Etcd(), GrpcSystem(), Nng(),
    ]

    public static func named(_ name: String) -> (any Alternative)? { all.first { $0.name == name } }

    /// The folder of this module's sources, for counting what a user writes.
    static let sources = URL(filePath: #filePath).deletingLastPathComponent()

    /// A program in the usual places.
    /// - Throws: `AlternativeError.missing`.
    static func program(_ name: String, for alternative: String) throws -> String {
        for folder in ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin"] {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw AlternativeError.missing(what: name, alternative: alternative)
    }

    /// What a program prints, as for `--version`.
    static func output(of command: [String], environment: [String: String] = [:]) -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        guard (try? process.run()) != nil else { return "" }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
