// Jobs in a worker: admitted by their slot's gate, run in the order of their key, replied to when they are committed.

import RingmasterProtocol

extension WorkerCore {
    // MARK: Arrival

    func submit(_ bytes: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        try submit(try JobRequest.decode(bytes), reply)
    }

    private func submit(_ request: JobRequest, _ reply: DeferredReply) throws(RemoteError) {
        let name = JobName(client: request.client, sequence: request.sequence)
        if let job = jobs[name] {
            // A resend of what is in hand: one run, and the same reply to both.
            job.replies.append(reply)
            return
        }
        guard handlers.handlers[request.method] != nil else {
            throw RemoteError(code: .unknownMethod, message: "the worker has no handler for '\(request.method)'")
        }
        let slot = gates.view.ring.size.slot(of: KeyHash(of: request.key.span.bytes))
        guard gates.jobBegan(slot) else { return try hold(request, reply, slot) }
        let job = WorkerJob(request, slot: slot, reply: reply)
        jobs[name] = job
        if request.attempt > 1 {
            lookUp(job)
        } else {
            enqueue(job)
        }
    }

    /// Keeps a job of a slot that changes hands at this moment: soon it is served here, or known to be another's.
    private func hold(_ request: JobRequest, _ reply: DeferredReply, _ slot: Slot) throws(RemoteError) {
        switch gates.state(of: slot) {
        case .notOwned: throw wrongOwner
        // The first lease of a newcomer is on its way; one that has run out may never come back.
        case .serving where hasHadLease: throw wrongOwner
        case .serving, .draining, .stopped, .loading, .loaded, .recovering:
            guard held[slot, default: []].count < ClusterLimits.heldJobsMax else {
                throw RemoteError(
                    code: .overloaded,
                    message: "\(ClusterLimits.heldJobsMax) jobs wait for the slot already"
                )
            }
            held[slot, default: []].append((request, reply))
        }
    }

    /// These slots are served from now on.
    func letIn(_ slots: [Slot]) {
        guard !held.isEmpty else { return }
        for slot in slots {
            for (request, reply) in held.removeValue(forKey: slot) ?? [] {
                do throws(RemoteError) {
                    try submit(request, reply)
                } catch {
                    reply.fail(error.code, error.message)
                }
            }
        }
    }

    /// Before a job is run on a later attempt: whoever owned its slot before may have run it, and then its reply is known.
    private func lookUp(_ job: WorkerJob) {
        var writer = MessagePackWriter(capacity: 20)
        writer.writeArrayHeader(count: 2)
        writer.write(job.request.client.rawValue)
        writer.write(job.request.sequence)
        leader.call(ClusterMethods.lookUp, writer.bytes) { [weak self] reply in
            guard let self, jobs[job.name] === job else { return }
            switch reply {
            case .payload(let bytes):
                let recorded = try? readMessage(bytes) { reader -> [UInt8]? in
                    reader.readNilIfNext() ? nil : Array(try reader.readBinary())
                }
                if let known = recorded ?? nil { end(job, known) } else { enqueue(job) }
            case .refused(let error): fail(job, error)
            // No leader to ask: the log tells in the end, and what ran for nothing is undone.
            case .unreachable: enqueue(job)
            }
        }
    }

    private func enqueue(_ job: WorkerJob) {
        let entry = keys.entry(job.request.key, in: job.slot)
        entry.waiting.append(job)
        pump(entry)
    }

    // MARK: Running

    /// Runs the jobs of a key that wait, as far as may be.
    func pump(_ entry: KeyEntry) {
        while !entry.isRunning, !entry.isStale, let job = entry.waiting.popFirst() {
            run(job, on: entry)
        }
        keys.settle(entry)
    }

