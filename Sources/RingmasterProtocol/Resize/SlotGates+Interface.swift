// What a worker's SlotGates are told and what they ask for. The worker's host turns the one into the other: it owns
// the sockets, the handlers, the state of the keys and the lease.

extension SlotGates {
    /// What a worker does with a slot.
    public enum SlotState: UInt8, Hashable, Sendable {
        /// It is somebody else's.
        case notOwned
        /// Jobs are admitted, as long as there is a lease.
        case serving
        /// No job is admitted; jobs that were are still running or uncommitted.
        case draining
        /// No job is admitted, none runs.
        case stopped
        /// To be this worker's; its state is on the way.
        case loading
        /// To be this worker's; its state is here and the commit is awaited.
        case loaded
        /// This worker's, but its state is not here: it is served once it is.
        case recovering
    }

    /// Something that happened.
    public enum Event: Equatable, Sendable {
        /// A committed view has arrived, by whatever way. One that is not newer changes nothing.
        case viewAdopted(ClusterView)
        /// A coordinator's order has arrived, of the round of that epoch.
        case ordered(SyncMessage.Order, Epoch)
        /// The state that `Effect.load` of that epoch asked for is here.
        case loaded(Epoch)
        /// The lease holds from now on: the leader gave it to this worker under its incarnation, see
        /// `RingKeeper.mayHoldLease`.
        case leaseRenewed
        /// The lease has run out: nothing is served until it is renewed.
        case leaseExpired
        /// A coordinator said that this worker was declared dead under its incarnation.
        case fenced
        /// The worker is to leave. The host asks the coordinator until it is released.
        case leave
    }

    /// Something that is to be done, in the order given.
    public enum Effect: Hashable, Sendable {
        /// Phase 1 is done here: report the last job that this worker has committed or caught up to.
        case report(Epoch)
        /// Fetch the state of these slots, then say `Event.loaded` with the epoch. A load of an earlier epoch may stop.
        ///
        /// - Parameter asOf: The job up to which deltas must have been applied to that state; nil: as of the commit of
        ///   the view of that epoch.
        case load([Slot], asOf: JobID?, Epoch)
        /// Phase 2 is done here: answer `synchronised`.
        case acknowledgeSynchronise(Epoch)
        /// Answer a notice with `notified`.
        case acknowledgeNotice(Epoch)
        /// These slots are served from now on; let waiting jobs in.
        case reopened([Slot])
        /// Forget the state of these slots; turn away what waits for them. Deltas that are still on their way are
        /// refused by the fence.
        case dropState([Slot])
        /// Get the committed view of that epoch, or a newer one, and say `Event.viewAdopted`.
        case fetchView(Epoch)
        /// This worker is on no ring any more without having left. Make new gates under a new incarnation, and join.
        case rejoin
        /// This worker owns nothing and was to leave.
        case mayExit
    }
}
