// The messages of a resize, between the coordinator that drives it and the members of the ring, as values.
// SyncMessage+MessagePack.swift has their form on the wire.

/// One message of a resize. Each is of a round, which its epoch tells: the one that the new view is to have. A message
/// of another epoch than the receiver's round is stale, whatever it says.
public enum SyncMessage: Hashable, Sendable {
    /// What a coordinator orders.
    case fromCoordinator(CoordinatorID, Epoch, Order)
    /// What a member answers.
    case fromMember(WorkerID, Epoch, Answer)

    /// A coordinator's part of the three phases.
    public enum Order: Hashable, Sendable {
        /// Phase 1: stop what the resize concerns, and report.
        ///
        /// - Parameters:
        ///   - base: The epoch of the view in force, from which the plan starts: below that of the round.
        ///   - mode: Whether only slots that change owner stop, or all.
        ///   - members: Everybody who is to be a member, by ascending bytes of their names, as in `RingView.members`.
        ///     With the view in force they give everybody the same plan.
        case propose(base: Epoch, mode: ResizeMode, members: [Member])
        /// Phase 2: take over what the new ring gives you, as of a job.
        ///
        /// - Parameters:
        ///   - base: As in phase 1.
        ///   - syncTo: The job up to which every gaining member must have applied the log before it serves.
        ///   - members: As in phase 1, so that a member that missed it can follow all the same.
        case synchronise(base: Epoch, syncTo: JobID, members: [Member])
        /// Phase 3: the new view is committed. A notice; nobody waits for it.
        case notify
    }

    /// A member's part of the three phases.
    public enum Answer: Hashable, Sendable {
        /// Phase 1: stopped. The job is the last that the member has committed or caught up to.
        case report(currentJob: JobID)
        /// Phase 2: everything up to `syncTo` is applied.
        case synchronised
        /// Phase 3: the notice has arrived.
        case notified
    }

    /// The epoch of the round.
    public var epoch: Epoch {
        switch self {
        case .fromCoordinator(_, let epoch, _), .fromMember(_, let epoch, _): epoch
        }
    }

    /// The phase of the round: 1, 2 or 3.
    public var phase: Int {
        switch self {
        case .fromCoordinator(_, _, .propose), .fromMember(_, _, .report): 1
        case .fromCoordinator(_, _, .synchronise), .fromMember(_, _, .synchronised): 2
        case .fromCoordinator(_, _, .notify), .fromMember(_, _, .notified): 3
        }
    }
}
