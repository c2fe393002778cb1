// A cluster of the pure parts for the property test: one log, one leader at a time, workers that come and go, and a
// network that loses, repeats and reorders. Every step that a promise could be broken in checks it.

import RingmasterProtocol

/// What a coordinator's state machine would hold: the view, the intent, and a version for each slot.
struct ToyState {
    var view: ClusterView
    var intent: Intent?
    var jobIndex = JobID.zero
    var versions: [Int]
    var highestEpoch = Epoch.zero
}

/// One process of a worker.
struct ToyWorker {
    var gates: SlotGates
    /// For each slot whose state is here, its version.
    var versions: [Slot: Int] = [:]
    /// The slots on which a job runs, at most one each.
    var jobs: Set<Slot> = []
    var load: (slots: [Slot], versions: [Int], epoch: Epoch)?
    var isPaused = false
    var record: MemberRecord
}

enum ToyMessage {
    case order(WorkerID, SyncMessage.Order, Epoch, from: Int)
    case answer(to: Int, RingKeeper.Event)
    case view(WorkerID, ClusterView)
}

struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
}

struct ToyCluster {
    var random: SplitMix64
    var state: ToyState
    /// Former leaders, which may go on for a while, and last the one that leads.
    var keepers: [RingKeeper] = []
    var pending: [RingKeeper.Effect] = []
    var network: [ToyMessage] = []
    var workers: [WorkerID: ToyWorker] = [:]
    /// Processes that are gone or were declared dead.
    var gone: [WorkerID: Incarnation] = [:]
    var pastViews: [ClusterView] = []
    var now: Duration = .zero
    var isFaulty = true
    private(set) var rounds = (committed: 0, superseded: 0)
    private var nextIncarnation: UInt64 = 1

    init(seed: UInt64, slotCount: Int) throws {
        random = SplitMix64(seed: seed)
        let ring = RingView(size: try RingSize(slotCount: slotCount))
        state = ToyState(view: ClusterView(ring: ring, members: []), versions: Array(repeating: 0, count: slotCount))
    }

    func chance(_ percent: Int, _ random: inout SplitMix64) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }
}

// The coordinators
extension ToyCluster {
    var leader: Int { keepers.count - 1 }

    /// A new leader: of what the old one proposed, some is in the log and the rest is lost.
    mutating func changeLeader() throws {
        while !pending.isEmpty, chance(50, &random) { try applyNext(isHeard: false) }
        pending = []
        keepers.append(RingKeeper(resendAfter: .milliseconds(100)))
        let event = RingKeeper.Event.becameLeader(
            view: state.view,
            intent: state.intent,
            highestEpochSeen: state.highestEpoch
        )
        try tell(leader, event)
    }

    mutating func tell(_ keeper: Int, _ event: RingKeeper.Event) throws {
        let former = keepers[keeper].roundEpoch
        for effect in keepers[keeper].handle(event, at: .at(now)) {
            switch effect {
            case .roundBegan(let epoch, _):
                guard former.map({ epoch > $0 }) ?? true else {
                    throw BrokenPromise(description: "I4: round \(epoch)")
                }
            case .roundEnded(_, _, let end):
                if end == .committed { rounds.committed += 1 } else { rounds.superseded += 1 }
            case .logIntent, .logCommit:
                if keeper == leader { pending.append(effect) }
            case .order(let worker, let order, let epoch): network.append(.order(worker, order, epoch, from: keeper))
            case .released(let worker):
                if let process = workers[worker], process.gates.isLeaving { end(worker) }
            case .refused(let worker, let incarnation, _):
                if workers[worker]?.record.incarnation == incarnation { try tell(worker, .fenced) }
            }
        }
    }

    /// Applies the oldest proposal.
    mutating func applyNext(isHeard: Bool) throws {
        guard !pending.isEmpty else { return }
        switch pending.removeFirst() {
        case .logIntent(let intent):
            guard intent.epoch > max(state.view.ring.epoch, state.intent?.epoch ?? .zero) else { return }
            state.intent = intent
            state.highestEpoch = intent.epoch
            if isHeard { try tell(leader, .intentLogged(intent, jobIndex: state.jobIndex)) }
        case .logCommit(let epoch):
            guard let intent = state.intent, intent.epoch == epoch else { return }
            pastViews.append(state.view)
            state.view = try nextView(state.view, epoch: epoch, members: intent.members)
            state.intent = nil
            if isHeard { try tell(leader, .viewCommitted(state.view)) }
        default: break
        }
    }
}

// The workers
extension ToyCluster {
    mutating func start(_ worker: WorkerID) throws {
        let incarnation = Incarnation(rawValue: nextIncarnation)
        nextIncarnation += 1
        let record = MemberRecord(member: Member(worker), incarnation: incarnation, endpoint: "")
        let gates = SlotGates(worker: worker, incarnation: incarnation, size: state.view.ring.size)
        workers[worker] = ToyWorker(gates: gates, record: record)
    }

    mutating func end(_ worker: WorkerID) {
        guard let process = workers.removeValue(forKey: worker) else { return }
        gone[worker] = process.record.incarnation
    }

    /// Whether somebody may say that the process is dead: it is gone, or its lease has run out.
    func mayBeDeclaredDead(_ record: MemberRecord) -> Bool {
        guard let process = workers[record.member.id], process.record.incarnation == record.incarnation else {
            return true
        }
        return !process.gates.isLeaseHeld
    }

