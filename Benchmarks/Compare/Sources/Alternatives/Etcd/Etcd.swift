// etcd: jobs as transactions, through its gRPC interface by C++ gRPC. It is no means for calls.

struct Etcd: Alternative {
    let name = "etcd"
    private static let options = ["--quota-backend-bytes", "8589934592"]

    func find() throws -> Description {
        return Description(
            version: try EtcdServer.version(for: name),
            settings: [.jobs: "one member; " + Self.options.joined(separator: " ")]
        )
    }

    func promise(_ work: Work) -> Promise? {
        work == .jobs
            ? Promise(
                .exactlyOnceByUserCode,
                isSynced: true,
                replicas: 1,
                "the transaction keeps each client's last job of a key; without that, at least once"
            ) : nil
    }

    func userSources(_ work: Work) -> [String] { ["Etcd/EtcdAppend.swift"] }

    func start(_ instance: Instance) throws {
        try EtcdServer.start(instance, Self.options)
    }

    func serve(role: String, at address: Address, ready: () -> Void) {}

    func line(_ order: LineOrder) throws -> any ClientLine { try EtcdLine(order) }
}

private final class EtcdLine: PolledLine {
    private let client: GrpcClient
    private let append: EtcdAppend
    /// Of the jobs in flight.
    private var keys: [UInt64: [UInt8]] = [:]

    init(_ order: LineOrder) throws {
        client = try GrpcClient(port: order.address.port("etcd"))
        append = EtcdAppend(client: Array(order.client.utf8), keepsAllValues: order.address.keepsAllValues)
    }

    func send(_ request: Request) {
        keys[request.id] = request.key
        client.send(
            request.id,
            EtcdServer.transact,
            append.transaction(id: request.id, key: request.key, value: request.payload)
        )
    }

    func flush() {}

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) {
        client.receive(until: deadlineNs) { id, reply in
            guard let key = keys.removeValue(forKey: id) else { preconditionFailure("an answer has its request") }
            switch reply {
            case .failed(let reason): take(Completion(id, .failed(reason)))
            case .message(let message):
                switch append.outcome(message, key: key) {
                case .position(let position): take(Completion(id, .appended(position: position)))
                case .malformed: take(Completion(id, .failed("etcd: no position in its answer")))
                case .askAgain(let question):
                    keys[id] = key
                    client.send(id, EtcdServer.transact, question)
                }
            }
        }
    }

    func close() async {}
}
