// Who gives up which slots in a resize, and who takes them over. RingKeeper and SlotGates compute it from the same
// view and members, so that both sides of a round mean the same slots without sending a list of them.

/// What changes hands between a view and the one that a round is to commit.
///
/// That is more than `RingPlan.moves`: a worker that came back under a new incarnation holds nothing of what its
/// predecessor held, so the slots that the plan leaves under its name change hands as well, from the old process to
/// the new one.
public struct Handoffs: Sendable {
    /// The plan from the base to the new members.
    public let plan: RingPlan
    /// The slots that change hands, ascending; `from` and `to` are equal where only the incarnation changes.
    public let moves: [RingPlan.Move]
    /// The names whose process in the base is not the one that is to be a member.
    public let renewed: Set<WorkerID>

    /// Compares a view with an intent. O(slots + members log members).
    /// - Throws: `RingError`, when the intent is not canonical or not newer than the base.
    public init(base: ClusterView, intent: Intent) throws(RingError) {
        let incarnations = base.incarnations
        let renewed = intent.members.filter { record in
            incarnations[record.member.id].map { $0 != record.incarnation } ?? false
        }
        try self.init(
            base: base,
            members: intent.members.map(\.member),
            epoch: intent.epoch,
            renewed: Set(renewed.map(\.member.id))
        )
    }

    /// Compares a view with the members of an order, which names no incarnations: a worker knows its own, and its own
    /// slots do not depend on those of others. What `moves` says of other renewed workers is incomplete.
    ///
    /// O(slots + members log members).
    /// - Throws: `RingError`, when the members are not canonical or the epoch is not newer than the base.
    public init(
        base: ClusterView,
        members: [Member],
        epoch: Epoch,
        for worker: WorkerID,
        under incarnation: Incarnation
    ) throws(RingError) {
        let known = base.incarnation(of: worker)
        let isRenewed = known != nil && known != incarnation && members.contains { $0.id == worker }
        try self.init(base: base, members: members, epoch: epoch, renewed: isRenewed ? [worker] : [])
    }

    private init(base: ClusterView, members: [Member], epoch: Epoch, renewed: Set<WorkerID>) throws(RingError) {
        let plan = try RingPlan(from: base.ring, to: members, epoch: epoch)
        self.plan = plan
        self.renewed = renewed
        guard !renewed.isEmpty else {
            moves = plan.moves
            return
        }
        let kept = renewed.flatMap { worker in
            base.ring.slots(of: worker).filter { plan.view.owner(of: $0) == worker }
                .map { RingPlan.Move(slot: $0, from: worker, to: worker) }
        }
        moves = (plan.moves + kept).sorted { $0.slot < $1.slot }
    }

    /// The names that lose slots. A renewed one among them stands for its old process, which is gone. O(moves).
    public var losers: Set<WorkerID> { Set(moves.compactMap(\.from)) }

    /// The names that gain slots. A renewed one among them stands for its new process. O(moves).
    public var gainers: Set<WorkerID> { Set(moves.compactMap(\.to)) }

    /// The slots that the worker of that name in the base gives up, ascending. O(moves).
    public func slotsLost(by worker: WorkerID) -> [Slot] {
        moves.filter { $0.from == worker }.map(\.slot)
    }

    /// The slots whose state the new member of that name has to take over, ascending. O(moves).
    public func slotsGained(by worker: WorkerID) -> [Slot] {
        moves.filter { $0.to == worker }.map(\.slot)
    }
}

extension ClusterView {
    /// The incarnation under which a worker is a member: nil when it is none. O(log members).
    func incarnation(of worker: WorkerID) -> Incarnation? {
        ring.memberIndex(of: worker).map { members[$0].incarnation }
    }

    /// The incarnations of all members. O(members).
    var incarnations: [WorkerID: Incarnation] {
        Dictionary(uniqueKeysWithValues: members.map { ($0.member.id, $0.incarnation) })
    }

    /// The slots that a worker owns under an incarnation, ascending. O(slots).
    func slots(of worker: WorkerID, under incarnation: Incarnation) -> [Slot] {
        self.incarnation(of: worker) == incarnation ? ring.slots(of: worker) : []
    }
}
