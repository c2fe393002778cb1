// A private instance of a system: its servers and workers, on ports of their own, with their data in a directory of their own.

import Foundation
import Ringmaster

/// What `Alternative.start` fills, and a chaos run kills parts of. Nothing of it is left when it has ended.
public final class Instance {
    /// Of the alternative.
    public let name: String
    public private(set) var address: Address
    /// By name, in the order in which they were started.
    public private(set) var processes: [(name: String, process: ServerProcess)] = []
    private var commands: [String: (words: [String], environment: [String: String])] = [:]
    private let directory: URL
    /// What this program is started with to run a role: what comes between its path and the role's name.
    private let roleWords: [String]

    /// An instance with nothing running yet.
    /// - Parameter place: A directory on a disk, in which it makes one of its own.
    public convenience init(
        _ alternative: any Alternative,
        _ work: Work,
        in place: URL,
        keepsAllValues: Bool = false
    ) throws {
        try self.init(alternative.name, work, in: place, keepsAllValues, nil, ["role", alternative.name]) {
            try alternative.start($0)
        }
    }

    /// The servers of a worker service, with no worker yet.
    public convenience init(_ service: any WorkerService, _ care: ServiceCare, in place: URL) throws {
        try self.init(service.name, .jobs, in: place, true, care, ["worker", service.name]) {
            try service.startServers($0)
        }
    }

    private init(
        _ name: String,
        _ work: Work,
        in place: URL,
        _ keepsAllValues: Bool,
        _ care: ServiceCare?,
        _ roleWords: [String],
        _ start: (Instance) throws -> Void
    ) throws {
        self.name = name
        self.roleWords = roleWords
        directory = place.appending(path: "\(name)-\(work.rawValue)-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        address = Address(
            work: work,
            ports: [:],
            directory: directory.path(percentEncoded: false),
            keepsAllValues: keepsAllValues,
            care: care
        )
        do {
            try start(self)
        } catch {
            end()
            throw error
        }
    }

    deinit { end() }

    public var work: Work { address.work }

    /// A free port on 127.0.0.1, which the address knows by this name.
    public func takePort(_ name: String) throws -> Int {
        var taken: UInt16
        repeat {
            guard let port = FreePort.search(on: "127.0.0.1", from: nil) else {
                throw AlternativeError.failed("no port is free on 127.0.0.1")
            }
            taken = port
        } while address.ports.values.contains(taken)
        address.ports[name] = taken
        return Int(taken)
    }

    /// A directory in the instance's own.
    public func makeDirectory(_ name: String) throws -> String {
        let made = directory.appending(path: name)
        try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
        return made.path(percentEncoded: false)
    }

    /// Writes a file in the instance's directory, and gives its path.
    public func write(_ text: String, to name: String) throws -> String {
        let file = directory.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path(percentEncoded: false)
    }

    /// Starts a program; `command[0]` is its whole path.
    @discardableResult
    public func start(_ name: String, _ command: [String], environment: [String: String] = [:]) throws -> ServerProcess
    {
        commands[name] = (command, environment)
        return try startAgain(name)
    }

    /// Starts a role of the alternative in a process, and waits until it is ready.
    @discardableResult
    public func startRole(_ role: String) throws -> ServerProcess {
        let process = try beginRole(role)
        try process.waitUntilLogged(Self.readyText)
        return process
    }

    /// Starts a role without waiting for it; `ServerProcess.hasLogged` tells when it is ready.
    @discardableResult
    public func beginRole(_ role: String) throws -> ServerProcess {
        let order = String(decoding: try JSONEncoder().encode(address), as: UTF8.self)
        commands[role] = ([Self.program] + roleWords + [role, order], [:])
        return try startAgain(role)
    }

    /// Starts this program with other words, as a process of the instance.
    @discardableResult
    public func beginOwn(_ name: String, _ words: [String]) throws -> ServerProcess {
        return try start(name, [Self.program] + words)
    }

    /// The program that runs roles, workers and clients: this one, but where a test's runner is this one. Set before any instance.
    public nonisolated(unsafe) static var program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(
        percentEncoded: false
    )

    /// What a role prints when it is ready.
    public static let readyText = "role is ready"

    /// Starts what was started under this name once more, with the same command: after it was killed.
    @discardableResult
    public func startAgain(_ name: String) throws -> ServerProcess {
        guard let command = commands[name] else { preconditionFailure("\(name) was never started") }
        let log = directory.appending(path: "\(name).log")
        // What it said in an earlier life would be taken for readiness.
        try? FileManager.default.removeItem(at: log)
        let process = try ServerProcess(
            "\(self.name)'s \(name)",
            command.words,
            environment: command.environment,
            directory: address.directory,
            log: log
        )
        processes.removeAll { $0.name == name }
        processes.append((name, process))
        return process
    }

    /// Of each process that should run and does not: its name and the end of its log.
    public var ended: [String] {
        processes.compactMap { $0.process.isRunning ? nil : "\($0.name) has ended\n\($0.process.logEnd)" }
    }

    /// - Precondition: It was started.
    public func process(_ name: String) -> ServerProcess {
        guard let found = processes.first(where: { $0.name == name }) else { preconditionFailure("no \(name) runs") }
        return found.process
    }

    /// Ends everything, workers before their servers, and removes the data.
    public func end() {
        for (_, process) in processes.reversed() { process.end() }
        processes = []
        try? FileManager.default.removeItem(at: directory)
    }
}
