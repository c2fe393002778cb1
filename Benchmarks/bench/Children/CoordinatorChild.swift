// A coordinator in a process of its own. It prints its endpoint, then answers each line of its input with a line of JSON,
// and ends when nobody can send any more.

import AllocationCounter
import ArgumentParser
import BenchResults
import Foundation
import Logging
import Ringmaster
import RingmasterProtocol

struct CoordinatorChild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "coordinator-child", shouldDisplay: false)

    @Argument var order: String

    func run() async throws {
        let order = try JSONDecoder().decode(CoordinatorOrder.self, from: Data(order.utf8))
        let record = EventRecord()
        let coordinator = try await Coordinator(
            CoordinatorConfiguration(
                name: CoordinatorID(validating: "coordinator-\(order.raftID)"),
                raftID: order.raftID,
                endpoint: Endpoint(order.endpoint),
                peers: order.peers.map { .init(raftID: $0.raftID, endpoint: try Endpoint($0.endpoint)) },
                dataDirectory: order.dataDirectory
            ),
            logger: Logger(label: "bench.coordinator") { _ in RecordingLogHandler(record: record) }
        )
        rm_allocations_enable()
        try ChildLine.say(coordinator.endpoint.text)
        var watch: Task<ProposalWatch, Never>?
        while let line = readLine() {
            switch line {
            case "status": try ChildLine.say(json: await coordinator.status)
            case "account": try ChildLine.say(json: ProcessAccount.current())
            case "events": try ChildLine.say(json: record.take())
            case "snapshot":
                await coordinator.takeSnapshot()
                try ChildLine.say(json: MonotonicTime.now.nanoseconds)
            case "watch":
                watch = Task { await Self.watchProposals(of: coordinator) }
                try ChildLine.say("ok")
            case "watched":
                watch?.cancel()
                try ChildLine.say(json: await watch?.value ?? ProposalWatch())
            default: throw ChildError("a coordinator does not know '\(line)'")
            }
        }
    }

    /// Looks at the log a hundred times a second, until it is cancelled.
    private static func watchProposals(of coordinator: Coordinator) async -> ProposalWatch {
        var watch = ProposalWatch()
        while !Task.isCancelled {
            let status = await coordinator.status
            watch.samples += 1
            watch.inFlight += Int(status.logIndex - min(status.logIndex, status.appliedIndex))
            try? await Task.sleep(for: .milliseconds(10))
        }
        return watch
    }
}

/// Lines to the parent.
enum ChildLine {
    static func say(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    static func say(json value: some Encodable) throws {
        try say(String(decoding: JSONEncoder().encode(value), as: UTF8.self))
    }
}

/// What a coordinator has logged. Usable from any thread.
final class EventRecord: @unchecked Sendable {
    // @unchecked: the lock guards all of it.
    private let lock = NSLock()
    private var events: [CoordinatorEvent] = []

    func add(_ event: CoordinatorEvent) {
        lock.withLock { events.append(event) }
    }

    /// What came since it was taken last.
    func take() -> [CoordinatorEvent] {
        lock.withLock {
            defer { events = [] }
            return events
        }
    }
}

/// Keeps what is logged, with the time; prints warnings of trouble.
struct RecordingLogHandler: LogHandler {
    let record: EventRecord
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = (event.metadata ?? [:]).mapValues { "\($0)" }
        let now = MonotonicTime.now.nanoseconds
        record.add(CoordinatorEvent(atNs: now, what: "\(event.message)", details: details))
        guard event.level >= .error else { return }
        FileHandle.standardError.write(Data("coordinator: \(event.message) \(details)\n".utf8))
    }
}