    private func run(_ job: WorkerJob, on entry: KeyEntry) {
        guard let handler = handlers.handlers[job.request.method] else {
            preconditionFailure("an unknown job was admitted")
        }
        let info = Job(
            client: job.request.client,
            sequence: job.request.sequence,
            key: job.request.key,
            epoch: gates.view.ring.epoch
        )
        switch handler {
        case .raw(let body):
            var state = RawState(entry.head)
            do {
                let output = try body(&state, job.request.argument, info)
                ran(job, on: entry, .success((state, output)))
            } catch {
                ran(job, on: entry, .failure(error))
            }
        case .async(let body):
            entry.isRunning = true
            let (state, argument) = (RawState(entry.head), job.request.argument)
            let box = LoopConfined((job, entry))
            Task { [loop] in
                let outcome: Result<(RawState, [UInt8]), any Error>
                do {
                    outcome = .success(try await body(state, argument, info))
                } catch {
                    outcome = .failure(error)
                }
                loop.post {
                    let (job, entry) = box.value
                    entry.isRunning = false
                    self.ran(job, on: entry, outcome)
                    self.pump(entry)
                }
            }
        }
    }

    /// A handler has returned: its delta goes to the log, and the next job of its key may run on its state.
    private func ran(_ job: WorkerJob, on entry: KeyEntry, _ outcome: Result<(RawState, [UInt8]), any Error>) {
        // The worker may have begun a new life meanwhile.
        guard jobs[job.name] === job, keys.entries[entry.key] === entry else { return }
        if entry.isStale {
            entry.void.append(job)
            return fetchIfSettled(entry)
        }
        job.base = entry.headVersion
        job.state = .unchanged
        switch outcome {
        case .success((let state, let output)):
            job.result = JobReply.success(output)
            if state.isChanged {
                job.state = state.bytes.map { .bytes($0) } ?? .removed
                entry.head = state.bytes
            }
        case .failure(let error):
            job.result = JobReply.failure((error as? RemoteError)?.message ?? "\(error)")
        }
        entry.headVersion += 1
        entry.inFlight.append(job)
        deltas.add(job)
    }

    // MARK: The log's word

    /// What became of a job's delta.
    func settled(_ job: WorkerJob, _ refusal: DeltaRefusal?) {
        guard jobs[job.name] === job, let entry = keys.entries[job.request.key] else { return }
        precondition(entry.inFlight.first === job, "the log answers the deltas of a key in their order")
        entry.inFlight.removeFirst()
        switch refusal {
        case nil:
            keys.commit(job)
            counts.jobsCommitted += 1
            end(job, job.result)
        case .duplicate(_, let version, let reply):
            // Its own delta, sent again after a change of leader, stands at the version that it was meant to make.
            if version == job.base + 1, !entry.isStale {
                keys.commit(job)
            } else {
                entry.isStale = true
            }
            end(job, reply)
        case .staleBase, .sessionFull:
            counts.deltasRefused += 1
            entry.isStale = true
            entry.void.append(job)
        case .staleOwner:
            counts.deltasRefused += 1
            entry.isStale = true
            fail(job, wrongOwner)
            lookAtView()
        case .sessionUnknown:
            counts.deltasRefused += 1
            entry.isStale = true
            fail(
                job,
                RemoteError(code: .sessionExpired, message: "the session of the client has expired; begin another")
            )
        case .alreadyAcknowledged:
            counts.deltasRefused += 1
            entry.isStale = true
            fail(job, RemoteError(code: .badParams, message: "the job was acknowledged by its client before"))
        }
        if entry.isStale { fetchIfSettled(entry) } else { keys.settle(entry) }
    }

