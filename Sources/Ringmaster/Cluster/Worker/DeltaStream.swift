// A worker's deltas on their way to the leader: in batches, several under way, in order across changes of leader.

import DequeModule
import RingmasterProtocol

/// Sends deltas to the leader and gives back what became of each. Confined to the loop's thread.
///
/// Deltas of one turn of the loop share a batch, as do those that come while `ClusterLimits.batchesInFlightMax` batches are
/// under way. A batch whose leader was lost is sent again to the next one, before anything younger: the log tells what it
/// has applied already.
final class DeltaStream: Flushable {
    private final class Batch {
        let jobs: [WorkerJob]
        let bytes: [UInt8]
        var isSent = false

        init(jobs: [WorkerJob], bytes: [UInt8]) {
            self.jobs = jobs
            self.bytes = bytes
        }
    }

    private let loop: EventLoop
    private let leader: LeaderFinder
    private var identity: WorkerIdentity
    private var gathered: [WorkerJob] = []
    private var batches: Deque<Batch> = []
    private var isFlushing = false
    private var retryTimer: LoopTimer!
    /// The last job that the log had applied when it answered last.
    private(set) var lastJob = JobID.zero
    /// What became of a job's delta: nil where it was accepted.
    var ended: (WorkerJob, DeltaRefusal?) -> Void = { _, _ in }

    init(identity: WorkerIdentity, leader: LeaderFinder, loop: EventLoop) {
        self.identity = identity
        self.leader = leader
        self.loop = loop
        retryTimer = loop.timer { [unowned self] in sendBatches() }
    }

    /// Deltas that are not settled.
    var count: Int { batches.reduce(gathered.count) { $0 + $1.jobs.count } }

    func add(_ job: WorkerJob) {
        gathered.append(job)
        guard !isFlushing else { return }
        isFlushing = true
        loop.flushLater(self)
    }

    func flush() {
        isFlushing = false
        makeBatches()
    }

    private func makeBatches() {
        while !gathered.isEmpty, batches.count < ClusterLimits.batchesInFlightMax {
            let jobs = Array(gathered.prefix(ClusterLimits.deltasPerBatchMax))
            gathered.removeFirst(jobs.count)
            batches.append(Batch(jobs: jobs, bytes: encode(jobs)))
        }
        sendBatches()
    }

    private func encode(_ jobs: [WorkerJob]) -> [UInt8] {
        var writer = DeltaBatchWriter(worker: identity.id, incarnation: identity.incarnation)
        for job in jobs {
            let request = job.request
            request.key.withUnsafeBytes { key in
                job.result.withUnsafeBytes { reply in
                    func add(_ state: NewState) {
                        writer.add(
                            client: request.client,
                            sequence: request.sequence,
                            acked: request.acked,
                            base: job.base,
                            key: key,
                            state: state,
                            reply: reply
                        )
                    }
                    switch job.state {
                    case .unchanged: add(.unchanged)
                    case .removed: add(.removed)
                    case .bytes(let bytes): bytes.withUnsafeBytes { add(.bytes($0)) }
                    }
                }
            }
        }
        return writer.finish()
    }

    /// Sends what is not under way, oldest first.
    private func sendBatches() {
        guard leader.hasLeader else { return }
        for batch in batches where !batch.isSent {
            batch.isSent = true
            leader.call(ClusterMethods.deltas, batch.bytes, timeout: nil) { [weak self] reply in
                self?.ended(batch, reply)
            }
        }
    }

    /// A leader was found: what was under way with the last one is sent again.
    func leaderFound() {
        sendBatches()
    }

    private func ended(_ batch: Batch, _ reply: LeaderReply) {
        guard batches.contains(where: { $0 === batch }) else { return }
        guard case .payload(let bytes) = reply, let outcomes = try? DeltaOutcomes(decoding: bytes),
            outcomes.count == batch.jobs.count
        else {
            // Lost on its way, or refused as a whole: to be sent again, to this leader or the next.
            batch.isSent = false
            loop.arm(retryTimer, at: loop.now.advanced(by: ClusterLimits.leaderSearchInterval))
            return
        }
        batches.removeAll { $0 === batch }
        lastJob = max(lastJob, outcomes.lastJob)
        var refusals = outcomes.refusals.makeIterator()
        var refusal = refusals.next()
        for (offset, job) in batch.jobs.enumerated() {
            if let present = refusal, present.offset == offset {
                ended(job, present.reason)
                refusal = refusals.next()
            } else {
                ended(job, nil)
            }
        }
        makeBatches()
    }

    /// Forgets everything that is under way, for a worker that begins a new life.
    func begin(as identity: WorkerIdentity) {
        self.identity = identity
        gathered = []
        batches = []
    }

    func close() {
        loop.disarm(retryTimer)
        gathered = []
        batches = []
    }
}
