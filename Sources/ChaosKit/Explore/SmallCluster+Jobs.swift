// What a worker does with jobs around SlotGates and the log: as WorkerCore+Jobs, KeyWork and DeltaStream, for one key.

import RingmasterProtocol

extension SmallCluster {
    /// A job has come to a worker.
    mutating func submit(_ job: WorkerProcess.HeldJob, to place: Int) throws(BrokenPromise) {
        guard let worker = workers[place], !worker.jobs.contains(where: { $0.sequence == job.sequence }) else { return }
        guard workers[place]?.gates.jobBegan(Self.keySlot) == true else { return hold(job, at: place) }
        workers[place]?.jobs.append(job)
        if workers[place]?.work == nil {
            workers[place]?.work = WorkerProcess.KeyWorkState(head: worker.list)
        }
        if job.isResend {
            setLookedUp(job.sequence, true, at: place)
        } else {
            enqueue(job.sequence, at: place)
        }
    }

    private mutating func setLookedUp(_ sequence: UInt64, _ isLookedUp: Bool, at place: Int) {
        guard let index = workers[place]?.jobs.firstIndex(where: { $0.sequence == sequence }) else { return }
        workers[place]?.jobs[index].isLookedUp = isLookedUp
    }

    private mutating func hold(_ job: WorkerProcess.HeldJob, at place: Int) {
        guard let worker = workers[place] else { return }
        switch worker.gates.state(of: Self.keySlot) {
        case .notOwned: break
        case .serving where worker.hasHadLease: break
        case .serving, .draining, .stopped, .loading, .loaded, .recovering:
            // Another copy that waits is told the same as this one.
            if !worker.has(job.sequence) { workers[place]?.held.append(job) }
        }
    }

    mutating func letInHeld(_ place: Int) throws(BrokenPromise) {
        guard let held = workers[place]?.held, !held.isEmpty else { return }
        workers[place]?.held = []
        for job in held { try submit(job, to: place) }
    }

    /// Before a resend runs: the leader knows its record, or it is not reached, or knows none.
    mutating func lookUp(_ sequence: UInt64, at place: Int, isReached: Bool) throws(BrokenPromise) {
        guard let worker = workers[place] else { return }
        let office = worker.followsLeader ? leader : 0
        setLookedUp(sequence, false, at: place)
        guard isReached else { return enqueue(sequence, at: place) }
        switch offices[office].machine.record(of: LogMemory.clientID, sequence: sequence) {
        case .none: enqueue(sequence, at: place)
        case .record(_, _, let reply): try end(sequence, at: place, reply: reply)
        case .sessionUnknown: try fail(sequence, at: place, isFinal: true)
        case .alreadyAcknowledged: try fail(sequence, at: place, isFinal: true)
        }
        settleWork(place)
    }

    private mutating func enqueue(_ sequence: UInt64, at place: Int) {
        workers[place]?.work?.waiting.append(sequence)
        pump(place)
    }

    private mutating func pump(_ place: Int) {
        while let work = workers[place]?.work, !work.isStale, let next = work.waiting.first {
            workers[place]?.work?.waiting.removeFirst()
            run(next, at: place)
        }
        settleWork(place)
    }

    private mutating func run(_ sequence: UInt64, at place: Int) {
        guard let worker = workers[place], let work = worker.work,
            let job = worker.jobs.first(where: { $0.sequence == sequence })
        else { return }
        let delta = WireDelta(
            place: place,
            incarnation: worker.record.incarnation,
            sequence: sequence,
            acked: job.acked,
            base: UInt64(work.head.count),
            list: work.head + [UInt8(sequence)]
        )
        workers[place]?.work?.head = delta.list
        workers[place]?.work?.inFlight.append(sequence)
        workers[place]?.stream.append(WorkerProcess.StreamedDelta(delta: delta))
    }

