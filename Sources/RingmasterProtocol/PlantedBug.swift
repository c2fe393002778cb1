// Mistakes that can be put in on purpose, to try whether the chaos suite notices. Each is one branch at the place where the
// promise is kept. Values of this module are given theirs when they are made; by default there is none.

/// A classical mistake of such systems.
public enum PlantedBug: String, CaseIterable, Sendable {
    // In the state machine.
    /// A delta is applied whoever owns the key's slot.
    case staleOwnerAccepted = "stale-owner-accepted"
    /// Workers that are taken for dead are fenced only by the commit of the view without them.
    case fencedAccepted = "fenced-accepted"
    /// A delta is applied whatever version of the key it was made on.
    case staleBaseAccepted = "stale-base-accepted"
    /// No job is remembered.
    case noSessionTable = "no-session-table"
    /// Jobs are remembered, but a delta that comes again is applied again.
    case duplicateDeltaApplied = "duplicate-delta-applied"
    /// What sessions remember does not come back with a snapshot.
    case repliesLostInSnapshot = "replies-lost-in-snapshot"
    /// Of each session only the newest reply is kept, though its client has several jobs under way.
    case onlyNewestReplyKept = "only-newest-reply-kept"
    /// A job that is sent again is answered with the newest reply of its session.
    case newestReplyRepeated = "newest-reply-repeated"
    /// A job of a session that is over begins it anew.
    case expiredSessionRevived = "expired-session-revived"
    /// A worker's deltas are taken whichever of its lives they come from.
    case oldLifeAccepted = "old-life-accepted"
    /// What an entry does depends on the hash seed of the process that applies it.
    case seededHashInState = "seeded-hash-in-state"
    /// A round that is under way does not come back with a snapshot.
    case intentLostInSnapshot = "intent-lost-in-snapshot"

    // In the leader.
    /// Phase 1 is left out: nobody stops before states are handed over.
    case commitWithoutBarrier = "commit-without-barrier"
    /// A round waits for a member that has died.
    case deadMemberAwaited = "dead-member-awaited"
    /// A silent worker's slots are given away at once, though its lease may hold.
    case leaseNotWaitedFor = "lease-not-waited-for"
    /// The term, and what a coordinator voted for in it, do not survive it.
    case voteForgotten = "vote-forgotten"
    /// A worker's deltas are answered before a majority has them.
    case answeredBeforeQuorum = "answered-before-quorum"
    /// Deltas whose proposal was lost with the office are answered as if they were in the log.
    case lostProposalAcknowledged = "lost-proposal-acknowledged"
    /// The end of a session changes the leader's state without going through the log.
    case changedOutsideTheLog = "changed-outside-the-log"
    /// A snapshot is of the state at the snapshot before.
    case snapshotOfOlderState = "snapshot-of-older-state"
    /// States are handed over as they were when the round was logged, not as of its `sync_to`.
    case handedOverAsOfIntent = "handed-over-as-of-intent"
    /// A round that a leader before this one began is not driven on.
    case intentNotDriven = "intent-not-driven"
    /// A round that takes another's place has its epoch.
    case epochReused = "epoch-reused"
    /// Whoever joins under a member's name takes its place at once, though that one may live.
    case twinTakenForSuccessor = "twin-taken-for-successor"

    // In the worker.
    /// Phase 1 is acknowledged while jobs are under way.
    case handOverBeforeDrain = "hand-over-before-drain"
    /// A view is adopted though a newer one was before.
    case staleViewAccepted = "stale-view-accepted"
    /// Slots that a view takes away are served on.
    case oldEpochServed = "old-epoch-served"
    /// A lease never runs out.
    case leaseIgnored = "lease-ignored"
    /// Reads are answered without a lease.
    case readWithoutLease = "read-without-lease"
    /// A job is acknowledged once it has run.
    case replyBeforeCommit = "reply-before-commit"
    /// A slot is served on once phase 1 is acknowledged.
    case gateReopenedEarly = "gate-reopened-early"
    /// The gates of a round that was given up stay closed.
    case gatesLeftClosed = "gates-left-closed"
    /// Slots are taken over with the first chunk of their state.
    case servedAfterFirstChunk = "served-after-first-chunk"
    /// A worker that gets slots back keeps the state that it had of them.
    case regainedSlotsNotReloaded = "regained-slots-not-reloaded"
    /// A lease counts from the arrival of the leader's word.
    case leaseCountedFromAnswer = "lease-counted-from-answer"
    /// Reads see what has run and is not committed.
    case uncommittedRead = "uncommitted-read"
    /// A job that ran on a state that never came to be is answered, not run again.
    case replyFromRollback = "reply-from-rollback"
    /// Whoever rolls a key back forgets its committed state, too.
    case rollbackForgetsState = "rollback-forgets-state"
    /// Deltas whose leader was lost count as committed.
    case lostLeaderTakenForAnswer = "lost-leader-taken-for-answer"

    // In the client.
    /// A job that is sent again is numbered anew.
    case resendRenumbered = "resend-renumbered"
}
