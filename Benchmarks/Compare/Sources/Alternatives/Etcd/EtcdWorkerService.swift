// One worker on etcd, as a user writes it.

/// Watches jobs and workers, and does the jobs of the lists that are its own. That two may take a list for theirs for a moment does no
/// harm: a transaction whose conditions do not hold any more does nothing. Owned by one thread.
final class EtcdWorkerService {
    private enum ID {
        static let lease: UInt64 = 1, register: UInt64 = 2, allJobs: UInt64 = 3, allWorkers: UInt64 = 4
        static let keep: UInt64 = 5, watchJobs: UInt64 = 6, watchWorkers: UInt64 = 7, leave: UInt64 = 8
        static let firstJob: UInt64 = 16
    }

    private static let beginNs: Int64 = 5_000_000_000
    private static let waitNs: Int64 = 50_000_000
    private let name: String
    private let client: GrpcClient
    private var lease: UInt64 = 0
    private var keeping: GrpcClient.Stream?
    private var nextKeepNs: Int64 = 0
    private var workers: Set<String> = []
    /// All that nobody has done yet, by their names, in the order in which they came.
    private var open: [[UInt8]: EtcdJob] = [:]
    /// Of each list: its jobs, oldest first. One of them is in hand at the most.
    private var waiting: [[UInt8]: [[UInt8]]] = [:]
    private var inHand: [UInt64: (job: EtcdJob, count: UInt64)] = [:]
    private var busy: Set<[UInt8]> = []
    /// Where lists stood when this worker saw them last: a condition of the transaction.
    private var counts: [[UInt8]: (count: UInt64, revision: UInt64)] = [:]
    private var nextID = ID.firstJob

    init(_ name: String, port: Int) throws {
        self.name = name
        client = try GrpcClient("127.0.0.1:\(port)", timeoutMs: 5000, waitsIdly: true)
    }

    /// Makes itself known, and learns what there is.
    func begin() throws {
        lease = try ask(ID.lease, EtcdServer.grantLease, EtcdMessages.lease(seconds: EtcdWorkers.leaseSeconds)) {
            $0.number(2)
        }
        let key = EtcdWorkers.workers + Array(name.utf8)
        _ = try ask(ID.register, EtcdServer.put, EtcdMessages.put(key, [], lease: lease)) { _ in }
        let (revision, pairs) = try ask(
            ID.allWorkers,
            EtcdServer.range,
            EtcdMessages.range(prefix: EtcdWorkers.workers)
        ) { (EtcdMessages.revision($0), EtcdMessages.pairs($0)) }
        workers = Set(pairs.map { Self.worker($0.key) })
        _ = client.begin(
            ID.watchWorkers,
            EtcdServer.watch,
            EtcdMessages.watch(prefix: EtcdWorkers.workers, from: revision + 1)
        )
        let (jobsRevision, jobs) = try ask(
            ID.allJobs,
            EtcdServer.range,
            EtcdMessages.range(prefix: EtcdWorkers.jobs)
        ) { (EtcdMessages.revision($0), EtcdMessages.pairs($0)) }
        for job in jobs { add(EtcdJob(job)) }
        _ = client.begin(
            ID.watchJobs,
            EtcdServer.watch,
            EtcdMessages.watch(prefix: EtcdWorkers.jobs, from: jobsRevision + 1)
        )
        keeping = client.begin(ID.keep, EtcdServer.keepLease, EtcdMessages.lease(lease))
        for list in Array(waiting.keys) { goOn(list) }
    }

    func run() throws {
        while !StopRequest.hasCome {
            let now = Clock.nowNs
            if now >= nextKeepNs {
                keeping?.send(EtcdMessages.lease(lease))
                nextKeepNs = now + EtcdWorkers.keepEveryNs
            }
            try client.receive(until: now + Self.waitNs, take)
        }
        workers.remove(name)
        while !inHand.isEmpty { try client.receive(until: Clock.nowNs + Self.waitNs, take) }
        // The others need not wait until it is missed.
        _ = try ask(ID.leave, EtcdServer.revokeLease, EtcdMessages.lease(lease)) { _ in }
    }