    private mutating func settleWork(_ place: Int) {
        guard let worker = workers[place], let work = worker.work else { return }
        if work.isIdle(lookUps: worker.jobs.contains { $0.isLookedUp }) { workers[place]?.work = nil }
    }

    // MARK: The log's word

    /// What became of the oldest delta has come.
    mutating func settle(_ place: Int) throws(BrokenPromise) {
        guard let answer = workers[place]?.outcomes.removeFirst(), let streamed = workers[place]?.stream.removeFirst()
        else { return }
        workers[place]?.taken -= 1
        if let last = workers[place]?.lastJob, last < answer.lastJob { workers[place]?.lastJob = answer.lastJob }
        let delta = streamed.delta
        guard streamed.isWanted, workers[place]?.work != nil else { return }
        guard workers[place]?.work?.inFlight.first == delta.sequence else {
            throw BrokenPromise("order", "the log answers the deltas of a key in another order than they ran")
        }
        workers[place]?.work?.inFlight.removeFirst()
        switch answer.refusal {
        case nil:
            workers[place]?.list = delta.list
            try end(delta.sequence, at: place, reply: [delta.reply])
        case .duplicate(_, let version, let reply):
            if version == delta.base + 1, workers[place]?.work?.isStale == false {
                workers[place]?.list = delta.list
            } else {
                workers[place]?.work?.isStale = true
            }
            try end(delta.sequence, at: place, reply: reply)
        case .staleBase, .sessionFull:
            workers[place]?.work?.isStale = true
            workers[place]?.work?.void.append(delta.sequence)
        case .staleOwner:
            workers[place]?.work?.isStale = true
            try fail(delta.sequence, at: place, isFinal: false)
        case .sessionUnknown, .alreadyAcknowledged:
            workers[place]?.work?.isStale = true
            try fail(delta.sequence, at: place, isFinal: true)
        }
        settleWork(place)
    }

    func canFetchKey(_ worker: WorkerProcess) -> Bool {
        worker.work.map { $0.isStale && $0.inFlight.isEmpty } ?? false
    }

    /// The committed state of a stale key has come; what was void runs again.
    mutating func fetchKey(_ place: Int) {
        guard let worker = workers[place], let work = worker.work else { return }
        let list = offices[worker.followsLeader ? leader : 0].machine.list
        workers[place]?.list = list
        workers[place]?.work?.head = list
        workers[place]?.work?.isStale = false
        workers[place]?.work?.waiting = work.void + work.waiting
        workers[place]?.work?.void = []
        pump(place)
    }

    // MARK: Ends

    private mutating func end(_ sequence: UInt64, at place: Int, reply: [UInt8]) throws(BrokenPromise) {
        workers[place]?.jobs.removeAll { $0.sequence == sequence }
        try replied(sequence, reply)
        if let effect = workers[place]?.gates.jobEnded(Self.keySlot) { try perform(effect, by: place) }
    }

    private mutating func fail(_ sequence: UInt64, at place: Int, isFinal: Bool) throws(BrokenPromise) {
        workers[place]?.jobs.removeAll { $0.sequence == sequence }
        if isFinal { try gaveUp(sequence) }
        if let effect = workers[place]?.gates.jobEnded(Self.keySlot) { try perform(effect, by: place) }
    }

    /// The slot is another's: nothing of it is kept, and who waits is told so.
    mutating func dropKey(_ place: Int) throws(BrokenPromise) {
        guard let worker = workers[place] else { return }
        workers[place]?.held = []
        workers[place]?.list = []
        workers[place]?.work = nil
        for index in worker.stream.indices { workers[place]?.stream[index].isWanted = false }
        for job in worker.jobs { try fail(job.sequence, at: place, isFinal: false) }
    }
}

extension WorkerProcess {
    /// A leader was found: everything without an answer is sent again, and what others answer does not count any more.
    mutating func leaderFound() {
        followsLeader = true
        taken = 0
        outcomes = []
    }
}
