// Both sides of the resize against each other, with deaths, joins, leaves, pauses, leader changes and a bad network.

import RingmasterProtocol
import Testing

struct ClusterPropertyTests {
    @Test(arguments: 0..<8)
    func theInvariantsHoldWhateverHappens(block: UInt64) throws {
        var (committed, superseded, jobs) = (0, 0, 0)
        for seed in block * 6..<(block + 1) * 6 {
            var cluster = try ToyCluster(seed: seed, slotCount: [4, 16, 32][Int(seed % 3)])
            do {
                try cluster.live(steps: 4000)
                try cluster.settle()
            } catch let broken as BrokenPromise {
                Issue.record("seed \(seed): \(broken)")
                return
            }
            committed += cluster.rounds.committed
            superseded += cluster.rounds.superseded
            jobs += Int(cluster.state.jobIndex.rawValue)
        }
        // The runs are worth something only if they get somewhere.
        let reached = "\(committed) rounds committed, \(superseded) superseded, \(jobs) jobs"
        #expect(committed > 20 && superseded > 30 && jobs > 150, "\(reached)")
    }
}

private let names: [WorkerID] = ["a", "b", "c", "d", "e", "f"]

extension ToyCluster {
    /// Lets random things happen.
    mutating func live(steps: Int) throws {
        try changeLeader()
        for _ in 0..<steps {
            try happen()
            try checkOwners()
        }
    }

    private mutating func happen() throws {
        let worker = names.randomElement(using: &random)!
        let slot = Slot(UInt32.random(in: 0..<UInt32(state.view.ring.size.slotCount), using: &random))
        switch Int.random(in: 0..<1000, using: &random) {
        case 0..<350: try deliver()
        case 350..<450: try applyNext(isHeard: true)
        case 450..<600:
            let running = workers.values.filter { !$0.isPaused }.sorted {
                $0.record.incarnation < $1.record.incarnation
            }
            .flatMap { process in process.jobs.sorted().map { (process.record.member.id, $0) } }
            if let (owner, slot) = running.randomElement(using: &random) { try endJob(owner, slot) }
        case 600..<720:
            if let owner = state.view.ring.owner(of: slot), workers[owner]?.isPaused == false {
                try beginJob(owner, slot)
            }
            if workers[worker]?.isPaused == false { try beginJob(worker, slot) }
        case 720..<800: if workers[worker]?.isPaused == false { try finishLoad(worker) }
        case 800..<850: network.append(.view(worker, chance(80, &random) ? state.view : pastViews.last ?? state.view))
        case 850..<900: try ask(worker)
        case 900..<950:
            now += .milliseconds(60)
            for keeper in keepers.indices.suffix(2) { try tell(keeper, .tick) }
        case 950..<960: if workers[worker] == nil { try start(worker) }
        case 960..<966: end(worker)
        case 966..<974: try pause(worker)
        case 974..<986: try wake(worker)
        case 986..<992: try noticeDeath(of: worker)
        case 992..<995: if workers[worker]?.isPaused == false { try tell(worker, .leave) }
        case 995..<997: try tell(leader, .resize(Bool.random(using: &random) ? .handoff : .barrier))
        default: try changeLeader()
        }
    }

    private mutating func deliver() throws {
        guard !network.isEmpty else { return }
        let index = Int.random(in: network.indices, using: &random)
        let message = network[index]
        let isLost = isFaulty && chance(10, &random)
        if case .order(let worker, _, _, _) = message, workers[worker]?.isPaused ?? false, !isLost { return }
        if case .view(let worker, _) = message, workers[worker]?.isPaused ?? false, !isLost { return }
        if !isFaulty || !chance(10, &random) { network.remove(at: index) }
        guard !isLost else { return }
        switch message {
        case .order(let worker, let order, let epoch, _): try tell(worker, .ordered(order, epoch))
        case .answer(let keeper, let event): try tell(keeper, event)
        case .view(let worker, let view): try tell(worker, .viewAdopted(view))
        }
    }

    /// A worker's heartbeat: it asks for what it wants, and gets its lease unless it is dead to the leader.
    private mutating func ask(_ worker: WorkerID) throws {
        guard let process = workers[worker], !process.isPaused else { return }
        if keepers[leader].isDead(worker, under: process.record.incarnation) {
            return try tell(worker, .fenced)
        }
        if keepers[leader].mayHoldLease(worker, under: process.record.incarnation) {
            try tell(worker, .leaseRenewed)
        }
        try tell(leader, process.gates.isLeaving ? .leave(worker) : .join(process.record))
    }

    private mutating func pause(_ worker: WorkerID) throws {
        guard workers[worker] != nil else { return }
        workers[worker]?.isPaused = true
        // What the clock says when it wakes; until then it does nothing.
        try tell(worker, .leaseExpired)
    }

    private mutating func wake(_ worker: WorkerID) throws {
        workers[worker]?.isPaused = false
    }

    private mutating func noticeDeath(of worker: WorkerID) throws {
        let known = state.view.members + (state.intent?.members ?? [])
        for record in known where record.member.id == worker && mayBeDeclaredDead(record) {
            try tell(leader, .died(worker, record.incarnation))
        }
        if workers[worker] == nil, let incarnation = gone[worker] { try tell(leader, .died(worker, incarnation)) }
    }

    /// Faults stop: in bounded time every round ends, and everybody who wants to be is a member and serves.
    mutating func settle() throws {
        isFaulty = false
        for worker in names { try wake(worker) }
        for turn in 0..<400 {
            for worker in names {
                if workers[worker] == nil { try noticeDeath(of: worker) }
                let known = state.view.members.filter { $0.member.id == worker }
                for record in known where record.incarnation != workers[worker]?.record.incarnation {
                    try tell(leader, .died(worker, record.incarnation))
                }
                try ask(worker)
                try finishLoad(worker)
                for slot in workers[worker]?.jobs.sorted() ?? [] { try endJob(worker, slot) }
                network.append(.view(worker, state.view))
            }
            while !network.isEmpty { try deliver() }
            try checkOwners()
            while !pending.isEmpty { try applyNext(isHeard: true) }
            now += .milliseconds(60)
            try tell(leader, .tick)
            if turn > 5, isSettled { return try checkEverybodyServes() }
        }
        let round = keepers[leader].roundEpoch.map { "round \($0)" } ?? "no round"
        throw BrokenPromise(description: "I5: after the faults there is no rest: \(round)")
    }

    private var isSettled: Bool {
        let wanted = workers.values.map(\.record).sorted { $0.member.id < $1.member.id }
        return keepers[leader].roundEpoch == nil && state.view.members == wanted
            && workers.values.allSatisfy { $0.gates.view == state.view && $0.load == nil }
    }

    private mutating func checkEverybodyServes() throws {
        for position in state.versions.indices where !workers.isEmpty {
            let slot = Slot(UInt32(position))
            guard let owner = state.view.ring.owner(of: slot), workers[owner]?.gates.serves(slot) ?? false else {
                throw BrokenPromise(description: "slot \(slot) is not served")
            }
            try beginJob(owner, slot)
            try endJob(owner, slot)
        }
    }
}
