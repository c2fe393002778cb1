// A worker's deltas on their way to the leader: in batches, several under way, in order across changes of leader.

import DequeModule
import RingmasterProtocol

/// Sends deltas to the leader and gives back what became of each. Confined to the loop's thread.
///
/// Deltas of one turn of the loop share a batch, as do those that come while `ClusterLimits.batchesInFlightMax` batches are
/// under way, and those that gather because many are unanswered (`GatheringClock`).
/// When a leader or a batch is lost, all batches are sent again in their order, and what the former ones are answered does not
/// count any more: a younger one must never be judged before an older one, on whose states it stands. The log tells what it
/// has applied already.
final class DeltaStream: Flushable {
    private final class Batch {
        let number: UInt64
        let jobs: [WorkerJob]
        let bytes: [UInt8]
        var isSent = false
        var sends = 0

        init(number: UInt64, jobs: [WorkerJob], bytes: [UInt8]) {
            self.number = number
            self.jobs = jobs
            self.bytes = bytes
        }
    }

    private let loop: EventLoop
    private let leader: LeaderFinder
    private var identity: WorkerIdentity
    private var gathered: [WorkerJob] = []
    /// Where a reply is put together.
    @exclusivity(unchecked) private var scratch: [UInt8] = []
    private var batches: Deque<Batch> = []
    private var isFlushing = false
    private var retryTimer: LoopTimer!
    private var gathering = GatheringClock()
    private var holdTimer: LoopTimer!
    private var batchesMade: UInt64 = 0
    /// How often the batches under way were given up, to be sent anew.
    private var attempt = 0
    /// Deltas of batches that are not answered.
    private var unanswered = 0
    /// Sends beyond the first of each batch.
    private(set) var batchesResent = 0
    /// The last job that the log had applied when it answered last.
    private(set) var lastJob = JobID.zero
    /// What became of a job's delta: nil where it was accepted.
    var ended: (WorkerJob, DeltaRefusal?) -> Void = { _, _ in }

    init(identity: WorkerIdentity, leader: LeaderFinder, loop: EventLoop) {
        self.identity = identity
        self.leader = leader
        self.loop = loop
        retryTimer = loop.timer { [unowned self] in sendBatches() }
        holdTimer = loop.timer { [unowned self] in makeBatches() }
    }

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
        while !gathered.isEmpty, batches.count < ClusterLimits.batchesInFlightMax, !isHeld() {
            let jobs = gathered.prefix(ClusterLimits.deltasPerBatchMax)
            let bytes = encode(jobs)
            batchesMade += 1
            unanswered += jobs.count
            let isAll = jobs.count == gathered.count
            batches.append(Batch(number: batchesMade, jobs: isAll ? gathered : Array(jobs), bytes: bytes))
            if isAll { gathered = [] } else { gathered.removeFirst(ClusterLimits.deltasPerBatchMax) }
            gathering.sent(batchesMade, now: loop.now)
        }
        sendBatches()
    }

    /// Whether what has gathered waits for more.
    private func isHeld() -> Bool {
        let holds = gathering.holds(
            gathered: gathered.count,
            unanswered: unanswered,
            most: ClusterLimits.deltasHeldMax,
            now: loop.now
        )
        if holds, let ends = gathering.holdEnds, holdTimer.deadline != ends || !holdTimer.isArmed {
            loop.arm(holdTimer, at: ends)
        }
        return holds
    }

    private func encode(_ jobs: ArraySlice<WorkerJob>) -> [UInt8] {
        let room = jobs.reduce(Self.batchHeadBytes) { $0 + Self.room(for: $1) }
        var writer = DeltaBatchWriter(worker: identity.id, incarnation: identity.incarnation, capacity: room)
        for job in jobs {
            job.work.key.key.withUnsafeBytes { key in
                job.reply.withBytes(in: &scratch) { reply in
                    switch job.change {
                    case .unchanged: write(job, key, .unchanged, reply, &writer)
                    case .removed: write(job, key, .removed, reply, &writer)
                    case .bytes(let state): state.withUnsafeBytes { write(job, key, .bytes($0), reply, &writer) }
                    }
                }
            }
        }
        return writer.finish()
    }

    @inline(__always)
    private func write(
        _ job: WorkerJob,
        _ key: UnsafeRawBufferPointer,
        _ state: NewState,
        _ reply: UnsafeRawBufferPointer,
        _ writer: inout DeltaBatchWriter
    ) {
        writer.add(
            client: job.client,
            sequence: job.sequence,
            acked: job.acked,
            base: job.base,
            key: key,
            state: state,
            reply: reply
        )
    }

    /// About what a batch takes besides its deltas, and a delta besides its bytes: so much that a batch is rarely moved to
    /// more memory.
    private static let batchHeadBytes = 96
    private static let deltaHeadBytes = 48

    private static func room(for job: WorkerJob) -> Int {
        var bytes = deltaHeadBytes + job.work.key.key.count
        if case .bytes(let state) = job.change { bytes += state.count }
        switch job.reply {
        case .success(let reply), .failure(let reply): return bytes + reply.count
        }
    }

    /// Sends what is not under way, oldest first.
    private func sendBatches() {
        guard leader.hasLeader else { return }
        for batch in batches where !batch.isSent {
            batch.isSent = true
            batch.sends += 1
            if batch.sends > 1 { batchesResent += 1 }
            faultPoint(.workerDeltasSending)
            leader.call(ClusterMethods.deltas, batch.bytes, timeout: nil) { [self, attempt] reply in
                guard attempt == self.attempt else { return }
                faultPoint(.workerDeltasAnswered)
                ended(batch, reply)
            }
            faultPoint(.workerDeltasSent)
        }
    }

    /// A leader was found: what was under way with the last one is sent again.
    func leaderFound() {
        giveUpAttempt()
        sendBatches()
    }

    private func giveUpAttempt() {
        attempt += 1
        for batch in batches { batch.isSent = false }
    }

    private func ended(_ batch: Batch, _ reply: LeaderReply) {
        guard batches.contains(where: { $0 === batch }) else { return }
        if case .unreachable = reply, isPlanted(.lostLeaderTakenForAnswer) {
            batches.removeAll { $0 === batch }
            unanswered -= batch.jobs.count
            return batch.jobs.forEach { ended($0, nil) }
        }
        guard batch === batches.first, case .payload(let bytes) = reply,
            let outcomes = try? DeltaOutcomes(decoding: bytes), outcomes.count == batch.jobs.count
        else {
            // Lost on its way, or refused as a whole: to be sent again, to this leader or the next. So is one that is answered
            // before an older one, whose answer went with a connection of whose end nothing was heard yet.
            giveUpAttempt()
            loop.arm(retryTimer, at: loop.now.advanced(by: ClusterLimits.leaderSearchInterval))
            return
        }
        batches.removeFirst()
        unanswered -= batch.jobs.count
        gathering.answered(batch.number, now: loop.now)
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
        forgetAll()
    }

    func close() {
        loop.disarm(retryTimer)
        loop.disarm(holdTimer)
        forgetAll()
    }

    private func forgetAll() {
        gathered = []
        giveUpAttempt()
        batches = []
        unanswered = 0
        gathering.reset()
    }
}
