// What a RingKeeper is told and what it asks for. The coordinator's host turns the one into the other: it owns the
// sockets, the log, the clock and the leases.

extension RingKeeper {
    /// Something that happened.
    public enum Event: Equatable, Sendable {
        /// This coordinator leads, and everything logged before its time is applied.
        ///
        /// - Parameters:
        ///   - view: The committed view.
        ///   - intent: The intent without its commit, if there is one.
        ///   - highestEpochSeen: The highest epoch in the log or in any message, so that new rounds are above it.
        case becameLeader(view: ClusterView, intent: Intent?, highestEpochSeen: Epoch)
        /// This coordinator leads no more.
        case lostLeadership
        /// A worker asks to be a member, or a member asks to be known as the record says (weight, endpoint).
        ///
        /// An incarnation above the known one is the death of the old one, so the host passes it on only when it might
        /// say `died` of the old one as well. Workers ask again until they are members.
        case join(MemberRecord)
        /// A worker asks to leave. It asks again until it is released.
        case leave(WorkerID)
        /// A worker is gone for good under that incarnation and those before: there is proof, or its lease has run
        /// out and will not be renewed. It may be fenced.
        case died(WorkerID, Incarnation)
        /// Rounds from now on are to be of this mode.
        case resize(ResizeMode)
        /// The state machine accepted an intent; its last job is given.
        case intentLogged(Intent, jobIndex: JobID)
        /// The state machine committed a view.
        case viewCommitted(ClusterView)
        /// An answer of phase 1. The host passes on only what came from the newest incarnation of that name.
        case reported(WorkerID, Epoch, JobID)
        /// An answer of phase 2; as with `reported`.
        case synchronised(WorkerID, Epoch)
        /// The time of `nextTick` has come.
        case tick
    }

    /// Something that is to be done, in the order given.
    public enum Effect: Hashable, Sendable {
        /// A round has begun; so many slots are to change hands.
        case roundBegan(Epoch, movedSlots: Int)
        /// A round is over. Every round that began ends.
        case roundEnded(Epoch, movedSlots: Int, RoundEnd)
        /// Propose the intent to the log.
        case logIntent(Intent)
        /// Propose the commit of that intent to the log.
        case logCommit(Epoch)
        /// Send an order to a worker, as a message of that epoch.
        case order(WorkerID, SyncMessage.Order, Epoch)
        /// The worker is no member any more and owns nothing: tell it that it may exit.
        case released(WorkerID)
        /// The join was refused: tell the worker.
        case refused(WorkerID, Incarnation, JoinRefusal)
    }

    /// How a round ended.
    public enum RoundEnd: Hashable, Sendable {
        /// Its view is committed.
        case committed
        /// Another round or view took its place.
        case superseded
        /// This coordinator leads no more; the next leader drives it again.
        case leadershipLost
    }

    /// Why a worker cannot join.
    public enum JoinRefusal: Hashable, Sendable {
        /// It was declared dead under that incarnation. It forgets all state and joins under a new incarnation.
        case fenced
        /// A newer incarnation of that name is known. It exits: two processes run under one name, or this one is late.
        case outdated
        /// The ring has `RingLimits.membersMax` members.
        case ringFull
    }
}
