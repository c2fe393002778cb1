// The phases of a round, from the intent to the notice. SyncMessage.swift has what is said in each.

extension RingKeeper {
    /// Begins a round if the view is not what is wanted and none is under way. O(slots + members log members).
    mutating func beginRoundIfWanted(_ effects: inout [Effect]) {
        guard round == nil, isLeading, wantedMembers() != view.members else { return }
        beginRound(&effects)
    }

    /// Begins a round, in place of the one under way. It is begun even when nothing is to change: the round that it
    /// supersedes has closed gates, which open again when its successor is committed.
    mutating func beginRound(_ effects: inout [Effect]) {
        endRound(.superseded, &effects)
        releaseLeavers(&effects)
        highestEpoch = planted == .epochReused ? view.ring.epoch.next : highestEpoch.next
        let fenced = view.members.filter { isDead($0.member.id, under: $0.incarnation) }.map(\.member.id)
        let intent = Intent(epoch: highestEpoch, mode: mode, members: wantedMembers(), fenced: fenced)
        let round = KeeperRound(intent: intent, base: view)
        self.round = round
        effects.append(.roundBegan(round.epoch, movedSlots: round.movedSlots))
        effects.append(.logIntent(intent))
    }

    mutating func endRound(_ end: RoundEnd, _ effects: inout [Effect]) {
        guard let ended = round else { return }
        effects.append(.roundEnded(ended.epoch, movedSlots: ended.movedSlots, end))
        round = nil
    }

    /// Everybody who is to be a member, by ascending name. O(members log members).
    private func wantedMembers() -> [MemberRecord] {
        var wanted: [WorkerID: MemberRecord] = [:]
        for record in view.members where !isDead(record.member.id, under: record.incarnation) {
            wanted[record.member.id] = record
        }
        wanted.merge(candidates) { _, candidate in candidate }
        return wanted.values.filter { !leaving.contains($0.member.id) }.sorted { $0.member.id < $1.member.id }
    }

    /// An intent is in the log: phase 1 begins if it is this keeper's.
    mutating func logged(
        _ intent: Intent,
        _ jobIndex: JobID,
        _ now: ContinuousClock.Instant,
        _ effects: inout [Effect]
    ) {
        guard var round, round.intent == intent else {
            // An earlier leader's, applied after all. If this keeper's own is above it, that one takes its place;
            // else it is this one's to drive, under an epoch above it.
            if let round, round.epoch > intent.epoch { return }
            takeOver(intent)
            beginRound(&effects)
            return
        }
        guard case .logging = round.stage else { return }
        round.stage = .proposing
        round.syncTo = jobIndex
        let alive = aliveMembers(of: round)
        let stopped = intent.mode == .barrier ? Set(round.base.members.map(\.member.id)) : round.handoffs.losers
        // A renewed worker's old process is dead, and the new one has nothing to stop.
        round.awaited = stopped.intersection(alive).subtracting(round.handoffs.renewed)
        if planted == .commitWithoutBarrier {
            round.awaited = []
        } else {
            let order = round.proposal
            effects += alive.sorted().map { .order($0, order, round.epoch) }
        }
        round.resendAt = round.awaited.isEmpty ? nil : now + resendAfter
        self.round = round
        synchroniseIfDrained(now, &effects)
    }

    mutating func reported(
        _ worker: WorkerID,
        _ epoch: Epoch,
        _ job: JobID,
        _ now: ContinuousClock.Instant,
        _ effects: inout [Effect]
    ) {
        guard round?.isProposing(epoch) ?? false, round?.awaited.remove(worker) != nil else { return }
        round?.note(job)
        synchroniseIfDrained(now, &effects)
    }

    /// Phase 2, once nobody is left to report.
    private mutating func synchroniseIfDrained(_ now: ContinuousClock.Instant, _ effects: inout [Effect]) {
        guard var round, case .proposing = round.stage, round.awaited.isEmpty else { return }
        let gainers = round.handoffs.gainers
        let told = round.intent.mode == .barrier ? Set(round.intent.members.map(\.member.id)) : gainers
        let order = round.synchronise(to: round.syncTo)
        effects += told.sorted().map { .order($0, order, round.epoch) }
        round.stage = .synchronising(syncTo: round.syncTo)
        round.awaited = gainers
        round.resendAt = now + resendAfter
        self.round = round
        commitIfTakenOver(&effects)
    }

    mutating func synchronised(_ worker: WorkerID, _ epoch: Epoch, _ effects: inout [Effect]) {
        guard round?.isSynchronising(epoch) ?? false else { return }
        round?.awaited.remove(worker)
        commitIfTakenOver(&effects)
    }

    private mutating func commitIfTakenOver(_ effects: inout [Effect]) {
        guard let round, case .synchronising = round.stage, round.awaited.isEmpty else { return }
        self.round?.stage = .committing
        self.round?.resendAt = nil
        effects.append(.logCommit(round.epoch))
    }

    /// Phase 3: a notice to everybody alive in the new view or the one before, as far as its host keeps a line to them: who has left is
    /// told by being released.
    func notify(since former: ClusterView, _ effects: inout [Effect]) {
        let told = (former.members + view.members).filter { !isDead($0.member.id, under: $0.incarnation) }
        effects += Set(told.map(\.member.id)).sorted().map { .order($0, .notify, view.ring.epoch) }
    }

    /// Sends the orders again that have not been answered.
    mutating func resend(_ now: ContinuousClock.Instant, _ effects: inout [Effect]) {
        guard let round, let resendAt = round.resendAt, now >= resendAt else { return }
        let order: SyncMessage.Order
        switch round.stage {
        case .proposing: order = round.proposal
        case .synchronising(let syncTo): order = round.synchronise(to: syncTo)
        case .logging, .committing: return
        }
        effects += round.awaited.sorted().map { .order($0, order, round.epoch) }
        let next = now + resendAfter
        self.round?.resendAt = next
    }

    /// The members of the base and of the intent that are not dead.
    private func aliveMembers(of round: KeeperRound) -> Set<WorkerID> {
        let records = (round.base.members + round.intent.members).filter {
            !isDead($0.member.id, under: $0.incarnation)
        }
        return Set(records.map(\.member.id))
    }
}
