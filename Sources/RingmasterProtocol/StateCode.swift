// The states of the resize's cores as bytes, for whoever compares states without knowing them: `chaos explore`. Two values
// have the same code exactly when they behave alike from there on.

/// Bytes in which everything has one form. Every write is amortised O(bytes written).
package struct StateCode: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// LEB128: seven bits a byte, the lowest first.
    package mutating func write(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    package mutating func write(_ number: Int) { write(UInt64(bitPattern: Int64(number))) }

    package mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    package mutating func append(_ bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }

    package mutating func write(_ text: String) {
        write(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func write(_ record: MemberRecord) {
        write(record.member.id.name)
        write(record.member.weight)
        write(record.incarnation.rawValue)
        write(record.endpoint)
    }

    package mutating func write(_ view: ClusterView) {
        write(view.ring.epoch.rawValue)
        write(view.members.count)
        for record in view.members { write(record) }
        for owner in view.ring.ownerIndices { write(UInt64(owner)) }
    }

    package mutating func write(_ intent: Intent) {
        write(intent.epoch.rawValue)
        write(UInt64(intent.mode.rawValue))
        write(intent.members.count)
        for record in intent.members { write(record) }
        write(intent.fenced.count)
        for worker in intent.fenced.sorted() { write(worker.name) }
    }

    package mutating func write(_ order: SyncMessage.Order) {
        switch order {
        case .propose(let base, let mode, let members):
            write(1)
            write(base.rawValue)
            write(UInt64(mode.rawValue))
            write(members)
        case .synchronise(let base, let syncTo, let members):
            write(2)
            write(base.rawValue)
            write(syncTo.rawValue)
            write(members)
        case .notify: write(3)
        }
    }

    private mutating func write(_ members: [Member]) {
        write(members.count)
        for member in members {
            write(member.id.name)
            write(member.weight)
        }
    }

    mutating func write(_ workers: Set<WorkerID>) {
        write(workers.count)
        for worker in workers.sorted() { write(worker.name) }
    }

    mutating func write(_ slots: [Slot]) {
        write(slots.count)
        for slot in slots { write(UInt64(slot.rawValue)) }
    }
}

extension RingKeeper {
    /// Whether an answer of a worker would change anything, now or ever: an answer is awaited from when its order is sent.
    package func awaits(_ answer: Event) -> Bool {
        guard let round else { return false }
        switch (answer, round.stage) {
        case (.reported(let worker, round.epoch, _), .proposing): return round.awaited.contains(worker)
        case (.synchronised(let worker, round.epoch), .synchronising): return round.awaited.contains(worker)
        default: return false
        }
    }

    /// Writes all of it but the moment of the next tick, of which only whether there is one is told: its host decides when
    /// the time has come. O(slots + members log members).
    package func write(into code: inout StateCode) {
        code.write(view)
        code.write(UInt64(mode.rawValue))
        code.write(isLeading)
        code.write(candidates.count)
        for (_, record) in candidates.sorted(by: { $0.key < $1.key }) { code.write(record) }
        code.write(leaving)
        code.write(dead.count)
        for (worker, incarnation) in dead.sorted(by: { $0.key < $1.key }) {
            code.write(worker.name)
            code.write(incarnation.rawValue)
        }
        code.write(highestEpoch.rawValue)
        code.write(round != nil)
        round?.write(into: &code)
    }
}

extension KeeperRound {
    fileprivate func write(into code: inout StateCode) {
        code.write(intent)
        code.write(base)
        switch stage {
        case .logging: code.write(0)
        case .proposing: code.write(1)
        case .synchronising(let job):
            code.write(2)
            code.write(job.rawValue)
        case .committing: code.write(3)
        }
        code.write(awaited)
        code.write(syncTo.rawValue)
        code.write(resendAt != nil)
    }
}

extension SlotGates {
    /// Writes all of it. O(slots + members).
    package func write(into code: inout StateCode) {
        code.write(worker.name)
        code.write(incarnation.rawValue)
        code.write(view)
        code.write(isLeaseHeld)
        code.write(isOver)
        code.write(isLeaving)
        code.write(epoch.rawValue)
        table.write(into: &code)
        code.write(round != nil)
        round?.write(into: &code)
        code.write(early != nil)
        if let early {
            code.write(early.order)
            code.write(early.epoch.rawValue)
        }
        code.write(recovery.map { $0.rawValue + 1 } ?? 0)
    }
}

extension GateRound {
    fileprivate func write(into code: inout StateCode) {
        code.write(epoch.rawValue)
        code.write(closed.sorted())
        code.write(gained)
        switch takeover {
        case .awaitingOrder: code.write(0)
        case .loading: code.write(1)
        case .done: code.write(2)
        }
    }
}
