// One round of a resize as its coordinator sees it: how far it is and whose answers are awaited. RingKeeper has one
// at a time.

/// A round that a coordinator drives.
struct KeeperRound: Sendable {
    /// How far a round is.
    enum Stage: Sendable {
        /// The intent is on its way into the log.
        case logging
        /// Phase 1: losers drain and report.
        case proposing
        /// Phase 2: gainers take over state as of a job.
        case synchronising(syncTo: JobID)
        /// The commit is on its way into the log. Nothing can change the round any more.
        case committing
    }

    let intent: Intent
    /// The view that the round starts from.
    let base: ClusterView
    let handoffs: Handoffs
    var stage: Stage = .logging
    /// Whose answers the round waits for, in this phase.
    var awaited: Set<WorkerID> = []
    /// The highest job known so far to be before the hand-over.
    var syncTo: JobID = .zero
    /// When to send again to those awaited.
    var resendAt: ContinuousClock.Instant?

    /// - Precondition: The intent is canonical and newer than the base.
    init(intent: Intent, base: ClusterView) {
        self.intent = intent
        self.base = base
        do {
            handoffs = try Handoffs(base: base, intent: intent)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    var epoch: Epoch { intent.epoch }
    var movedSlots: Int { handoffs.moves.count }

    /// Whether it is in phase 1 or 2 and of that epoch. Asked of the round in its place: a copy that lives while `awaited` changes has
    /// all of that copied, at each answer.
    func isProposing(_ epoch: Epoch) -> Bool {
        if case .proposing = stage { self.epoch == epoch } else { false }
    }

    func isSynchronising(_ epoch: Epoch) -> Bool {
        if case .synchronising = stage { self.epoch == epoch } else { false }
    }

    /// A worker has reported that job.
    mutating func note(_ job: JobID) {
        syncTo = max(syncTo, job)
    }

    /// The order of phase 1.
    var proposal: SyncMessage.Order {
        .propose(base: base.ring.epoch, mode: intent.mode, members: intent.members.map(\.member))
    }

    /// The order of phase 2.
    func synchronise(to syncTo: JobID) -> SyncMessage.Order {
        .synchronise(base: base.ring.epoch, syncTo: syncTo, members: intent.members.map(\.member))
    }

    /// Whether the round cannot go on as planned without this worker. O(moves).
    ///
    /// A worker that neither gains nor loses in this round is not needed, nor is one that leaves and has stopped:
    /// whatever it held is handed over.
    func needs(_ worker: WorkerID) -> Bool {
        if case .committing = stage { return false }
        if awaited.contains(worker) || handoffs.gainers.contains(worker) { return true }
        let stays = intent.members.contains { $0.member.id == worker }
        let joins = stays && base.incarnation(of: worker) == nil
        let loses = handoffs.losers.contains(worker)
        switch stage {
        case .logging, .committing: return joins || loses || intent.mode == .barrier
        case .proposing, .synchronising: return joins || stays && (loses || intent.mode == .barrier)
        }
    }
}
