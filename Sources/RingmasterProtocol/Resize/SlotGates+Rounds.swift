// What a worker does in the phases of a round, and what it does with late, early and repeated orders.

/// A round as a worker sees it.
struct GateRound: Sendable {
    let epoch: Epoch
    /// The slots that must not be served in this round.
    let closed: Set<Slot>
    /// The slots whose state this worker takes over.
    let gained: [Slot]
    var takeover: Takeover = .awaitingOrder

    /// How far taking over is.
    enum Takeover: Sendable {
        case awaitingOrder, loading, done
    }
}

extension SlotGates {
    mutating func follow(_ order: SyncMessage.Order, _ epoch: Epoch, _ effects: inout [Effect]) {
        switch order {
        case .propose(let base, let mode, let members):
            guard enter(epoch, base, mode, members, order, &effects) else { return }
            if table.draining == 0 || planted == .handOverBeforeDrain { effects.append(.report(epoch)) }
            if planted == .gateReopenedEarly { setGates([], &effects) }
        case .synchronise(let base, let syncTo, let members):
            // Who missed phase 1 was not waited for in it, so it has nothing to stop but what it loses.
            guard enter(epoch, base, .handoff, members, order, &effects) else { return }
            takeOver(asOf: syncTo, &effects)
        case .notify:
            if view.ring.epoch < epoch { effects.append(.fetchView(epoch)) }
            effects.append(.acknowledgeNotice(epoch))
        }
    }

    /// Makes the round of that epoch the one that is followed.
    /// - Returns: Whether it is now, or was before.
    private mutating func enter(
        _ epoch: Epoch,
        _ base: Epoch,
        _ mode: ResizeMode,
        _ members: [Member],
        _ order: SyncMessage.Order,
        _ effects: inout [Effect]
    ) -> Bool {
        guard epoch > view.ring.epoch, epoch >= self.epoch else { return false }
        if round?.epoch == epoch { return true }
        guard base <= view.ring.epoch else {
            if early.map({ $0.epoch <= epoch }) ?? true { early = (order, epoch) }
            effects.append(.fetchView(base))
            return false
        }
        // An order from before the view in force is stale, and one whose plan fails is not for this ring.
        guard base == view.ring.epoch,
            let handoffs = try? Handoffs(base: view, members: members, epoch: epoch, for: worker, under: incarnation)
        else { return false }
        let owned = view.slots(of: worker, under: incarnation)
        let lost = owned.isEmpty ? [] : handoffs.slotsLost(by: worker)
        let closed = Set(mode == .barrier ? owned : lost)
        forgetTakeover(&effects)
        self.epoch = epoch
        round = GateRound(epoch: epoch, closed: closed, gained: handoffs.slotsGained(by: worker))
        setGates(closed, &effects)
        return true
    }

    /// Drops what was loaded for a round that is superseded: the owner may have gone on since.
    private mutating func forgetTakeover(_ effects: inout [Effect]) {
        let begun = table.slots(in: .loading, .loaded)
        guard !begun.isEmpty else { return }
        for slot in begun { table.set(slot, .notOwned) }
        effects.append(.dropState(begun))
    }

    /// Closes these slots and opens all others that this worker holds.
    private mutating func setGates(_ closed: Set<Slot>, _ effects: inout [Effect]) {
        var reopened: [Slot] = []
        for slot in table.slots(in: .serving, .draining, .stopped) {
            if closed.contains(slot) {
                table.set(slot, .stopped)
            } else if table.state(of: slot) != .serving, planted != .gatesLeftClosed {
                table.set(slot, .serving)
                reopened.append(slot)
            }
        }
        if !reopened.isEmpty { effects.append(.reopened(reopened)) }
    }

    private mutating func takeOver(asOf syncTo: JobID, _ effects: inout [Effect]) {
        guard let round else { return }
        switch round.takeover {
        case .awaitingOrder where round.gained.isEmpty:
            self.round?.takeover = .done
            effects.append(.acknowledgeSynchronise(round.epoch))
        case .awaitingOrder:
            self.round?.takeover = .loading
            for slot in round.gained { table.set(slot, .loading) }
            effects.append(.load(round.gained, asOf: syncTo, round.epoch))
        case .loading:
            break
        case .done:
            effects.append(.acknowledgeSynchronise(round.epoch))
        }
    }

    mutating func loaded(_ epoch: Epoch, _ effects: inout [Effect]) {
        if let round, round.epoch == epoch, case .loading = round.takeover {
            self.round?.takeover = .done
            for slot in round.gained { table.set(slot, .loaded) }
            effects.append(.acknowledgeSynchronise(epoch))
        } else if recovery == epoch {
            recovery = nil
            var reopened: [Slot] = []
            for slot in table.slots(in: .recovering) {
                if round?.closed.contains(slot) ?? false {
                    table.set(slot, .stopped)
                } else {
                    table.set(slot, .serving)
                    reopened.append(slot)
                }
            }
            if !reopened.isEmpty { effects.append(.reopened(reopened)) }
        }
    }
}
