// Jobs in a worker: admitted by their slot's gate, run in the order of their key, replied to when they are committed.

import RingmasterProtocol

extension WorkerCore {
    // MARK: Arrival

    func submit(_ bytes: UnsafeRawBufferPointer, _ address: ReplyAddress) {
        do throws(RemoteError) {
            let request = try JobRequest.decode(bytes)
            guard let handler = handlers.handler(named: request.method) else {
                let name = String(decoding: request.method, as: UTF8.self)
                throw RemoteError(code: .unknownMethod, message: "the worker has no handler for '\(name)'")
            }
            let hash = KeyHash(of: request.key)
            let job = WorkerJob(address, request, handler: handler, slot: keys.slot(of: hash))
            faultPoint(.workerJobReceived)
            letIn(job, request.key, hash)
        } catch {
            DeferredReply(address).fail(error.code, error.message)
        }
    }

    private func letIn(_ job: WorkerJob, _ key: UnsafeRawBufferPointer, _ hash: KeyHash) {
        if let first = jobs.updateValue(job, forKey: job.name) {
            // A resend of what is in hand: one run, and the same reply to both.
            jobs[first.name] = first
            counts.duplicatesSuppressed += 1
            first.resends.append(job)
            return
        }
        guard gates.jobBegan(job.slot) else {
            jobs[job.name] = nil
            return hold(job, key)
        }
        job.work = keys.work(on: keys.key(key, hash))
        if job.attempt > 1 {
            lookUp(job)
        } else {
            enqueue(job)
        }
    }

    /// Keeps a job of a slot that changes hands at this moment: soon it is served here, or known to be another's.
    private func hold(_ job: WorkerJob, _ key: UnsafeRawBufferPointer) {
        switch gates.state(of: job.slot) {
        case .notOwned: job.fail(wrongOwner.code, wrongOwner.message)
        // The first lease of a newcomer is on its way; one that has run out may never come back.
        case .serving where hasHadLease: job.fail(wrongOwner.code, wrongOwner.message)
        case .serving, .draining, .stopped, .loading, .loaded, .recovering:
            guard held[job.slot, default: []].count < ClusterLimits.heldJobsMax else {
                return job.fail(.overloaded, "\(ClusterLimits.heldJobsMax) jobs wait for the slot already")
            }
            held[job.slot, default: []].append((job, Array(key)))
        }
    }

    /// These slots are served from now on.
    func letIn(_ slots: [Slot]) {
        guard !held.isEmpty else { return }
        for slot in slots {
            for (job, key) in held.removeValue(forKey: slot) ?? [] {
                key.withUnsafeBytes { letIn(job, $0, KeyHash(of: $0)) }
            }
        }
    }

    /// Before a job is run on a later attempt: whoever owned its slot before may have run it, and then its reply is known.
    private func lookUp(_ job: WorkerJob) {
        job.work.lookUps += 1
        var writer = MessagePackWriter(capacity: 20)
        writer.writeArrayHeader(count: 2)
        writer.write(job.client.rawValue)
        writer.write(job.sequence)
        faultPoint(.workerLookUpSending)
        leader.call(ClusterMethods.lookUp, writer.bytes) { [self] reply in
            faultPoint(.workerLookUpAnswered)
            guard !job.isEnded else { return }
            job.work.lookUps -= 1
            switch reply {
            case .payload(let bytes):
                let recorded = try? readMessage(bytes) { reader -> [UInt8]? in
                    reader.readNilIfNext() ? nil : Array(try reader.readBinary())
                }
                if let known = recorded ?? nil {
                    counts.duplicatesSuppressed += 1
                    known.withUnsafeBytes { end(job, $0) }
                    keys.settle(job.work)
                } else {
                    enqueue(job)
                }
            case .refused(let error):
                fail(job, error)
                keys.settle(job.work)
            // No leader to ask: the log tells in the end, and what ran for nothing is undone.
            case .unreachable: enqueue(job)
            }
        }
    }

    private func enqueue(_ job: WorkerJob) {
        job.work.waiting.append(job)
        pump(job.work)
    }

    // MARK: Running

    /// Runs the jobs of a key that wait, as far as may be.
    func pump(_ work: KeyWork) {
        while !work.isRunning, !work.isStale, let job = work.waiting.popFirst() {
            run(job, on: work)
        }
        keys.settle(work)
    }

    private func run(_ job: WorkerJob, on work: KeyWork) {
        let info = Job(
            client: job.client,
            sequence: job.sequence,
            key: work.key.key,
            epoch: gates.view.ring.epoch
        )
        switch job.handler {
        case .raw(let body):
            var state = RawState(work.head)
            do {
                let output = try body(&state, job.argument, info)
                ran(job, on: work, state, .success(output))
            } catch {
                ran(job, on: work, nil, .thrown(error))
            }
        case .async(let body):
            work.isRunning = true
            let (state, argument) = (RawState(work.head), job.argument)
            let box = LoopConfined((job, work))
            Task { [loop] in
                let outcome: Result<(RawState, [UInt8]), any Error>
                do {
                    outcome = .success(try await body(state, argument, info))
                } catch {
                    outcome = .failure(error)
                }
                loop.post {
                    let (job, work) = box.value
                    work.isRunning = false
                    switch outcome {
                    case .success((let state, let output)): self.ran(job, on: work, state, .success(output))
                    case .failure(let error): self.ran(job, on: work, nil, .thrown(error))
                    }
                    self.pump(work)
                }
            }
        }
    }

