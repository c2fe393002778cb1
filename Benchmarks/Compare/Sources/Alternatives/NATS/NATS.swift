// NATS: calls by its core's request and reply; jobs by a worker that answers once JetStream has stored what it did.

import CNats
import Foundation

struct NATS: Alternative {
    let name = "nats"

    func find() throws -> Description {
        let program = try Alternatives.program("nats-server", for: name)
        let version =
            Alternatives.output(of: [program, "--version"]).split(separator: " ").last ?? "of unknown version"
        return Description(
            version: "NATS \(version), nats.c \(String(cString: nats_GetVersion()))",
            settings: [
                .calls: "a queue group; its defaults",
                .jobs: """
                JetStream on disk, one replica, one message kept a subject, Nats-Msg-Id with a window of 30 s; written, \
                but synchronised every 2 minutes: this version cannot do otherwise
                """,
            ]
        )
    }

    func promise(_ work: Work) -> Promise? {
        switch work {
        case .calls:
            Promise(.atMostOnce, isSynced: false, replicas: 0, "requests in a worker's buffer are lost with it")
        case .jobs:
            Promise(
                .exactlyOnceByUserCode,
                isSynced: false,
                replicas: 1,
                "the stream drops a message with an id that it knows; the worker finds the first one's position"
            )
        }
    }

    func userSources(_ work: Work) -> [String] {
        work == .calls ? ["NATS/NATSEchoService.swift"] : ["NATS/NATSAppendService.swift"]
    }

    func start(_ instance: Instance) throws {
        let port = try instance.takePort("nats")
        let data = try instance.makeDirectory("data")
        let program = try Alternatives.program("nats-server", for: name)
        var settings = """
            listen: "127.0.0.1:\(port)"
            max_payload: 8MB
            max_pending: 512MB

            """
        if instance.work == .jobs { settings += "jetstream { store_dir: \"\(data)\" }\n" }
        let file = try instance.write(settings, to: "nats.conf")
        let server = try instance.start("nats", [program, "-c", file])
        try server.waitUntilListening(on: port)
        try instance.startRole("worker")
    }

    func serve(role: String, at address: Address, ready: () -> Void) async throws {
        let connections = try NATSPair(port: address.port("nats"))
        switch address.work {
        case .calls: try NATSEchoService.start(connections)
        case .jobs: try NATSAppendService(connections, keepsAllValues: address.keepsAllValues).start()
        }
        ready()
        while true {
            try await Task.sleep(for: .seconds(3600))
            withExtendedLifetime(connections) {}
        }
    }

    func line(_ order: LineOrder) throws -> any ClientLine { try NATSLine(order) }
}

/// A connection to NATS. The library's own threads read and write it; usable from any thread.
final class NATSConnection: @unchecked Sendable {
    // @unchecked: the library locks it.
    let pointer: OpaquePointer

    /// - Parameter sendsAtOnce: Whether each message is written at once, rather than by a thread of the library that lets messages gather
    ///   for 1 ms first: better for few in flight, worse for many.
    init(port: Int, sendsAtOnce: Bool) throws {
        var options: OpaquePointer?
        try natsCheck(natsOptions_Create(&options))
        defer { natsOptions_Destroy(options) }
        try natsCheck(natsOptions_SetURL(options, "nats://127.0.0.1:\(port)"))
        try natsCheck(natsOptions_SetSendAsap(options, sendsAtOnce))
        // A chaos run kills the server.
        try natsCheck(natsOptions_SetMaxReconnect(options, 100_000))
        try natsCheck(natsOptions_SetReconnectWait(options, 20))
        try natsCheck(natsOptions_SetReconnectJitter(options, 10, 10))
        var connection: OpaquePointer?
        try natsCheck(natsConnection_Connect(&connection, options))
        guard let connection else { throw AlternativeError.failed("nats: no connection") }
        pointer = connection
    }

    deinit { natsConnection_Destroy(pointer) }
}

/// Two connections to one server: one that writes each message at once, for a message alone, and one on which many gather.
///
/// What gathers the library's thread writes 1 ms later, or once it fills a buffer. The only way to have it written sooner is
/// a round trip to the server (`natsConnection_Flush`), which costs a tenth of that.
final class NATSPair: Sendable {
    /// With more under way, what a message gains by a round trip is not worth its cost: they fill buffers.
    static let flushedMax = 512
    let atOnce: NATSConnection
    let gathering: NATSConnection

    init(port: Int) throws {
        atOnce = try NATSConnection(port: port, sendsAtOnce: true)
        gathering = try NATSConnection(port: port, sendsAtOnce: false)
    }

    /// The one for the next message. Others follow at once, or are gathered already, or it is alone.
    func connection(hasMore: Bool) -> NATSConnection { hasMore || isGathering ? gathering : atOnce }

    var isGathering: Bool { natsConnection_Buffered(gathering.pointer) > 0 }

    /// Has what was gathered written, after the last of some messages, unless many are under way.
    func flush(underWay count: Int = 0) {
        guard count <= Self.flushedMax, isGathering else { return }
        // Where it fails the library's thread goes on trying.
        natsConnection_FlushTimeout(gathering.pointer, 100)
    }
}

func natsCheck(_ status: natsStatus) throws {
    guard status == NATS_OK else {
        throw AlternativeError.failed("nats: \(String(cString: natsStatus_GetText(status)))")
    }
}
