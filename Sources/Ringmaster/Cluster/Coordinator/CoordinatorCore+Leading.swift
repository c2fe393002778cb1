// What a coordinator does while it leads: it keeps the ring, with a line to each worker, leases and rounds.

import RingmasterProtocol

extension CoordinatorCore {
    func beginLeading() {
        faultPoint(.coordinatorElected)
        logClock.begin(at: machine.timeMs, now: loop.refreshNow())
        // A barrier first: entries of leaders before this one are applied before it judges anything by its state machine.
        let (clusterID, size) = (configuration.clusterID, configuration.ringSize)
        commands.add { [weak self] result in
            guard case .applied = result, let self, isLeader else { return }
            takeOver()
        } write: {
            $0.initialise(clusterID: clusterID, size: size)
        }
    }

    /// Every entry of earlier leaders is applied: the ring is this leader's.
    private func takeOver() {
        faultPoint(.coordinatorOfficeTaken)
        logClock.begin(at: machine.timeMs, now: loop.refreshNow())
        var records = machine.view.members
        for record in machine.intent?.members ?? [] where !records.contains(where: { $0.identity == record.identity }) {
            records.append(record)
        }
        // What the leader before this one granted is not known; one that was cut off granted leases until it noticed.
        let leaseEnds = loop.refreshNow()
            .advanced(by: ClusterLimits.lease + ClusterLimits.leaseMargin)
            .advanced(by: configuration.electionTimeout * 2 * ElectionPatience.factorMax)
        for record in records { openLink(to: record, leaseEnds: leaseEnds) }
        handle(.resize(configuration.resizeMode))
        handle(
            .becameLeader(
                view: machine.view,
                intent: machine.intent,
                highestEpochSeen: max(machine.view.ring.epoch, machine.intent?.epoch ?? .zero)
            )
        )
        loop.arm(leaseTimer, at: loop.now.advanced(by: ClusterLimits.heartbeatInterval))
        loop.arm(sessionTimer, at: loop.now.advanced(by: .seconds(60)))
    }

    func endLeading() {
        faultPoint(.coordinatorSteppedDown)
        handle(.lostLeadership)
        commands.dropGathered()
        loop.disarm(leaseTimer)
        loop.disarm(sessionTimer)
        loop.disarm(tickTimer)
        closeMembers()
    }

    func closeMembers() {
        for link in members.values { link.close() }
        members = [:]
        for waiter in leaveWaiters.values.joined() {
            waiter.fail(.notLeader, leaderEndpoint)
        }
        leaveWaiters = [:]
    }

    // MARK: The ring

    /// Hands an event to the ring's keeper and does what it asks for.
    func handle(_ event: RingKeeper.Event) {
        let effects = keeper.handle(event, at: clock.instant(loop.now))
        for effect in effects { perform(effect) }
        if let next = keeper.nextTick {
            loop.arm(tickTimer, at: clock.time(next))
        } else if let tickTimer {
            loop.disarm(tickTimer)
        }
    }

    func tick() {
        loop.refreshNow()
        handle(.tick)
    }

    private func perform(_ effect: RingKeeper.Effect) {
        switch effect {
        case .logIntent(let intent):
            logger.info(
                "round is proposed",
                metadata: [
                    "epoch": "\(intent.epoch)", "mode": "\(intent.mode)",
                    "members": "\(intent.members.map(\.member.id.name).joined(separator: ","))",
                ]
            )
            faultPoint(.coordinatorIntentProposing)
            commands.add { $0.propose(intent) }
            faultPoint(.coordinatorIntentProposed)
        case .logCommit(let epoch):
            faultPoint(.coordinatorCommitProposing)
            commands.add { $0.commit(epoch) }
            faultPoint(.coordinatorCommitProposed)
        case .order(let worker, let order, let epoch):
            send(order, epoch, to: worker)
        case .roundBegan(let epoch, let movedSlots):
            logger.info("round begins", metadata: ["epoch": "\(epoch)", "moves": "\(movedSlots)"])
        case .roundEnded(let epoch, let movedSlots, let how):
            if how == .committed { counts.roundsCommitted += 1 } else { counts.roundsSuperseded += 1 }
            logger.info(
                "round ends",
                metadata: [
                    "epoch": "\(epoch)", "moved": "\(movedSlots)", "how": "\(how)",
                    "bytes": "\(handOver.epoch == epoch ? handOver.bytes : 0)",
                ]
            )
            if how == .committed { settleMembers() }
            faultPoint(.coordinatorRoundEnded)
        case .released(let worker):
            for waiter in leaveWaiters.removeValue(forKey: worker) ?? [] {
                waiter.send(NumberMessage.encode(machine.view.ring.epoch.rawValue))
                faultPoint(.coordinatorLeaveAnswerSent)
            }
        case .refused(let worker, let incarnation, let reason):
            logger.warning("join refused", metadata: ["worker": "\(worker)", "reason": "\(reason)"])
            guard let link = members[worker], link.record.incarnation == incarnation else { return }
            members[worker] = nil
            link.close()
        }
    }