    /// A handler has returned, and left that state unless it threw: its delta goes to the log, and the next job of its key may
    /// run on its state.
    private func ran(_ job: WorkerJob, on work: KeyWork, _ state: RawState?, _ reply: JobReply) {
        // The worker may have begun a new life meanwhile.
        guard !job.isEnded, !work.isForgotten else { return }
        if work.isStale {
            work.void.append(job)
            return fetchIfSettled(work)
        }
        job.base = work.headVersion
        job.change = .unchanged
        job.reply = reply
        if let state, state.isChanged {
            job.change = state.bytes.map { .bytes($0) } ?? .removed
            work.head = state.bytes
        }
        work.headVersion += 1
        work.inFlight.append(job)
        faultPoint(.workerJobRun)
        deltas.add(job)
        if isPlanted(.replyBeforeCommit) { reply.withBytes(in: &scratch) { job.send($0) } }
    }

    // MARK: The log's word

    /// What became of a job's delta.
    func settled(_ job: WorkerJob, _ refusal: DeltaRefusal?) {
        guard !job.isEnded, let work = job.work, !work.isForgotten else { return }
        precondition(work.inFlight.first === job, "the log answers the deltas of a key in their order")
        work.inFlight.removeFirst()
        switch refusal {
        case nil:
            work.key.commit(job)
            counts.jobsCommitted += 1
            end(job)
        case .duplicate(_, let version, let reply):
            // Its own delta, sent again after a change of leader, stands at the version that it was meant to make.
            if version == job.base + 1, !work.isStale {
                work.key.commit(job)
            } else {
                work.isStale = true
            }
            reply.withUnsafeBytes { end(job, $0) }
        case .staleBase, .sessionFull:
            counts.deltasRefused += 1
            work.isStale = true
            if isPlanted(.replyFromRollback) { end(job) } else { work.void.append(job) }
        case .staleOwner:
            counts.deltasRefused += 1
            work.isStale = true
            fail(job, wrongOwner)
            lookAtView()
        case .sessionUnknown:
            counts.deltasRefused += 1
            work.isStale = true
            fail(
                job,
                RemoteError(code: .sessionExpired, message: "the session of the client has expired; begin another")
            )
        case .alreadyAcknowledged:
            counts.deltasRefused += 1
            work.isStale = true
            fail(job, RemoteError(code: .badParams, message: "the job was acknowledged by its client before"))
        }
        if work.isStale { fetchIfSettled(work) } else { keys.settle(work) }
    }

    /// Once nothing of a stale key is under way, its committed state is fetched, and what was void runs again.
    private func fetchIfSettled(_ work: KeyWork) {
        guard work.isStale, work.inFlight.isEmpty, !work.isRunning, !work.isFetching else { return }
        work.isFetching = true
        let key = work.key
        leader.call(ClusterMethods.fetchKey, key.key) { [self] reply in
            work.isFetching = false
            guard !work.isForgotten, !isClosed else { return }
            guard case .payload(let bytes) = reply, let state = try? KeyState.decode(bytes) else {
                let timer = loop.timer { [self] in fetchIfSettled(work) }
                loop.arm(timer, at: loop.now.advanced(by: ClusterLimits.leaderSearchInterval))
                return
            }
            key.version = state.version
            key.state = state.state
            work.headVersion = state.version
            work.head = isPlanted(.rollbackForgetsState) ? nil : state.state
            work.isStale = false
            counts.jobsRepeated += work.void.count
            for job in work.void.reversed() { work.waiting.prepend(job) }
            work.void = []
            pump(work)
            finishReads(of: key.key)
        }
    }

    // MARK: Ends

    /// Replies what its handler came to.
    private func end(_ job: WorkerJob) {
        // Taken for the time of the call: it is one buffer, whoever writes to it.
        var scratch: [UInt8] = []
        swap(&scratch, &self.scratch)
        job.reply.withBytes(in: &scratch) { end(job, $0) }
        swap(&scratch, &self.scratch)
    }

    private func end(_ job: WorkerJob, _ reply: UnsafeRawBufferPointer) {
        job.isEnded = true
        jobs[job.name] = nil
        faultPoint(.workerReplySending)
        job.send(reply)
        faultPoint(.workerReplySent)
        if !job.resends.isEmpty {
            for resend in job.resends { resend.send(reply) }
            job.resends = []
        }
        if let effect = gates.jobEnded(job.slot) { perform(effect) }
    }

    func fail(_ job: WorkerJob, _ error: RemoteError) {
        jobs[job.name] = nil
        refuse(job, error)
        if let effect = gates.jobEnded(job.slot) { perform(effect) }
    }

    /// Answers everybody who waits for a job that is none of this worker's any more.
    func refuse(_ job: WorkerJob, _ error: RemoteError) {
        job.isEnded = true
        job.fail(error.code, error.message)
        for resend in job.resends { resend.fail(error.code, error.message) }
        job.resends = []
    }

    var wrongOwner: RemoteError {
        RemoteError(
            code: .wrongOwner,
            message: "worker \(configuration.name) does not serve the key's slot in epoch \(gates.view.ring.epoch)"
        )
    }
}
