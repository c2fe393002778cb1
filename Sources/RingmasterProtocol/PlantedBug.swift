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

    // In the leader.
    /// Phase 1 is left out: nobody stops before states are handed over.
    case commitWithoutBarrier = "commit-without-barrier"
    /// A round waits for a member that has died.
    case deadMemberAwaited = "dead-member-awaited"
    /// A silent worker's slots are given away at once, though its lease may hold.
    case leaseNotWaitedFor = "lease-not-waited-for"
    /// What a coordinator voted for, and its term, do not survive it.
    case voteForgotten = "vote-forgotten"

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

    // In the client.
    /// A job that is sent again is numbered anew.
    case resendRenumbered = "resend-renumbered"
}
