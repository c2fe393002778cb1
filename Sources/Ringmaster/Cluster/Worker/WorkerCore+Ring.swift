// The worker's place on the ring: joining, the orders of a resize, the hand-over of states, leaving.

import RingmasterProtocol

extension WorkerCore {
    func leaderFound() {
        faultPoint(.workerLeaderFound)
        deltas.leaderFound()
        if isJoined { askForLease() } else { place() }
    }

    // MARK: Joining

    /// Learns the ring, then asks to be a member of it.
    func place() {
        guard !isAsking, !isClosed, !isLeaving else { return }
        isAsking = true
        leader.call(ClusterMethods.view, []) { [self] reply in
            isAsking = false
            guard !isClosed, case .payload(let bytes) = reply, let view = try? ClusterView(decoding: bytes) else {
                return
            }
            if !isPlaced {
                gates = makeGates(size: view.ring.size)
                keys = KeyTable(size: view.ring.size)
                isPlaced = true
            }
            perform(gates.handle(.viewAdopted(view)))
            join()
        }
    }

    private func makeGates(size: RingSize) -> SlotGates {
        SlotGates(worker: identity.id, incarnation: identity.incarnation, size: size, planted: plantedBug)
    }

    private func join() {
        guard !isAsking else { return }
        isAsking = true
        let asked = identity
        faultPoint(.workerJoinSending)
        leader.call(ClusterMethods.join, JoinRequest.encode(record)) { [self] reply in
            isAsking = false
            guard !isClosed, identity == asked else { return }
            switch reply {
            case .payload:
                faultPoint(.workerJoinAnswered)
                isJoined = true
                askForLease()
            case .refused(let error):
                logger.warning("not let in", metadata: ["reason": "\(error)"])
                if error.code == .notMember { beginNewLife() }
            case .unreachable: break
            }
        }
        faultPoint(.workerJoinSent)
    }

    /// The cluster has given this life up: what it holds may be old. It forgets everything and joins as a newcomer, unless it was
    /// to leave: then it has.
    func beginNewLife() {
        faultPoint(.workerLifeRenewed)
        counts.rejoins += 1
        logger.warning("the cluster has given this worker up; it \(isLeaving ? "has left" : "joins again")")
        isJoined = false
        isPlaced = false
        leaseEnds = MonotonicTime(nanoseconds: 0)
        load = nil
        unanswered = [:]
        let now = loop.refreshNow()
        shortLives = now.since(lifeBegan) < ClusterLimits.shortLife ? shortLives + 1 : 0
        lifeBegan = now
        identity = WorkerIdentity(
            id: identity.id,
            incarnation: .fresh(after: identity.incarnation, shortLives: shortLives, on: loop.host)
        )
        deltas.begin(as: identity)
        let given = wrongOwner
        keys.removeAll()
        let dropped = jobs
        jobs = [:]
        for job in dropped.values { refuse(job, given) }
        for reply in waitingReads.values.joined() { reply.fail(given.code, given.message) }
        waitingReads = [:]
        for (job, _) in held.values.joined() { job.fail(given.code, given.message) }
        held = [:]
        gates = makeGates(size: gates.view.ring.size)
        if isLeaving {
            released(.success(()))
        } else if configuration.isHealthy() {
            place()
        }
    }

    // MARK: Orders

    func sync(_ bytes: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let message: SyncMessage
        do {
            message = try SyncMessage(decoding: bytes)
        } catch {
            throw RemoteError(code: .badParams, message: "the message of a resize cannot be read: \(error)")
        }
        guard case .fromCoordinator(_, let epoch, let order) = message else {
            throw RemoteError(code: .badParams, message: "the message of a resize is a member's")
        }
        guard isPlaced else { throw RemoteError(code: .notMember, message: "worker \(identity.id) has not joined yet") }
        unanswered[message.phase] = reply
        faultPoint(order.receivedPoint)
        perform(gates.handle(.ordered(order, epoch)))
    }

    func perform(_ effects: [SlotGates.Effect]) {
        for effect in effects { perform(effect) }
    }

    func perform(_ effect: SlotGates.Effect) {
        switch effect {
        case .report(let epoch):
            faultPoint(.workerPhase1Drained)
            answer(epoch, .report(currentJob: deltas.lastJob))
            faultPoint(.workerPhase1AnswerSent)
        case .acknowledgeSynchronise(let epoch):
            answer(epoch, .synchronised)
            faultPoint(.workerPhase2AnswerSent)
        case .acknowledgeNotice(let epoch):
            answer(epoch, .notified)
            faultPoint(.workerPhase3AnswerSent)
        case .load(let slots, _, let epoch):
            let load = SlotLoad(slots: slots, epoch: epoch, size: gates.view.ring.size, leader: leader, loop: loop)
            self.load = load
            load.begin(
                take: { [self] chunk in take(chunk) },
                done: { [self, weak load] in
                    guard let load, self.load === load else { return }
                    self.load = nil
                    faultPoint(.workerPhase2Loaded)
                    perform(gates.handle(.loaded(epoch)))
                }
            )
        case .reopened(let slots):
            faultPoint(.workerSlotsReopened)
            letIn(slots)
        case .dropState(let slots):
            drop(slots)
            faultPoint(.workerSlotsDropped)
        case .fetchView: lookAtView()
        case .rejoin: beginNewLife()
        case .mayExit: released(.success(()))
        }
    }

