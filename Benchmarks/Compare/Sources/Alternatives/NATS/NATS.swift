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
        let connection = try NATSConnection(port: address.port("nats"), sendsAtOnce: false)
        let replies = try NATSReplies(port: address.port("nats"))
        switch address.work {
        case .calls: try NATSEchoService.start(connection, replies)
        case .jobs: try NATSAppendService(connection, replies, keepsAllValues: address.keepsAllValues).start()
        }
        ready()
        while true {
            try await Task.sleep(for: .seconds(3600))
            withExtendedLifetime(connection) {}
        }
    }

    func line(_ order: LineOrder) throws -> any ClientLine { try NATSLine(order) }
}

/// A connection to NATS. The library's own threads read and write it; usable from any thread.
final class NATSConnection: @unchecked Sendable {
    // @unchecked: the library locks it.
    let pointer: OpaquePointer

    /// - Parameter sendsAtOnce: Whether each message is written at once, rather than by a thread that takes what has gathered: better
    ///   for one in flight, worse for many.
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

/// Where a worker's replies leave: at once where none follows, else with those that gather, as the library can do only one or the
/// other on one connection.
final class NATSReplies: Sendable {
    private let atOnce: NATSConnection
    private let gathering: NATSConnection

    init(port: Int) throws {
        atOnce = try NATSConnection(port: port, sendsAtOnce: true)
        gathering = try NATSConnection(port: port, sendsAtOnce: false)
    }

    func publish(to subject: UnsafePointer<CChar>?, _ data: UnsafeRawPointer?, _ count: Int32, hasMore: Bool) {
        natsConnection_Publish((hasMore ? gathering : atOnce).pointer, subject, data, count)
    }
}

func natsCheck(_ status: natsStatus) throws {
    guard status == NATS_OK else {
        throw AlternativeError.failed("nats: \(String(cString: natsStatus_GetText(status)))")
    }
}
