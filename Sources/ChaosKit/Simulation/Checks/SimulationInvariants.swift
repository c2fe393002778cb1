// What must hold after every step, whatever the clients saw: the invariants I1 to I7 as far as somebody can check them who looks into
// all processes at once. What is a matter of a whole history (I4 of a process, I5) is for the checker.

import Ringmaster
import RingmasterProtocol

/// Watches the processes, and keeps what it found broken.
struct SimulationInvariants {
    struct Breach: Equatable, Sendable {
        var timeNs: Int64
        var text: String
    }

    private(set) var model = LogModel()
    private var hashes: [UInt64: (hash: UInt64, by: NodeName)] = [:]
    /// By the numbers of keys: the state that was last found to be as in the log.
    private var statesKnown: [[UInt8]] = []
    private(set) var breaches: [Breach] = []
    private(set) var checks = 0

    private static let breachesMax = 10

    /// All that a check of a worker's slots depends on: what was found to be well is so until any of it changes.
    struct SlotsChecked: Equatable {
        let states: [SlotGates.SlotState]
        let viewsSeen: Int
        let moves: Int
        let epoch: Epoch
        let writer: LogModel.Writer
        let isSure: Bool
    }

    // MARK: The log

    /// A coordinator has applied an entry (I1, I2, I4, I7).
    mutating func applied(
        _ entry: UnsafeRawBufferPointer,
        at index: UInt64,
        _ outcomes: [CommandOutcome],
        by coordinator: SimulatedCoordinator,
        _ node: SimulatedNode,
        atNs: Int64
    ) {
        checks += 1
        for text in model.take(entry, at: index, outcomes, stateHash: coordinator.stateHash, by: node.name) {
            breach(text, atNs: atNs)
        }
    }

    /// I7: replicas have one state at one index, also behind a snapshot, which nobody applied.
    mutating func check(_ coordinator: SimulatedCoordinator, _ node: SimulatedNode, atNs: Int64) {
        checks += 1
        let (index, hash) = (coordinator.appliedIndex, coordinator.stateHash)
        guard index > 0 else { return }
        guard let known = hashes[index] else { return hashes[index] = (hash, node.name) }
        guard known.hash != hash else { return }
        breach("I7: replicas differ at index \(index): \(known.by) and \(node.name)", atNs: atNs)
        hashes[index] = (hash, node.name)
    }

    // MARK: Clients

    /// I2: what is acknowledged is in the log, where it was said to be.
    mutating func acknowledged(_ value: Int64, at position: Int64, atNs: Int64) {
        checks += 1
        guard let place = model.position(of: value) else {
            return breach("I2: the append of \(value) is acknowledged, and is not in the log", atNs: atNs)
        }
        if Int64(place) != position {
            breach("I2: the append of \(value) is acknowledged at \(position), and is at \(place)", atNs: atNs)
        }
    }

    /// A read has what is in the log, and nothing else.
    mutating func read(_ key: String, _ list: [Int64], atNs: Int64) {
        checks += 1
        guard !(model.keys[key]?.values ?? []).starts(with: list) else { return }
        breach("I2: a read of \(key) has \(list.count) values that are not in the log", atNs: atNs)
    }

    // MARK: Workers

    /// I1 and I3 of a worker that serves, I6 of one that has stopped. O(keys), and O(slots) after any of
    /// `SlotsChecked` has changed.
    /// - Parameter hasServed: It has just answered a read: it takes itself for the owner of all that it serves, whatever its lease.
    mutating func check(_ worker: SimulatedWorker, _ node: SimulatedNode, hasServed: Bool, atNs: Int64) {
        guard worker.isPlaced, let host = node.host, model.view.ring.epoch > .zero else { return }
        checks += 1
        let now = MonotonicTime(nanoseconds: host.clockNs)
        let isSure = hasServed || worker.holdsLease(at: now, suspendedNs: host.suspendedNs)
        let writer = LogModel.Writer(worker: worker.id, incarnation: worker.incarnation)
        let states = worker.slotStates
        let looked = SlotsChecked(
            states: states,
            viewsSeen: model.viewsSeen,
            moves: model.moves.count,
            epoch: worker.epoch,
            writer: writer,
            isSure: isSure
        )
        if node.slotsChecked != looked {
            guard checkSlots(looked, worker, node, atNs: atNs) else { return node.slotsChecked = nil }
            node.slotsChecked = looked
        }
        if isSure { checkKeys(worker, states, writer, node, atNs: atNs) }
    }