    private func answer(_ epoch: Epoch, _ answer: SyncMessage.Answer) {
        let message = SyncMessage.fromMember(identity.id, epoch, answer)
        unanswered.removeValue(forKey: message.phase)?.send(message.encoded())
    }

    /// Takes the states of a chunk that was handed over.
    private func take(_ chunk: SlotChunk) {
        chunk.forEach { key, version, state in
            if isPlanted(.regainedSlotsNotReloaded), keys.find(key, KeyHash(of: key)) != nil { return }
            keys.store(key, version: version, state: state.map { Array($0) })
        }
    }

    private func drop(_ slots: [Slot]) {
        let lost = Set(slots)
        for slot in slots {
            if !isPlanted(.regainedSlotsNotReloaded) { keys.drop(slot) }
            for (job, _) in held.removeValue(forKey: slot) ?? [] { job.fail(wrongOwner.code, wrongOwner.message) }
        }
        for job in Array(jobs.values) where lost.contains(job.slot) { fail(job, wrongOwner) }
    }

    /// Fetches the view in force from the leader.
    func lookAtView() {
        guard !isViewAsked, !isClosed else { return }
        isViewAsked = true
        leader.call(ClusterMethods.view, []) { [self] reply in
            isViewAsked = false
            if case .payload(let bytes) = reply { adopt(bytes) }
        }
    }

    /// Serves by the view to which a step leads from now on. Where it leads nowhere from here, the notice that follows has the view
    /// asked for.
    func take(step bytes: UnsafeRawBufferPointer) {
        guard !isClosed, isPlaced, let step = try? ViewStep(decoding: bytes), step.epoch > gates.view.ring.epoch,
            let view = try? step.applied(to: gates.view)
        else { return }
        adopt(view)
    }

    /// Serves by a view from now on, if it is newer.
    func adopt(_ bytes: UnsafeRawBufferPointer) {
        guard !isClosed, isPlaced, let view = try? ClusterView(decoding: bytes),
            view.ring.size == gates.view.ring.size
        else { return }
        adopt(view)
    }

    private func adopt(_ view: ClusterView) {
        faultPoint(.workerViewReceived)
        perform(gates.handle(.viewAdopted(view)))
        faultPoint(.workerViewAdopted)
        // A member of this view from now on: what it serves waits for its first lease.
        if isJoined, !gates.isLeaseHeld { askForLease() }
    }

    // MARK: Leaving

    /// Hands its slots over. `then` is called once it owns nothing, or when `limit` is over.
    func leave(within limit: Duration, then: @escaping (Result<Void, ClusterError>) -> Void) {
        guard isJoined, !isClosed else { return then(.success(())) }
        precondition(whenReleased == nil, "a worker leaves once")
        whenReleased = then
        isLeaving = true
        leaveEnds = loop.refreshNow().advanced(by: limit)
        leaveLimit = limit
        perform(gates.handle(.leave))
        askToLeave()
    }

    /// Asks the leader, and again soon where there is none; until the time for it is over.
    func askToLeave() {
        guard whenReleased != nil, !isClosed else { return }
        let left = leaveEnds.since(loop.refreshNow())
        guard left > .zero else { return released(.failure(.notReleased(after: leaveLimit))) }
        var writer = MessagePackWriter()
        writer.write(identity.id.name)
        faultPoint(.workerLeaveSending)
        // Asked again where no answer comes: what was asked may have been lost with a leader that nobody has missed yet.
        let limit = min(left, ClusterLimits.leaveAnswerTimeout)
        leader.call(ClusterMethods.leave, writer.bytes, timeout: limit) { [self] reply in
            guard !isClosed, whenReleased != nil else { return }
            switch reply {
            case .payload: released(.success(()))
            case .refused(let error) where error.code == .notMember: released(.success(()))
            case .refused, .unreachable:
                loop.arm(leaveTimer, at: loop.refreshNow().advanced(by: ClusterLimits.heartbeatInterval))
            }
        }
        faultPoint(.workerLeaveSent)
    }

    func released(_ result: Result<Void, ClusterError>) {
        faultPoint(.workerLeaveReleased)
        loop.disarm(leaveTimer)
        whenReleased?(result)
        whenReleased = nil
    }
}

extension SyncMessage.Order {
    fileprivate var receivedPoint: FaultPoint {
        switch self {
        case .propose: .workerPhase1Received
        case .synchronise: .workerPhase2Received
        case .notify: .workerPhase3Received
        }
    }
}
