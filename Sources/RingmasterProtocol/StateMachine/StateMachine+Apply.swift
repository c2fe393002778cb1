// What each command does to the state. The rules are those of exactly-once: docs of `DeltaRefusal` say what each refusal
// means to the worker.

extension StateMachine {
    /// Applies one committed entry and returns an outcome for each of its commands, in order.
    ///
    /// O(bytes of the entry), and O(slots) more for a commit, O(sessions) for an expiry. The bytes are used only during
    /// the call.
    ///
    /// - Throws: `CommandError` when the entry is damaged or of a newer program. The whole of it is read before anything
    ///   is applied, so the state is then what it was.
    public mutating func apply(_ entry: UnsafeRawBufferPointer) throws(CommandError) -> [CommandOutcome] {
        let entry = try CommandEntry(decoding: entry)
        timeMs = max(timeMs, entry.timeMs)
        var outcomes: [CommandOutcome] = []
        outcomes.reserveCapacity(entry.commands.count)
        for command in entry.commands {
            outcomes.append(apply(command))
        }
        return outcomes
    }

    private mutating func apply(_ command: Command) -> CommandOutcome {
        switch command {
        case .deltas(let batch): .deltas(apply(batch))
        case .openSession(let nonce): .sessionOpened(sessions.open(nonce: mixedIn(nonce), timeMs: timeMs))
        case .expireSessions(let idleSinceMs): .sessionsExpired(sessions.expire(idleSinceMs: idleSinceMs))
        case .closeSession(let client): .sessionClosed(sessions.close(client))
        case .initialise(let id, let size): .initialised(initialise(id, size))
        case .propose(let intent): .proposed(intent.epoch, accepted: propose(intent))
        case .commit(let epoch): .committed(epoch, accepted: commit(epoch))
        }
    }

    private func mixedIn(_ nonce: UInt64) -> UInt64 {
        planted == .seededHashInState ? UInt64(bitPattern: Int64(nonce.hashValue)) : nonce
    }

    private mutating func initialise(_ id: UInt64, _ size: RingSize) -> Bool {
        guard clusterID == nil else { return false }
        clusterID = id
        // Nobody owned a slot yet, so no key was written.
        keys = KeyShards(size: size)
        replaceView(with: ClusterView(size: size))
        return true
    }

    /// Before the cluster is founded it has no ring to plan for.
    private mutating func propose(_ proposed: Intent) -> Bool {
        let highest = max(view.ring.epoch, intent?.epoch ?? .zero)
        guard clusterID != nil, proposed.epoch > highest, proposed.isCanonical else { return false }
        replaceIntent(with: proposed)
        return true
    }

    private mutating func commit(_ epoch: Epoch) -> Bool {
        guard let intent, intent.epoch == epoch else { return false }
        do {
            let plan = try RingPlan(from: view.ring, to: intent.members.map(\.member), epoch: epoch)
            replaceView(with: ClusterView(ring: plan.view, members: intent.members))
        } catch {
            preconditionFailure("an intent is planned for only if it is lawful: \(error)")
        }
        replaceIntent(with: nil)
        return true
    }
}

// Deltas
extension StateMachine {
    private mutating func apply(_ batch: DeltaBatch) -> DeltaOutcomes {
        let owners = view.ring.ownerIndices
        let member = entitledMember(batch)
        var refusals: [(offset: Int, reason: DeltaRefusal)] = []
        var offset = 0
        batch.forEach { delta in
            if let reason = apply(delta, of: member, owners: owners) { refusals.append((offset, reason)) }
            offset += 1
        }
        return DeltaOutcomes(count: batch.count, lastJob: jobIndex, refusals: refusals)
    }

    /// The index of the member that a batch's worker is, or `RingView.unowned` when nothing of it may be applied: it is no
    /// member, not in this life, or fenced.
    private func entitledMember(_ batch: DeltaBatch) -> UInt16 {
        guard let index = view.ring.memberIndex(of: batch.worker),
            view.members[index].incarnation == batch.incarnation || planted == .oldLifeAccepted,
            intent?.fenced.contains(batch.worker) != true || planted == .fencedAccepted
        else { return RingView.unowned }
        return UInt16(index)
    }

    /// Applies a delta, or says why not. The order of the questions is part of the log's contract.
    @inline(__always)
    private mutating func apply(_ delta: Delta, of member: UInt16, owners: [UInt16]) -> DeltaRefusal? {
        if planted == .expiredSessionRevived { sessions.revive(delta.client, timeMs: timeMs) }
        guard let place = sessions.place(of: delta.client) else { return .sessionUnknown }
        switch sessions.acknowledge(place, below: delta.acked, thenFind: delta.sequence) {
        case .none: break
        case .record where planted == .noSessionTable || planted == .duplicateDeltaApplied: break
        case .record(let job, let version, let reply): return .duplicate(job: job, version: version, reply: reply)
        case .alreadyAcknowledged: return .alreadyAcknowledged
        case .sessionUnknown: preconditionFailure("a session that was found is known")
        }
        let keyHash = KeyHash(of: delta.key)
        let slot = keys.size.slot(of: keyHash).index
        guard member != RingView.unowned && owners[slot] == member || planted == .staleOwnerAccepted else {
            return .staleOwner
        }
        let index = keys.shards[slot].index(of: delta.key, hash: keyHash.rawValue)
        let version = index.map { keys.shards[slot].entries[$0].version } ?? 0
        guard version == delta.base || planted == .staleBaseAccepted else { return .staleBase(version: version) }
        guard !sessions.isFull(place) else { return .sessionFull }

        jobIndex = jobIndex.next
        let newVersion = keys.advance(delta.key, hash: keyHash, at: index, to: delta.state)
        let record = JobRecord(
            sequence: delta.sequence,
            job: jobIndex,
            version: newVersion,
            reply: Array(delta.reply)
        )
        sessions.keep(record, at: place, timeMs: timeMs)
        if planted == .onlyNewestReplyKept { sessions.forgetRecords(of: delta.client, below: delta.sequence) }
        return nil
    }
}
