// The worker's side of a resize: which slots may be served. Pure: events go in, effects come out; time comes only as
// the end of a lease. SlotGates+Interface.swift has both, SlotGates+Rounds.swift the phases, RingKeeper.swift the
// coordinator's side.

/// The gates of one worker, under one incarnation.
///
/// A slot is served from the commit that gives it to this worker, with all its state loaded, until the round that takes
/// it away; and only under a lease. A round is known by its epoch: a newer one takes the place of an older one, which
/// then opens gates that need not be closed any more and loads afresh what is to be taken over. Whatever carries an
/// older epoch is passed over, so the epochs here never go back.
public struct SlotGates: Sendable {
    public let worker: WorkerID
    public let incarnation: Incarnation

    /// The committed view that this worker goes by.
    public private(set) var view: ClusterView
    public private(set) var isLeaseHeld = false
    /// Whether this incarnation is over, after `rejoin` or `mayExit`: it serves nothing and takes no more events.
    public private(set) var isOver = false
    public private(set) var isLeaving = false

    var table: SlotTable
    var round: GateRound?
    /// An order that starts from a newer view than this worker has.
    var early: (order: SyncMessage.Order, epoch: Epoch)?
    /// The epoch of the load for slots that are recovering.
    var recovery: Epoch?
    let planted: PlantedBug?

    /// Gates of a worker that is on no ring yet. O(slots).
    /// - Parameter size: The size of the cluster's ring.
    public init(
        worker: WorkerID,
        incarnation: Incarnation,
        size: RingSize = .standard,
        planted: PlantedBug? = nil
    ) {
        self.planted = planted
        self.worker = worker
        self.incarnation = incarnation
        view = ClusterView(ring: RingView(size: size), members: [])
        table = SlotTable(slotCount: size.slotCount)
    }

    /// The highest epoch of a view or round that this worker has followed. It never goes back.
    public internal(set) var epoch: Epoch = .zero

    /// What is done with a slot. O(1).
    public func state(of slot: Slot) -> SlotState { table.state(of: slot) }

    /// What is done with each slot. O(1).
    package var slotStates: [SlotState] { table.states }

    /// Whether a read or a job of the slot is served now. O(1).
    public func serves(_ slot: Slot) -> Bool {
        isLeaseHeld && table.state(of: slot) == .serving
    }

    /// Asks for a job to be let in, and counts it in if it is. O(1), no allocation.
    /// - Returns: Whether it was let in; then `jobEnded` has to follow.
    public mutating func jobBegan(_ slot: Slot) -> Bool {
        isLeaseHeld && table.begin(slot)
    }

    /// Counts a job out, when its delta is committed or can never be. O(1), no allocation.
    /// - Returns: What is to be done now, if it was the last for which a round waited here.
    /// - Precondition: The job was let in, and has not ended before.
    public mutating func jobEnded(_ slot: Slot) -> Effect? {
        guard table.end(slot), let round else { return nil }
        return .report(round.epoch)
    }

    /// Takes an event in and says what is to be done. O(slots + members log members) for a new view or round, else O(1).
    /// - Precondition: A view has the size of this ring.
    public mutating func handle(_ event: Event) -> [Effect] {
        guard !isOver else { return [] }
        var effects: [Effect] = []
        switch event {
        case .viewAdopted(let view): adopt(view, &effects)
        case .ordered(let order, let epoch): follow(order, epoch, &effects)
        case .loaded(let epoch): loaded(epoch, &effects)
        case .leaseRenewed: isLeaseHeld = true
        case .leaseExpired: isLeaseHeld = false
        case .fenced: fence(&effects)
        case .leave:
            guard !isLeaving else { break }
            isLeaving = true
            if !isMember(of: view), round == nil { end(&effects) }
        }
        return effects
    }

    private func isMember(of view: ClusterView) -> Bool {
        view.incarnation(of: worker) == incarnation
    }

    private mutating func adopt(_ new: ClusterView, _ effects: inout [Effect]) {
        guard new.ring.epoch > view.ring.epoch || planted == .staleViewAccepted else { return }
        precondition(new.ring.size == view.ring.size, "the view has \(new.ring.size.slotCount) slots")
        let wasMember = isMember(of: view)
        let loadedFor = round?.epoch
        round = nil
        view = new
        epoch = max(epoch, new.ring.epoch)
        settleSlots(loadedFor: loadedFor, &effects)
        if !isMember(of: new), isLeaving || wasMember {
            end(&effects)
        } else if let (order, epoch) = early {
            early = nil
            follow(order, epoch, &effects)
        }
    }

    /// Brings every slot to what the new view says of it.
    private mutating func settleSlots(loadedFor: Epoch?, _ effects: inout [Effect]) {
        let isCommitOfRound = loadedFor == view.ring.epoch
        let member = isMember(of: view) ? view.ring.memberIndex(of: worker) : nil
        var (dropped, reopened, missing): ([Slot], [Slot], [Slot]) = ([], [], [])
        var isLoadNeeded = false
        for position in 0..<UInt32(view.ring.size.slotCount) {
            let slot = Slot(position)
            let state = table.state(of: slot)
            guard member != nil, view.ring.ownerIndex(of: slot) == member else {
                if planted == .oldEpochServed, state == .serving || state == .stopped {
                    table.set(slot, .serving)
                    continue
                }
                guard state != .notOwned else { continue }
                dropped.append(slot)
                table.set(slot, .notOwned)
                continue
            }
            switch state {
            case .serving: break
            case .draining, .stopped:
                guard planted != .gatesLeftClosed else { break }
                table.set(slot, .serving)
                reopened.append(slot)
            case .loaded where isCommitOfRound:
                table.set(slot, .serving)
                reopened.append(slot)
            case .recovering:
                missing.append(slot)
            case .loading where isCommitOfRound:
                // Committed on the answer of an older incarnation. The load that is on its way will do: from the
                // commit on nobody else changes the slot.
                recovery = loadedFor
                table.set(slot, .recovering)
                missing.append(slot)
            case .loading, .loaded, .notOwned:
                table.set(slot, .recovering)
                missing.append(slot)
                isLoadNeeded = true
            }
        }
        if !dropped.isEmpty { effects.append(.dropState(dropped)) }
        if !reopened.isEmpty { effects.append(.reopened(reopened)) }
        if isLoadNeeded {
            recovery = view.ring.epoch
            effects.append(.load(missing, asOf: nil, view.ring.epoch))
        }
    }

    /// This incarnation is over, as it has left or was taken out.
    private mutating func end(_ effects: inout [Effect]) {
        isOver = true
        round = nil
        early = nil
        effects.append(isLeaving ? .mayExit : .rejoin)
    }

    private mutating func fence(_ effects: inout [Effect]) {
        let held = table.states.indices.map { Slot(UInt32($0)) }.filter { table.state(of: $0) != .notOwned }
        for slot in held { table.set(slot, .notOwned) }
        if !held.isEmpty { effects.append(.dropState(held)) }
        end(&effects)
    }
}
