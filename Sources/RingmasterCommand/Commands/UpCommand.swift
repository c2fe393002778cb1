// `ringmaster up`: a whole cluster on this machine, and `resize`, which asks it for more or fewer workers.

import ArgumentParser
import Foundation
import Glibc
import Ringmaster

struct UpCommand: StoppableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a whole cluster on this machine.",
        discussion: """
            Starts coordinators and workers as processes of their own, and starts those again that die. Run again with the same \
            --data it comes back with its state, names and ports. Ctrl-C or SIGTERM ends all of it in order; a second one kills.

            --replicas 0 keeps the log in memory: fast, and gone with the process. Otherwise it equals the number of coordinators, \
            and what is acknowledged is on so many disks (written out with fsync).

            \(BuiltInHandlers.help)

            \(ExitStatus.list)
            """
    )

    static let dataStandard = "ringmaster-data"
    private static let settleTimeout: Duration = .seconds(20)

    @OptionGroup var config: ConfigOptions
    @OptionGroup(title: "Security") var security: SecurityOptions
    @OptionGroup(title: "Logs and metrics") var log: LogOptions

    @Option(help: ArgumentHelp("1, 3 or 5. (default: as --replicas, or 1)", valueName: "n"))
    var coordinators: String?

    @Option(help: ArgumentHelp("0 to \(ClusterFile.workersMax). (default: as last time, or 2)", valueName: "n"))
    var workers: String?

    @Option(help: ArgumentHelp("0 for memory only, else the number of coordinators. (default: 1)", valueName: "n"))
    var replicas: String?

    @Option(help: ArgumentHelp("Directory of the cluster. (default: \(dataStandard))", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Port of the first coordinator; 0 takes any. (default: 7400)", valueName: "port"))
    var port: String?

    @Option(help: ArgumentHelp("IPv4 address of this machine to listen on. (default: 127.0.0.1)", valueName: "address"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Port of the first coordinator's metrics; workers' from 10 above. (default: off)",
            valueName: "port"
        )
    )
    var metrics: String?

    func run() async throws {
        let settings = try config.settings()
        let directory = try self.directory(settings)
        let present = try ClusterFile.read(in: directory)
        let wish = try wish(settings)
        let file = try wish.plan(over: present, in: directory, clusterID: .random(in: 1...UInt64(Int.max))) {
            preferred throws(CommandFailure) in
            try FreePort.find(on: wish.host ?? present?.host ?? "127.0.0.1", preferred: preferred)
        }
        let keys = try security.keys(settings)
        let plan = ChildPlan(
            directory: directory,
            shared: try sharedFlags(settings),
            metricsPort: try settings.integer(.metrics, flag: metrics, in: 1...60_000)
        )
        var client = ClientConfiguration(
            coordinators: try file.coordinatorEndpoints.map { text throws(TransportError) in try Endpoint(text) }
        )
        client.security = keys.client
        let (hopeless, continuation) = AsyncStream<CommandFailure>.makeStream()
        let supervisor = Supervisor(
            file,
            plan: plan,
            isAnyPort: wish.port == 0,
            admin: try await ClusterAdmin(client),
            say: { printNow($0) },
            hopeless: continuation
        )
        let control = try await ControlSocket.serve(supervisor, in: directory)
        do {
            try await supervisor.start()
        } catch {
            await supervisor.kill()
            throw error
        }
        let introduction = Task {
            await introduce(supervisor, directory, file, keys: try? settings.text(.key, flag: security.key))
        }
        let failure = await waitForEnd(of: supervisor, hopeless)
        introduction.cancel()
        printNow("ending: workers hand over, then coordinators close (again to kill)")
        await supervisor.stop()
        await control.shutDown(grace: .zero)
        printNow("ended")
        if let failure { throw failure }
    }

    /// Waits for a signal, or for a child that cannot run. From then on a signal kills.
    private func waitForEnd(
        of supervisor: Supervisor,
        _ hopeless: AsyncStream<CommandFailure>
    ) async -> CommandFailure? {
        enum Event {
            case signal(Int32), hopeless(CommandFailure)
        }
        let (events, continuation) = AsyncStream<Event>.makeStream()
        let signals = StopSignals.stream()
        Task.detached { for await signal in signals { continuation.yield(.signal(signal)) } }
        Task.detached { for await failure in hopeless { continuation.yield(.hopeless(failure)) } }
        var iterator = events.makeAsyncIterator()
        let first = await iterator.next()
        Task.detached {
            for await event in events {
                guard case .signal(let signal) = event else { continue }
                await supervisor.kill()
                Glibc.exit(128 + signal)
            }
        }
        if case .hopeless(let failure) = first { return failure }
        return nil
    }

    private func introduce(_ supervisor: Supervisor, _ directory: String, _ file: ClusterFile, keys: String?) async {
        let isSettled = await supervisor.waitUntilSettled(within: Self.settleTimeout)
        guard !Task.isCancelled else { return }
        var table = Columns(["PROCESS", "PID", "ENDPOINT"], numbers: [1])
        for child in await supervisor.reports { table.add([child.name, "\(child.pid)", child.endpoint]) }
        let durability =
            file.replicas == 0 ? "in memory" : "on \(file.replicas) disk\(file.replicas > 1 ? "s" : ""), fsync"
        let flags =
            "--cluster \(file.coordinatorEndpoints.joined(separator: ","))" + (keys.map { " --key \($0)" } ?? "")
        printNow(
            table.lines.joined(separator: "\n") + """


                replicas \(file.replicas): the log is \(durability). Data in \(directory)
                \(isSettled ? "ready" : "not all of them are ready yet; see `ringmaster status`"). Try:
                  ringmaster submit add visits 1 \(flags)
                  ringmaster status \(flags)
                  ringmaster resize \(file.workers.count + 1) --data \(directory)
                Ctrl-C ends it.
                """
        )
    }

    private func directory(_ settings: Settings) throws -> String {
        let directory = try settings.text(.data, flag: data) ?? Self.dataStandard
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandFailure(
                .cannotCreate,
                "the data directory '\(directory)' cannot be made: \(error.localizedDescription). Choose another --data"
            )
        }
        return directory
    }

    private func wish(_ settings: Settings) throws(CommandFailure) -> ClusterWish {
        ClusterWish(
            coordinators: try settings.integer(.coordinators, flag: coordinators, in: 1...5),
            workers: try settings.integer(.workers, flag: workers, in: 0...ClusterFile.workersMax),
            replicas: try settings.integer(.replicas, flag: replicas, in: 0...5),
            port: try settings.integer(.port, flag: port, in: 0...60_000),
            host: try settings.text(.host, flag: host)
        )
    }

    /// Keys and logs of the children, as flags: their environment has no settings.
    private func sharedFlags(_ settings: Settings) throws(CommandFailure) -> [String] {
        var flags: [String] = []
        let texts: [(Setting, [String])] = [
            (.key, security.key.map { [$0] } ?? []), (.allow, security.allow.map { [$0] } ?? []),
            (.serverKey, security.serverKey), (.logLevel, log.logLevel.map { [$0] } ?? []),
            (.logFormat, log.logFormat.map { [$0] } ?? []),
        ]
        for (setting, flag) in texts {
            // In one word: a key may begin with a dash.
            for text in settings.given(setting, flag: flag)?.texts ?? [] { flags.append("\(setting.flag)=\(text)") }
        }
        if try settings.bool(.insecure, flag: security.insecure) == true { flags.append("--insecure") }
        if settings.given(.logLevel, flag: log.logLevel.map { [$0] } ?? []) == nil {
            flags.append("--log-level=warning")
        }
        return flags
    }
}