    /// Once nothing of a stale key is under way, its committed state is fetched, and what was void runs again.
    private func fetchIfSettled(_ entry: KeyEntry) {
        guard entry.isStale, entry.inFlight.isEmpty, !entry.isRunning, !entry.isFetching else { return }
        entry.isFetching = true
        leader.call(ClusterMethods.fetchKey, entry.key) { [weak self] reply in
            entry.isFetching = false
            guard let self, keys.entries[entry.key] === entry else { return }
            guard case .payload(let bytes) = reply, let state = try? KeyState.decode(bytes) else {
                let timer = loop.timer { [weak self] in self?.fetchIfSettled(entry) }
                loop.arm(timer, at: loop.now.advanced(by: ClusterLimits.leaderSearchInterval))
                return
            }
            keys.store(entry.key, in: entry.slot, version: state.version, state: state.state)
            entry.headVersion = state.version
            entry.head = state.state
            entry.isStale = false
            counts.jobsRepeated += entry.void.count
            for job in entry.void.reversed() { entry.waiting.prepend(job) }
            entry.void = []
            pump(entry)
            finishReads(of: entry.key)
        }
    }

    // MARK: Ends

    private func end(_ job: WorkerJob, _ result: [UInt8]) {
        jobs[job.name] = nil
        for reply in job.replies { reply.send(result) }
        job.replies = []
        if let effect = gates.jobEnded(job.slot) { perform(effect) }
    }

    func fail(_ job: WorkerJob, _ error: RemoteError) {
        jobs[job.name] = nil
        for reply in job.replies { reply.fail(error.code, error.message) }
        job.replies = []
        if let effect = gates.jobEnded(job.slot) { perform(effect) }
    }

    var wrongOwner: RemoteError {
        RemoteError(
            code: .wrongOwner,
            message: "worker \(configuration.name) does not serve the key's slot in epoch \(gates.view.ring.epoch)"
        )
    }

    // MARK: Reads and calls

    /// Answers with a key's committed state. The lease makes sure that nobody else may have written it since.
    func read(_ bytes: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let request = try KeyRequest.decode(bytes)
        let slot = gates.view.ring.size.slot(of: KeyHash(of: request.key.span.bytes))
        guard renewNow(), gates.serves(slot) else { throw wrongOwner }
        counts.reads += 1
        if let entry = keys.entries[request.key], entry.isStale {
            waitingReads[request.key, default: []].append(reply)
            return
        }
        answerRead(request.key, slot, reply)
    }

    private func answerRead(_ key: [UInt8], _ slot: Slot, _ reply: DeferredReply) {
        let stored = keys.stored(key, in: slot)
        reply.send(KeyState(version: stored.version, state: stored.state).encoded())
    }

    private func finishReads(of key: [UInt8]) {
        guard let replies = waitingReads.removeValue(forKey: key) else { return }
        let slot = gates.view.ring.size.slot(of: KeyHash(of: key.span.bytes))
        for reply in replies {
            if renewNow(), gates.serves(slot) {
                answerRead(key, slot, reply)
            } else {
                reply.fail(wrongOwner.code, wrongOwner.message)
            }
        }
    }

    /// Runs a handler on a copy of the key's committed state and forgets what it did to it: never durable.
    func call(_ bytes: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let request = try KeyRequest.decode(bytes)
        guard let handler = handlers.handlers[request.method] else {
            throw RemoteError(code: .unknownMethod, message: "the worker has no handler for '\(request.method)'")
        }
        let slot = gates.view.ring.size.slot(of: KeyHash(of: request.key.span.bytes))
        guard gates.serves(slot) else { throw wrongOwner }
        let info = Job(client: ClientID(rawValue: 0), sequence: 0, key: request.key, epoch: gates.view.ring.epoch)
        var state = RawState(keys.stored(request.key, in: slot).state)
        switch handler {
        case .raw(let body):
            do {
                reply.send(JobReply.success(try body(&state, request.argument, info)))
            } catch {
                reply.send(JobReply.failure((error as? RemoteError)?.message ?? "\(error)"))
            }
        case .async(let body):
            let given = state
            Task { [loop] in
                let result: [UInt8]
                do {
                    result = JobReply.success(try await body(given, request.argument, info).1)
                } catch {
                    result = JobReply.failure((error as? RemoteError)?.message ?? "\(error)")
                }
                loop.post { reply.send(result) }
            }
        }
    }
}