    mutating func tell(_ worker: WorkerID, _ event: SlotGates.Event) throws {
        guard let before = workers[worker] else { return }
        var process = before
        let effects = process.gates.handle(event)
        let isRoundLost =
            process.gates.view.ring.epoch > before.gates.view.ring.epoch
            && before.gates.epoch > process.gates.view.ring.epoch
        guard process.gates.epoch >= before.gates.epoch, !isRoundLost else {
            throw BrokenPromise(description: "I4: \(worker)")
        }
        try checkNothingElseStopped(before.gates, process.gates, event)
        workers[worker] = process
        for effect in effects { try perform(effect, by: worker) }
    }

    mutating func perform(_ effect: SlotGates.Effect, by worker: WorkerID) throws {
        switch effect {
        case .report(let epoch):
            for keeper in keepers.indices.suffix(2) {
                network.append(.answer(to: keeper, .reported(worker, epoch, state.jobIndex)))
            }
        case .acknowledgeSynchronise(let epoch):
            for keeper in keepers.indices.suffix(2) {
                network.append(.answer(to: keeper, .synchronised(worker, epoch)))
            }
        case .load(let slots, let job, let epoch):
            guard job ?? .zero <= state.jobIndex else { throw BrokenPromise(description: "load beyond the log") }
            workers[worker]?.load = (slots, slots.map { state.versions[$0.index] }, epoch)
        case .dropState(let slots):
            for slot in slots { workers[worker]?.versions[slot] = nil }
        case .fetchView: network.append(.view(worker, state.view))
        case .rejoin:
            end(worker)
            try start(worker)
        case .mayExit: end(worker)
        case .acknowledgeNotice, .reopened: break
        }
    }

    /// I6: in a handoff only slots that the plan takes away stop.
    private func checkNothingElseStopped(_ old: SlotGates, _ new: SlotGates, _ event: SlotGates.Event) throws {
        guard case .ordered(.propose(_, .handoff, let members), let epoch) = event, old.epoch < epoch,
            new.epoch == epoch
        else { return }
        let handoffs = try Handoffs(
            base: old.view,
            members: members,
            epoch: epoch,
            for: old.worker,
            under: old.incarnation
        )
        let lost = Set(handoffs.slotsLost(by: old.worker))
        for position in 0..<UInt32(old.view.ring.size.slotCount) {
            let slot = Slot(position)
            let hasStopped = old.state(of: slot) == .serving && new.state(of: slot) != .serving
            guard hasStopped, !lost.contains(slot) else { continue }
            throw BrokenPromise(description: "I6: \(old.worker) stopped slot \(slot)")
        }
    }

    mutating func finishLoad(_ worker: WorkerID) throws {
        guard let load = workers[worker]?.load else { return }
        workers[worker]?.load = nil
        let former = workers[worker]?.gates
        // A load that is not wanted any more must not overwrite what is served.
        for (slot, version) in zip(load.slots, load.versions) {
            let state = former?.state(of: slot)
            if state == .loading || state == .recovering { workers[worker]?.versions[slot] = version }
        }
        try tell(worker, .loaded(load.epoch))
    }

    mutating func beginJob(_ worker: WorkerID, _ slot: Slot) throws {
        guard var process = workers[worker], !process.jobs.contains(slot), process.gates.jobBegan(slot) else {
            return
        }
        guard process.versions[slot] == state.versions[slot.index] else {
            throw BrokenPromise(description: "I3: \(worker) serves slot \(slot) with an old state")
        }
        process.jobs.insert(slot)
        workers[worker] = process
    }

    /// The job's delta is judged, as the state machine would.
    mutating func endJob(_ worker: WorkerID, _ slot: Slot) throws {
        guard var process = workers[worker], process.jobs.remove(slot) != nil else { return }
        let owner = state.view.ring.memberIndex(of: worker).map { state.view.members[$0] }
        let isOwner = owner == process.record && state.view.ring.owner(of: slot) == worker
        let isFenced = state.intent?.fenced.contains(worker) ?? false
        if isOwner, !isFenced {
            guard let version = process.versions[slot], version == state.versions[slot.index] else {
                throw BrokenPromise(description: "I3: a delta of \(worker) ran on an old state")
            }
            state.versions[slot.index] += 1
            state.jobIndex = state.jobIndex.next
            process.versions[slot] = version + 1
        } else if process.gates.isLeaseHeld, !process.gates.isOver, !isFenced,
            keepers.allSatisfy({ !$0.isDead(worker, under: process.record.incarnation) })
        {
            throw BrokenPromise(description: "I1: \(worker) ran a job of slot \(slot), which is another's")
        }
        let effect = process.gates.jobEnded(slot)
        workers[worker] = process
        if let effect { try perform(effect, by: worker) }
    }

    /// I1: no two live workers serve a slot.
    func checkOwners() throws {
        for position in 0..<UInt32(state.view.ring.size.slotCount) {
            let serving = workers.filter { $0.value.gates.serves(Slot(position)) }
            guard serving.count <= 1 else {
                throw BrokenPromise(description: "I1: slot \(position) is served by \(serving.keys.sorted())")
            }
        }
    }
}