    private func take(_ id: UInt64, _ reply: GrpcClient.Reply) throws {
        guard case .message(let bytes) = reply else { throw AlternativeError.failed("etcd: \(reply)") }
        let message = ProtobufFields(bytes)
        switch id {
        case ID.keep:
            guard message.number(3) > 0 else { throw AlternativeError.failed("etcd: the lease is over") }
        case ID.watchJobs:
            for change in try changes(message) {
                if change.isDeletion {
                    open[Array(change.pair.key.dropFirst(EtcdWorkers.jobs.count))] = nil
                } else {
                    let job = EtcdJob(change.pair)
                    add(job)
                    goOn(job.list)
                }
            }
        case ID.watchWorkers:
            for change in try changes(message) {
                let worker = Self.worker(change.pair.key)
                if change.isDeletion { workers.remove(worker) } else { workers.insert(worker) }
            }
            for list in Array(waiting.keys) { goOn(list) }
        default: finish(id, message)
        }
    }

    private func changes(_ message: ProtobufFields) throws -> [EtcdMessages.Change] {
        if EtcdMessages.isCancelled(message) { throw AlternativeError.failed("etcd: the watch is over") }
        return EtcdMessages.changes(message)
    }

    // MARK: Jobs

    private func add(_ job: EtcdJob) {
        guard open.updateValue(job, forKey: job.name) == nil else { return }
        waiting[job.list, default: []].append(job.name)
    }

    /// Takes a list's next job in hand, if the list is this worker's and nothing of it is.
    private func goOn(_ list: [UInt8]) {
        guard !busy.contains(list) else { return }
        // What others have done is no more open.
        while let first = waiting[list]?.first, open[first] == nil { waiting[list]?.removeFirst() }
        guard let first = waiting[list]?.first, let job = open[first] else {
            waiting[list] = nil
            return
        }
        guard isOwn(list) else { return }
        let known = counts[list] ?? (0, 0)
        busy.insert(list)
        inHand[nextID] = (job, known.count)
        let position = Array(String(known.count).utf8)
        let count = EtcdWorkers.count(list)
        client.send(
            nextID,
            EtcdServer.transact,
            EtcdMessages.transaction(
                [.exists(job.key), .isOf(revision: known.revision, count)],
                then: [
                    .delete(job.key), .put(EtcdWorkers.value(list, known.count), job.value),
                    .put(count, Array(String(known.count + 1).utf8)), .put(job.answer, position),
                ],
                otherwise: [.get(job.key), .get(count)]
            )
        )
        nextID += 1
    }

    private func finish(_ id: UInt64, _ response: ProtobufFields) {
        guard let (job, count) = inHand.removeValue(forKey: id) else { return }
        busy.remove(job.list)
        if EtcdMessages.hasSucceeded(response) {
            open[job.name] = nil
            counts[job.list] = (count + 1, EtcdMessages.revision(response))
        } else {
            // Somebody else has done it, or has added to the list since.
            if EtcdMessages.found(response, at: 0) == nil { open[job.name] = nil }
            let found = EtcdMessages.found(response, at: 1)
            let number = found.flatMap { UInt64(String(decoding: $0.value, as: UTF8.self)) }
            counts[job.list] = (number ?? 0, found?.modRevision ?? 0)
        }
        goOn(job.list)
    }

    // MARK: Who does what

    /// Of the workers that are there, the one whose name goes best with the list's (rendezvous hashing).
    private func isOwn(_ list: [UInt8]) -> Bool {
        workers.max { Self.weight($0, list) < Self.weight($1, list) } == name
    }

    /// FNV-1a, with its bits mixed once more: names differ only at their end.
    private static func weight(_ worker: String, _ list: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in list + Array(worker.utf8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15
    }

    private static func worker(_ key: [UInt8]) -> String {
        String(decoding: key.dropFirst(EtcdWorkers.workers.count), as: UTF8.self)
    }

    /// Asks and waits for the answer.
    private func ask<Answer>(
        _ id: UInt64,
        _ method: String,
        _ message: [UInt8],
        _ answer: (ProtobufFields) -> Answer
    ) throws -> Answer {
        client.send(id, method, message)
        let deadlineNs = Clock.nowNs + Self.beginNs
        var result: Answer?
        while result == nil {
            guard Clock.nowNs < deadlineNs else { throw AlternativeError.failed("etcd: no answer") }
            try client.receive(until: deadlineNs) { came, reply in
                guard came == id else { return try take(came, reply) }
                guard case .message(let bytes) = reply else { throw AlternativeError.failed("etcd: \(reply)") }
                result = answer(ProtobufFields(bytes))
            }
        }
        return result!
    }
}
