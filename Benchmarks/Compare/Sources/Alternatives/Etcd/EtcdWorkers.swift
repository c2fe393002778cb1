// Workers on etcd: jobs are keys that clients put and workers watch (etcd.io, "Interacting with etcd", "Leases", "Transactions"). Each
// worker has a key with a lease, so that all know who is there, and does the jobs of the lists that fall to it. One transaction
// holds the effect, the answer and the removal of the job, on condition that the job is still there and the list as it was.

import Glibc

struct EtcdWorkers: WorkerService {
    let name = "etcd"
    let servers = ["etcd"]

    /// The least that etcd gives with these heartbeats: a dead worker is missed after so long.
    static let leaseSeconds: UInt64 = 1
    static let keepEveryNs: Int64 = 300_000_000
    /// etcd's guide "Tuning": a heartbeat near the round trip, ten of them for an election; the default is for networks.
    private static let options = [
        "--heartbeat-interval", "10", "--election-timeout", "100", "--quota-backend-bytes", "8589934592",
    ]

    func find() throws -> ServiceDescription {
        ServiceDescription(
            version: try EtcdServer.version(for: name),
            settings: Self.options.joined(separator: " ")
                + "; one member; workers known by leases of \(Self.leaseSeconds) s; lists shared out among them by their keys; a job's"
                + " effect, answer and removal in one transaction; answers watched by their client, and kept"
        )
    }

    func promise(_ care: ServiceCare) -> ServicePromise? {
        switch care {
        case .recommended:
            ServicePromise(
                "exactly once where an answer comes, by a transaction of the workers; a put that failed is not repeated, as by etcd's own clients"
            )
        case .idempotent:
            ServicePromise(
                "exactly once by the user's code: a client puts its job again, on condition that there is neither it nor its answer"
            )
        }
    }

    func startServers(_ instance: Instance) throws { try EtcdServer.start(instance, Self.options) }

    func work(as worker: String, at address: Address, ready: () -> Void) throws {
        var isReady = false
        while !StopRequest.hasCome {
            do {
                let service = try EtcdWorkerService(worker, port: address.port("etcd"))
                try service.begin()
                if !isReady { ready() }
                isReady = true
                try service.run()
            } catch {
                // The server is away, or has forgotten this worker's lease.
                usleep(20_000)
            }
        }
    }

    func client(_ name: String, at address: Address) -> any ServiceClient {
        EtcdServiceClient(name, port: address.port("etcd"), asksAgain: address.care == .idempotent)
    }

    // MARK: Keys

    static let jobs = Array("jobs/".utf8)
    static let workers = Array("workers/".utf8)
    static func answers(_ client: String) -> [UInt8] { Array("answers/\(client)/".utf8) }
    static func count(_ list: [UInt8]) -> [UInt8] { Array("counts/".utf8) + list }
    static func values(_ list: [UInt8]) -> [UInt8] { Array("lists/".utf8) + list + [UInt8(ascii: "/")] }

    /// Keys are ordered as text.
    static func value(_ list: [UInt8], _ position: UInt64) -> [UInt8] {
        let digits = String(position)
        return values(list) + Array((String(repeating: "0", count: max(0, 12 - digits.count)) + digits).utf8)
    }
}

/// What a job's key, "jobs/<client>/<id>", holds: `{ bytes list = 1; bytes value = 2; }`.
struct EtcdJob {
    /// "<client>/<id>".
    let name: [UInt8]
    let list: [UInt8]
    /// 8 bytes, little-endian.
    let value: [UInt8]

    init(name: [UInt8], list: [UInt8], value: [UInt8]) { (self.name, self.list, self.value) = (name, list, value) }

    init(_ pair: EtcdMessages.Pair) {
        name = Array(pair.key.dropFirst(EtcdWorkers.jobs.count))
        (list, value) = pair.value.withUnsafeBytes { bytes in
            let fields = ProtobufFields(bytes)
            return (fields.bytes(1).map { Array($0) } ?? [], fields.bytes(2).map { Array($0) } ?? [])
        }
    }

    var key: [UInt8] { EtcdWorkers.jobs + name }
    var answer: [UInt8] { Array("answers/".utf8) + name }

    var bytes: [UInt8] {
        var message = ProtobufMessage()
        message.add(1, bytes: list)
        message.add(2, bytes: value)
        return message.bytes
    }
}
