// Workers on NATS: jobs in a work queue of JetStream, pulled by all workers from one durable consumer and acknowledged after the
// work (docs.nats.io, "JetStream": consumers, explicit acknowledgement, AckWait; message deduplication by Nats-Msg-Id). A key's list
// is the last message of its subject in another stream, replaced only if it is still the one that was read, as its key-value
// store does it.

import CNats
import Foundation

struct NATSWorkers: WorkerService {
    let name = "nats"
    let servers = ["nats"]

    static let jobs = "JOBS"
    static let lists = "LISTS"
    static let consumer = "workers"
    static let batchMax = 16
    /// A job in hand for so long is given to another. The default is 30 s; a job takes a millisecond.
    static let ackWaitMs: Int64 = 500
    /// How long the stream of jobs knows the ids that it had: the default.
    private static let duplicatesNs: Int64 = 120_000_000_000
    private static let ackPendingMax: Int64 = 65_536

    func find() throws -> ServiceDescription {
        let program = try Alternatives.program("nats-server", for: name)
        let version =
            Alternatives.output(of: [program, "--version"]).split(separator: " ").last ?? "of unknown version"
        return ServiceDescription(
            version: "NATS \(version), nats.c \(String(cString: nats_GetVersion()))",
            settings: """
                JetStream in files, one replica, synchronised every 2 minutes: this version cannot do otherwise; a work queue, \
                pulled \(Self.batchMax) at a time, explicit acknowledgement after the work, AckWait \(Self.ackWaitMs) ms; \
                jobs published with Nats-Msg-Id, again after 1 s without an answer; lists replaced by their expected last sequence
                """
        )
    }

    func promise(_ care: ServiceCare) -> ServicePromise? {
        switch care {
        case .recommended:
            ServicePromise(
                "at least once: nothing acknowledged is lost with a process, a job may be done again",
                excluded: [
                    "duplicated-append":
                        "at least once: a job is done again where its worker died before its acknowledgement"
                ]
            )
        case .idempotent:
            ServicePromise("exactly once by the user's code: a worker looks whether the list has the job already")
        }
    }

    func startServers(_ instance: Instance) throws {
        let port = try instance.takePort("nats")
        let data = try instance.makeDirectory("data")
        let file = try instance.write(
            """
            listen: "127.0.0.1:\(port)"
            max_pending: 512MB
            jetstream { store_dir: "\(data)" }

            """,
            to: "nats.conf"
        )
        let server = try instance.start("nats", [try Alternatives.program("nats-server", for: name), "-c", file])
        try server.waitUntilListening(on: port)
        let stream = try JetStream(NATSConnection(port: port, sendsAtOnce: true))
        try stream.makeStream(Self.jobs, subjects: "jobs.>") { settings in
            settings.Retention = js_WorkQueuePolicy
            settings.Duplicates = Self.duplicatesNs
        }
        try stream.makeStream(Self.lists, subjects: "lists.>") { settings in
            settings.MaxMsgsPerSubject = 1
            settings.AllowDirect = true
        }
        try stream.makeConsumer(Self.consumer, of: Self.jobs) { settings in
            settings.AckWait = Self.ackWaitMs * 1_000_000
            settings.MaxAckPending = Self.ackPendingMax
        }
    }

    func work(as worker: String, at address: Address, ready: () -> Void) throws {
        while !StopRequest.hasCome {
            do {
                let service = try NATSWorkerService(
                    NATSConnection(port: address.port("nats"), sendsAtOnce: true),
                    isIdempotent: address.care == .idempotent
                )
                ready()
                return service.run()
            } catch {
                // The server is away. Once there was a connection, the library keeps it.
                usleep(20_000)
            }
        }
    }

    func client(_ name: String, at address: Address) throws -> any ServiceClient {
        NATSServiceClient(name, port: address.port("nats"))
    }
}

/// JetStream on a connection, as far as the workers need it.
final class JetStream {
    let connection: NATSConnection
    let pointer: OpaquePointer

    init(_ connection: NATSConnection) throws {
        self.connection = connection
        var context: OpaquePointer?
        var options = jsOptions()
        jsOptions_Init(&options)
        // A server that is away is asked again; nobody waits for the default of 5 s.
        options.Wait = 1000
        try natsCheck(natsConnection_JetStream(&context, connection.pointer, &options))
        guard let context else { throw AlternativeError.failed("nats: no JetStream") }
        pointer = context
    }

    deinit { jsCtx_Destroy(pointer) }

    func makeStream(_ name: String, subjects: String, _ set: (inout jsStreamConfig) -> Void) throws {
        try name.withCString { name in
            try subjects.withCString { subject in
                var subjects: UnsafePointer<CChar>? = subject
                try withUnsafeMutablePointer(to: &subjects) { subjects in
                    var settings = jsStreamConfig()
                    jsStreamConfig_Init(&settings)
                    (settings.Name, settings.Subjects, settings.SubjectsLen) = (name, subjects, 1)
                    settings.Storage = js_FileStorage
                    settings.Replicas = 1
                    set(&settings)
                    try natsCheck(js_AddStream(nil, pointer, &settings, nil, nil))
                }
            }
        }
    }

    func makeConsumer(_ name: String, of stream: String, _ set: (inout jsConsumerConfig) -> Void) throws {
        try name.withCString { name in
            var settings = jsConsumerConfig()
            jsConsumerConfig_Init(&settings)
            settings.Durable = name
            settings.AckPolicy = js_AckExplicit
            set(&settings)
            try natsCheck(js_AddConsumer(nil, pointer, stream, &settings, nil, nil))
        }
    }
}
