// The plan of a resize: which slots go from whom to whom when the members change. Coordinators and members compute
// it each for themselves from the same view and the same list, and get the same plan; the resize carries it out.

/// The next view of a ring and the moves that lead there, as a pure function of a view and a list of members.
///
/// - The new shares are lawful: each member's slots are its quota (slots * weight / total weight) rounded down or up,
///   so with equal weights they are within one slot of each other.
/// - The number of moves is the least with which lawful shares can be reached (see `leastPossibleMoves(from:to:)`).
/// - The order in which the members are given does not matter, and neither does the process that plans.
/// - Which slots move: a member keeps its lowest slots and gives up the rest. Slots given up are lined up by their
///   former owner (nobody first, then by name) and handed out to the gaining members by name, so that G gainers and L
///   losers share at most G + L - 1 handoffs between two workers.
///
/// O(slots + members log members).
public struct RingPlan: Equatable, Sendable {
    /// A change of owner of one slot.
    public struct Move: Hashable, Sendable {
        /// Which slot.
        public let slot: Slot
        /// Who owned it, member of the new ring or not; nil when nobody did.
        public let from: WorkerID?
        /// Who is to own it; nil only when the new ring has no members at all.
        public let to: WorkerID?

        public init(slot: Slot, from: WorkerID?, to: WorkerID?) {
            self.slot = slot
            self.from = from
            self.to = to
        }
    }

    /// The view when all moves are done.
    public let view: RingView
    /// The changes of owner, by ascending slot.
    public let moves: [Move]
    /// The least number of slots that any lawful plan could have moved, computed apart from this one.
    public let leastPossibleMoves: Int

    /// Plans the change from a view to new members.
    ///
    /// - Parameters:
    ///   - old: The view in force. It need not be even.
    ///   - members: Everybody who is to be a member, in any order. With none, no slot has an owner any more.
    ///   - epoch: The epoch of the new view, above that of the old; the next one if left out.
    /// - Throws: `RingError.tooManyMembers`, `.memberRepeated` or `.epochNotNewer`.
    public init(from old: RingView, to members: [Member], epoch: Epoch? = nil) throws(RingError) {
        let epoch = epoch ?? old.epoch.next
        guard epoch > old.epoch else { throw .epochNotNewer(epoch: epoch, current: old.epoch) }
        let members = try members.inCanonicalOrder()

        var reassignment = Reassignment(from: old, to: members)
        reassignment.keepWithinShares()
        reassignment.handOutFreedSlots()

        view = try RingView(epoch: epoch, members: members, ownerIndices: reassignment.owners)
        moves = reassignment.changedSlots.map { [view] slot in
            Move(slot: slot, from: old.owner(of: slot), to: view.owner(of: slot))
        }
        leastPossibleMoves = RingPlan.leastPossibleMoves(from: old, to: members)
        precondition(
            moves.count == leastPossibleMoves,
            "the plan moves \(moves.count) slots where \(leastPossibleMoves) would do"
        )
    }

    /// How many slots change owner.
    public var movedSlots: Int { moves.count }

    /// How full the fullest member of the new view is; see `RingView.balance`.
    public var balance: Double? { view.balance }

    /// The slots that a worker gives up, ascending. O(moves).
    public func slotsLost(by worker: WorkerID) -> [Slot] {
        moves.filter { $0.from == worker }.map(\.slot)
    }

    /// The slots that a worker takes over, ascending. O(moves).
    public func slotsGained(by worker: WorkerID) -> [Slot] {
        moves.filter { $0.to == worker }.map(\.slot)
    }
}