    /// - Returns: whether all is well.
    private mutating func checkSlots(
        _ looked: SlotsChecked,
        _ worker: SimulatedWorker,
        _ node: SimulatedNode,
        atNs: Int64
    ) -> Bool {
        for position in 0..<UInt32(model.view.ring.size.slotCount) {
            let slot = Slot(position)
            switch looked.states.state(of: slot) {
            case .serving where looked.isSure:
                guard model.owner(of: slot) != looked.writer else { break }
                let owner = model.owner(of: slot).map { "\($0.worker)" } ?? "nobody"
                breach("I1: \(node.name) serves slot \(slot), which is \(owner)'s", atNs: atNs)
                return false
            case .draining, .stopped:
                guard !mayStop(slot, worker) else { break }
                breach("I6: \(node.name) has stopped slot \(slot), which stays with it", atNs: atNs)
                return false
            default: break
            }
        }
        return true
    }

    /// Whether a round that is newer than the worker's view takes the slot away, or stops everybody.
    private func mayStop(_ slot: Slot, _ worker: SimulatedWorker) -> Bool {
        model.moves.reversed().prefix { $0.epoch > worker.epoch }.contains { $0.isBarrier || $0.slots.contains(slot) }
    }

    /// I3: what it serves, it has as it is in the log, and all of it that others wrote.
    private mutating func checkKeys(
        _ worker: SimulatedWorker,
        _ states: [SlotGates.SlotState],
        _ writer: LogModel.Writer,
        _ node: SimulatedNode,
        atNs: Int64
    ) {
        for (key, log) in model.keys where states.state(of: log.slot) == .serving {
            let held = worker.held(log.name, log.hash)
            // It knows of itself that this is old, and answers nothing by it.
            if held?.isStale ?? false { continue }
            let (version, state) = (Int(held?.version ?? 0), held?.state ?? [])
            let least = log.length(byOthersThan: writer)
            if version < least {
                return breach("I3: \(node.name) serves \(key) at version \(version), others made \(least)", atNs: atNs)
            }
            if 8 * version != state.count || !isOfLog(state, log) {
                return breach("I3: \(node.name) has another list of \(key) than the log", atNs: atNs)
            }
        }
    }

    /// Whether a state is its key's list as it was at some time. Lists only grow: what has been compared once is so for good, and as
    /// it is kept here, nobody can have written to its bytes since. O(1) for it, else O(bytes).
    private mutating func isOfLog(_ state: [UInt8], _ log: LogModel.KeyLog) -> Bool {
        while statesKnown.count <= log.number { statesKnown.append([]) }
        if statesKnown[log.number].isSameMemory(as: state) { return true }
        guard state.withUnsafeBytes({ log.hasBegun(with: $0) }) else { return false }
        statesKnown[log.number] = state
        return true
    }

    mutating func breach(_ text: String, atNs: Int64) {
        guard breaches.count < Self.breachesMax else { return }
        breaches.append(Breach(timeNs: atNs, text: text))
    }
}

extension [UInt8] {
    /// Whether both are one piece of memory: then they are equal. O(1).
    fileprivate func isSameMemory(as other: [UInt8]) -> Bool {
        withUnsafeBufferPointer { here in
            other.withUnsafeBufferPointer { here.baseAddress == $0.baseAddress && here.count == $0.count }
        }
    }
}
