// A client of the workers on etcd: a job is a key that it puts; the answer is a key that it watches. After a lost connection the watch
// goes on from the last revision that it saw, so that no answer is missed. A put of unknown fate is left alone, as etcd's own clients
// leave it, or, with `asksAgain`, made again on condition that there is neither the job nor its answer.

final class EtcdServiceClient: ServiceClient {
    private static let watchID: UInt64 = 0
    private let name: String
    private let port: Int
    private let asksAgain: Bool
    private var client: GrpcClient?
    private var underWay: [UInt64: ServiceOperation] = [:]
    private var seenRevision: UInt64 = 0
    private(set) var resendCount = 0

    init(_ name: String, port: Int, asksAgain: Bool) {
        self.name = name
        self.port = port
        self.asksAgain = asksAgain
    }

    func send(_ operation: ServiceOperation) {
        underWay[operation.id] = operation
        ask(operation)
    }

    func flush() {}

    func forget(_ id: UInt64) { underWay[id] = nil }

    func reconnect() throws {
        // The library keeps its connection, and calls wait for it.
        guard client == nil else { return }
        client = try GrpcClient("127.0.0.1:\(port)", config: "{}", waitsIdly: true)
        watch()
        for operation in underWay.values { ask(operation) }
    }

    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) throws {
        guard let client else { throw AlternativeError.failed("etcd: no client") }
        client.receive(until: deadlineNs) { id, reply in
            switch reply {
            case .message(let bytes) where id == Self.watchID:
                for change in EtcdMessages.changes(ProtobufFields(bytes)) where !change.isDeletion {
                    takeAnswer(change.pair, take)
                }
            case .message(let bytes): takeReply(id, ProtobufFields(bytes), take)
            case .failed where id == Self.watchID: watch()
            case .failed:
                guard let operation = underWay[id], asksAgain || operation.value == nil else { return }
                resendCount += 1
                ask(operation)
            }
        }
    }

    /// From the last revision that was seen; from 1 at first, as nothing is compacted.
    private func watch() {
        _ = client?.begin(
            Self.watchID,
            EtcdServer.watch,
            EtcdMessages.watch(prefix: EtcdWorkers.answers(name), from: seenRevision + 1)
        )
    }

    private func takeAnswer(_ pair: EtcdMessages.Pair, _ take: (ServiceCompletion) -> Void) {
        seenRevision = max(seenRevision, pair.modRevision)
        let id = UInt64(String(decoding: pair.key.dropFirst(EtcdWorkers.answers(name).count), as: UTF8.self))
        complete(id, pair, take)
    }

    private func takeReply(_ id: UInt64, _ message: ProtobufFields, _ take: (ServiceCompletion) -> Void) {
        guard let operation = underWay[id] else { return }
        if operation.value == nil {
            underWay[id] = nil
            take(ServiceCompletion(id, .list(EtcdMessages.pairs(message).flatMap(\.value))))
        } else if asksAgain, !EtcdMessages.hasSucceeded(message), let answer = EtcdMessages.found(message, at: 0) {
            complete(id, answer, take)
        }
        // Else the job is there, and its answer will come.
    }

    private func complete(_ id: UInt64?, _ answer: EtcdMessages.Pair, _ take: (ServiceCompletion) -> Void) {
        guard let id, underWay.removeValue(forKey: id) != nil,
            let position = Int64(String(decoding: answer.value, as: UTF8.self))
        else { return }
        take(ServiceCompletion(id, .appended(position: position)))
    }

    private func ask(_ operation: ServiceOperation) {
        guard let client else { return }
        guard let value = operation.value else {
            let prefix = EtcdWorkers.values(operation.key)
            return client.send(operation.id, EtcdServer.range, EtcdMessages.range(prefix: prefix))
        }
        let job = EtcdJob(
            name: Array("\(name)/\(operation.id)".utf8),
            list: operation.key,
            value: withUnsafeBytes(of: value.littleEndian) { Array($0) }
        )
        guard asksAgain else {
            return client.send(operation.id, EtcdServer.put, EtcdMessages.put(job.key, job.bytes))
        }
        client.send(
            operation.id,
            EtcdServer.transact,
            EtcdMessages.transaction(
                [.isMissing(job.key), .isMissing(job.answer)],
                then: [.put(job.key, job.bytes)],
                otherwise: [.get(job.answer)]
            )
        )
    }
}
