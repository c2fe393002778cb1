// A coordinator as a process of a run: it tells of rounds, epochs, roles and the hash of its state.

import Logging
import Ringmaster
import RingmasterCommand

extension Node {
    /// How often it looks at itself. Rounds are told of as they are logged.
    private static let watchInterval: Duration = .milliseconds(20)
    /// Of so many looks one tells what it has counted.
    private static let looksPerCounters = 25

    static func runCoordinator(_ order: CoordinatorOrder) async throws {
        try obey(order.ordersPath, directory: order.dataDirectory)
        let others = order.isJoining ? [] : order.peers
        var configuration = CoordinatorConfiguration(
            name: try CoordinatorID(validating: order.name),
            raftID: order.raftID,
            endpoint: try order.place.listening ?? "tcp://127.0.0.1:*",
            peers: try others.enumerated().map { .init(raftID: UInt64($0 + 1), endpoint: try Endpoint($1)) },
            dataDirectory: order.dataDirectory,
            clusterID: order.clusterID
        )
        try configuration.take(order.place)
        configuration.ringSize = try RingSize(slotCount: order.slots)
        configuration.isJoining = order.isJoining
        configuration.resizeMode = order.resize == .barrier ? .barrier : .handoff
        let (logged, continuation) = AsyncStream<LoggedEvent>.makeStream()
        let coordinator = try await Coordinator(
            configuration,
            logger: Logger(label: order.name) { _ in EventLogHandler(continuation: continuation) }
        )
        NodeReport.say(.ready)
        let telling = Task.detached { for await event in logged { tell(event) } }
        let watching = Task.detached { await watch(coordinator) }
        await waitForStop()
        watching.cancel()
        telling.cancel()
        await coordinator.close()
    }

    private static func watch(_ coordinator: Coordinator) async {
        var epoch: UInt64?
        var markIndex: UInt64 = 0
        var counters = CounterTeller()
        var looks = 0
        while !Task.isCancelled {
            let status = await coordinator.status
            if status.epoch != epoch {
                epoch = status.epoch
                NodeReport.say(.epoch(status.epoch, incarnation: 0))
            }
            // At indices that are the same for all coordinators.
            if status.markIndex != markIndex {
                markIndex = status.markIndex
                NodeReport.say(.stateHash(logIndex: markIndex, hash: status.markHash))
            }
            looks += 1
            if looks.isMultiple(of: looksPerCounters) {
                counters.tell([.fenced: status.deltasFenced, .duplicatesSuppressed: status.duplicatesSuppressed])
            }
            try? await Task.sleep(for: watchInterval)
        }
    }

    private static func tell(_ event: LoggedEvent) {
        let epoch = event.details["epoch"].flatMap { UInt64($0) } ?? 0
        switch event.message {
        case "round is proposed":
            let members = (event.details["members"] ?? "").split(separator: ",").map(String.init)
            NodeReport.say(.roundBegan(epoch, mode: event.details["mode"] ?? "", members: members), at: event.time)
        case "round begins":
            NodeReport.say(.roundMoves(epoch, slots: event.details["moves"].flatMap { Int($0) } ?? 0), at: event.time)
        case "round ends":
            let bytes = event.details["bytes"].flatMap { Int($0) } ?? 0
            NodeReport.say(.roundEnded(epoch, outcome: event.details["how"] ?? "", bytes: bytes), at: event.time)
        case "worker lost":
            let (worker, reason) = (event.details["worker"] ?? "", event.details["reason"] ?? "")
            NodeReport.say(.workerLost(worker, reason: reason), at: event.time)
        case "role":
            // leader(term: 3)
            let role = (event.details["role"] ?? "").prefix { $0 != "(" }
            NodeReport.say(.role(String(role)), at: event.time)
        default: NodeReport.say(.note(event.message, event.details), at: event.time)
        }
    }
}

/// What a coordinator or worker logged.
struct LoggedEvent: Sendable {
    var time: MonotonicTime
    var message: String
    var details: [String: String]
}

/// Passes on what is logged, with the time; trouble goes to standard error too.
struct EventLogHandler: LogHandler {
    let continuation: AsyncStream<LoggedEvent>.Continuation
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = (event.metadata ?? [:]).mapValues { "\($0)" }
        continuation.yield(LoggedEvent(time: .true, message: "\(event.message)", details: details))
        if event.level >= .warning { printError("\(event.message) \(details)") }
    }
}