    private func send(_ order: SyncMessage.Order, _ epoch: Epoch, to worker: WorkerID) {
        guard let link = members[worker] else { return }
        faultPoint(order.points.sending)
        // Before the notice: what the worker has gained or kept closed, it serves without asking for the view.
        if case .notify = order { link.send(notices.ofView) }
        link.send(encoded(order, epoch)) { [weak self] answer in
            guard let self, isLeader, case .fromMember(let sender, let epoch, let content) = answer, sender == worker
            else { return }
            faultPoint(order.points.answered)
            switch content {
            case .report(let job): handle(.reported(sender, epoch, job))
            case .synchronised: handle(.synchronised(sender, epoch))
            case .notified: break
            }
        }
        faultPoint(order.points.sent)
    }

    /// The message of an order. The same goes to many workers, one after the other, so it is kept.
    private func encoded(_ order: SyncMessage.Order, _ epoch: Epoch) -> [UInt8] {
        if let last = lastOrder, last.epoch == epoch, last.order == order { return last.bytes }
        let bytes = SyncMessage.fromCoordinator(configuration.name, epoch, order).encoded()
        lastOrder = (epoch, order, bytes)
        return bytes
    }

    // MARK: Members

    func openLink(to record: MemberRecord, leaseEnds: MonotonicTime) {
        let id = record.member.id
        if let present = members[id] {
            guard present.record.incarnation != record.incarnation else { return }
            present.close()
        }
        do {
            let endpoint = try Endpoint(record.endpoint)
            members[id] = try MemberLink(
                to: record,
                endpoint: endpoint,
                security: configuration.clientSecurity(endpoint),
                context: context,
                loop: loop,
                clock: clock,
                leaseEnds: leaseEnds
            ) { [weak self] link in self?.died(link, "its endpoint refuses connections") }
        } catch {
            logger.error("no line to a worker", metadata: ["worker": "\(id)", "error": "\(error)"])
        }
    }

    /// A worker that may be given up: it is dead, or its lease has run out.
    func died(_ link: MemberLink, _ reason: String) {
        guard isLeader, members[link.record.member.id] === link else { return }
        faultPoint(.coordinatorWorkerLost)
        let worker = link.record.member.id
        logger.warning("worker lost", metadata: ["worker": "\(worker)", "reason": "\(reason)"])
        members[worker] = nil
        link.close()
        handle(.died(worker, link.record.incarnation))
        // Who is given up is not released any more. If it lives, it has nothing to wait for.
        for waiter in leaveWaiters.removeValue(forKey: worker) ?? [] {
            waiter.fail(.notMember, "worker '\(worker)' was given up while it left")
        }
    }

    func checkLeases() {
        let now = loop.refreshNow()
        // A silent worker is looked at first; it is given up once it is suspect by its habits and its lease is over.
        for link in members.values where link.isSuspect(at: now) || isGivenUpEarly(link, now) {
            if link.leaseEnds < now || isPlanted(.leaseNotWaitedFor) {
                died(link, "it is silent, and its lease has run out")
            } else {
                link.probe()
            }
        }
        loop.arm(leaseTimer, at: now.advanced(by: ClusterLimits.heartbeatInterval / 2))
    }

    /// Closes the lines to workers that are no longer concerned. One that has left gets no notice of the view without it: the answer to
    /// `member.leave` tells it.
    private func settleMembers() {
        let view = machine.view
        for (id, link) in members {
            let place = view.ring.memberIndex(of: id)
            let isMember = place.map { view.members[$0].identity == link.record.identity } ?? false
            guard !isMember, !keeper.isConcerned(link.record) else { continue }
            members[id] = nil
            link.close()
        }
    }

    // MARK: Sessions

    func expireSessions() {
        let idle = UInt64(ClusterLimits.sessionIdleTimeout.components.seconds) * 1000
        let now = logTimeMs()
        if now > idle {
            commands.add { $0.expireSessions(idleSinceMs: now - idle) }
        }
        loop.arm(sessionTimer, at: loop.now.advanced(by: .seconds(60)))
    }
}

extension MemberRecord {
    var identity: WorkerIdentity { WorkerIdentity(id: member.id, incarnation: incarnation) }
}

extension SyncMessage.Order {
    fileprivate var points: (sending: FaultPoint, sent: FaultPoint, answered: FaultPoint) {
        switch self {
        case .propose: (.coordinatorPhase1Sending, .coordinatorPhase1Sent, .coordinatorPhase1Answered)
        case .synchronise: (.coordinatorPhase2Sending, .coordinatorPhase2Sent, .coordinatorPhase2Answered)
        case .notify: (.coordinatorPhase3Sending, .coordinatorPhase3Sent, .coordinatorPhase3Answered)
        }
    }
}
