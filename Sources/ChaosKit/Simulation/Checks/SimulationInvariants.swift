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
    private(set) var breaches: [Breach] = []
    private(set) var checks = 0

    private static let breachesMax = 10

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

    /// I1 and I3 of a worker that serves, I6 of one that has stopped. O(slots + keys).
    /// - Parameter hasServed: It has just answered a read: it takes itself for the owner of all that it serves, whatever its lease.
    mutating func check(_ worker: SimulatedWorker, _ node: SimulatedNode, hasServed: Bool, atNs: Int64) {
        guard worker.isPlaced, let host = node.host, model.view.ring.epoch > .zero else { return }
        checks += 1
        let now = MonotonicTime(nanoseconds: host.clockNs)
        let isSure = hasServed || worker.holdsLease(at: now, suspendedNs: host.suspendedNs)
        let writer = LogModel.Writer(worker: worker.id, incarnation: worker.incarnation)
        for position in 0..<UInt32(model.view.ring.size.slotCount) {
            let slot = Slot(position)
            switch worker.state(of: slot) {
            case .serving where isSure:
                guard model.owner(of: slot) != writer else { break }
                let owner = model.owner(of: slot).map { "\($0.worker)" } ?? "nobody"
                return breach("I1: \(node.name) serves slot \(slot), which is \(owner)'s", atNs: atNs)
            case .draining, .stopped:
                guard !mayStop(slot, worker) else { break }
                return breach("I6: \(node.name) has stopped slot \(slot), which stays with it", atNs: atNs)
            default: break
            }
        }
        if isSure { checkKeys(worker, writer, node, atNs: atNs) }
    }

    /// Whether a round that is newer than the worker's view takes the slot away, or stops everybody.
    private func mayStop(_ slot: Slot, _ worker: SimulatedWorker) -> Bool {
        model.moves.reversed().prefix { $0.epoch > worker.epoch }.contains { $0.isBarrier || $0.slots.contains(slot) }
    }

    /// I3: what it serves, it has as it is in the log, and all of it that others wrote.
    private mutating func checkKeys(
        _ worker: SimulatedWorker,
        _ writer: LogModel.Writer,
        _ node: SimulatedNode,
        atNs: Int64
    ) {
        for (key, log) in model.keys where worker.state(of: log.slot) == .serving {
            let held = worker.held(Array(key.utf8))
            // It knows of itself that this is old, and answers nothing by it.
            if held?.isStale ?? false { continue }
            let (version, list) = (Int(held?.version ?? 0), AppendJob.values(held?.state ?? []) ?? [])
            let least = log.length(byOthersThan: writer)
            if version < least {
                return breach("I3: \(node.name) serves \(key) at version \(version), others made \(least)", atNs: atNs)
            }
            if version != list.count || !log.values.starts(with: list) {
                return breach("I3: \(node.name) has another list of \(key) than the log", atNs: atNs)
            }
        }
    }

    mutating func breach(_ text: String, atNs: Int64) {
        guard breaches.count < Self.breachesMax else { return }
        breaches.append(Breach(timeNs: atNs, text: text))
    }
}