struct ResizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize",
        abstract: "Have a running `up` start workers, or have some leave, until there are N.",
        discussion: """
            Speaks to `up` by the socket in its data directory. Clusters that `up` does not run are resized by starting workers \
            (`ringmaster worker`) and by `ringmaster leave`.

            \(ExitStatus.list)
            """
    )

    @OptionGroup var config: ConfigOptions

    @Option(help: ArgumentHelp("Directory of the cluster. (default: \(UpCommand.dataStandard))", valueName: "dir"))
    var data: String?

    @Argument(help: "How many workers there are to be.")
    var count: Int

    func run() async throws {
        let directory = try config.settings().text(.data, flag: data) ?? UpCommand.dataStandard
        let endpoint = try ControlSocket.endpoint(in: directory)
        guard FileManager.default.fileExists(atPath: directory + "/control.sock") else {
            throw CommandFailure(
                .unavailable,
                "no `ringmaster up` runs in '\(directory)': it has no control.sock. Is --data the same as that of `up`?"
            )
        }
        let resized = try await Self.ask(RPCClient(endpoint), count)
        for name in resized.joined { printNow("\(name) has joined") }
        for name in resized.left { printNow("\(name) has left") }
        printNow("\(resized.workers) workers")
    }
    private static func ask(_ client: RPCClient, _ count: Int) async throws -> ControlSocket.Resized {
        do {
            let options = CallOptions(timeout: .seconds(150))
            let resized: ControlSocket.Resized = try await client.call(ControlSocket.resize, count, options: options)
            await client.close()
            return resized
        } catch {
            guard case .remote(let refusal) = error else { throw error }
            let status: ExitStatus =
                switch refusal.code {
                case .badParams: .usage
                case .overloaded, .deadlineExceeded: .tryAgain
                default: .failed
                }
            throw CommandFailure(status, refusal.message)
        }
    }
}
