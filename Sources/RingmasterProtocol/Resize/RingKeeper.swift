// The coordinator's side of a resize: who is to be on the ring, and the round that brings it about. Pure: events and
// the time go in, effects come out. RingKeeper+Interface.swift has both, RingKeeper+Rounds.swift the phases,
// SlotGates.swift the workers' side. Only the leader's keeper does anything.

/// Keeps the ring's members: takes in who joins, leaves and dies, and drives one round at a time to a committed view.
///
/// The members wanted are always computed afresh: those of the committed view and those that ask to join, without
/// those that leave or are dead. A round is begun when that is not what the view has. What arrives during a round
/// waits for its end, and is then folded into one; but the death of a worker that the round needs, or that was about
/// to join, supersedes the round at once. The dead are never waited for.
public struct RingKeeper: Sendable {
    /// How long an awaited answer may take before its order is sent again. Orders are idempotent.
    public let resendAfter: Duration

    /// The committed view.
    public private(set) var view = ClusterView(ring: RingView(), members: [])
    /// The mode of the next round.
    public private(set) var mode: ResizeMode = .handoff
    public private(set) var isLeading = false

    /// Workers that want to be members and are not, or not so.
    var candidates: [WorkerID: MemberRecord] = [:]
    /// Workers that want to be members no more.
    var leaving: Set<WorkerID> = []
    /// The highest incarnation of each worker that is dead.
    var dead: [WorkerID: Incarnation] = [:]
    var highestEpoch: Epoch = .zero
    var round: KeeperRound?
    let planted: PlantedBug?

    /// Most names of dead workers that are kept once they are on no ring: enough to refuse those that wake up late.
    static let deadMax = 4096

    public init(resendAfter: Duration, planted: PlantedBug? = nil) {
        self.resendAfter = resendAfter
        self.planted = planted
    }

    /// The epoch of the round that is under way.
    public var roundEpoch: Epoch? { round?.epoch }

    /// When `Event.tick` is wanted: nil when it is not.
    public var nextTick: ContinuousClock.Instant? { round?.resendAt }

    /// Whether the host may give the worker a lease, or renew it: only the leader may, and only for a member of the
    /// committed view that is not dead. O(log members).
    ///
    /// Nobody else may have one, joiners included: whom an earlier leader took out for dead looks like a joiner to this
    /// one, and may still believe in the view in which it owned slots.
    public func mayHoldLease(_ worker: WorkerID, under incarnation: Incarnation) -> Bool {
        isLeading && view.incarnation(of: worker) == incarnation && !isDead(worker, under: incarnation)
    }

    /// Whether a worker wants to be a member, or is about to be by the round that is under way. O(members).
    public func isConcerned(_ record: MemberRecord) -> Bool {
        candidates[record.member.id] == record || round?.intent.members.contains(record) ?? false
    }

    /// Whether the worker was declared dead under that incarnation: it is to begin anew. O(1).
    public func isDead(_ worker: WorkerID, under incarnation: Incarnation) -> Bool {
        dead[worker].map { incarnation <= $0 } ?? false
    }

    /// Takes an event in and says what is to be done. O(slots + members log members) when it begins or ends a round,
    /// else O(members).
    public mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .becameLeader(let view, let intent, let highestEpochSeen):
            lead(view, intent, highestEpochSeen, &effects)
        case .lostLeadership:
            endRound(.leadershipLost, &effects)
            isLeading = false
        case .resize(let mode):
            self.mode = mode
        case .viewCommitted(let view):
            guard view.ring.epoch > self.view.ring.epoch else { return [] }
            commit(view, &effects)
        default:
            guard isLeading else { return [] }
            handleAsLeader(event, now, &effects)
        }
        return effects
    }

    private mutating func handleAsLeader(_ event: Event, _ now: ContinuousClock.Instant, _ effects: inout [Effect]) {
        switch event {
        case .join(let record): join(record, &effects)
        case .leave(let worker): leave(worker, &effects)
        case .died(let worker, let incarnation): die(worker, incarnation, &effects)
        case .intentLogged(let intent, let jobIndex): logged(intent, jobIndex, now, &effects)
        case .reported(let worker, let epoch, let job): reported(worker, epoch, job, now, &effects)
        case .synchronised(let worker, let epoch): synchronised(worker, epoch, &effects)
        case .tick: resend(now, &effects)
        case .becameLeader, .lostLeadership, .resize, .viewCommitted: break
        }
    }

    /// Begins to lead. An intent without its commit is driven again: its joiners and leavers are taken as such.
    private mutating func lead(
        _ view: ClusterView,
        _ intent: Intent?,
        _ highestEpochSeen: Epoch,
        _ effects: inout [Effect]
    ) {
        endRound(.superseded, &effects)
        self.view = view
        isLeading = true
        (candidates, leaving, dead) = ([:], [], [:])
        highestEpoch = max(highestEpoch, highestEpochSeen, view.ring.epoch)
        if let intent, planted != .intentNotDriven {
            takeOver(intent)
            beginRound(&effects)
        }
    }

    /// Makes the aims of another leader's intent this one's.
    mutating func takeOver(_ intent: Intent) {
        highestEpoch = max(highestEpoch, intent.epoch)
        let known = view.incarnations
        for worker in intent.fenced {
            if let incarnation = known[worker] { dead[worker] = max(incarnation, dead[worker] ?? incarnation) }
        }
        let wanted = Set(intent.members.map(\.member.id))
        leaving.formUnion(known.keys.filter { !wanted.contains($0) && !intent.fenced.contains($0) })
        for record in intent.members where !view.members.contains(record) {
            guard !isDead(record.member.id, under: record.incarnation) else { continue }
            if let newer = candidates[record.member.id], newer.incarnation > record.incarnation { continue }
            candidates[record.member.id] = record
        }
    }

    private mutating func join(_ record: MemberRecord, _ effects: inout [Effect]) {
        let worker = record.member.id
        guard !isDead(worker, under: record.incarnation) else {
            effects.append(.refused(worker, record.incarnation, .fenced))
            return
        }
        let member = view.ring.memberIndex(of: worker).map { view.members[$0] }
        let known = candidates[worker] ?? member
        if let known, known.incarnation > record.incarnation {
            effects.append(.refused(worker, record.incarnation, .outdated))
            return
        }
        guard known != nil || candidates.count + view.members.count < RingLimits.membersMax else {
            effects.append(.refused(worker, record.incarnation, .ringFull))
            return
        }
        guard record != known else { return }
        candidates[worker] = record
        if let known, known.incarnation < record.incarnation {
            // Who waits for the former life to be let go waits no more.
            if leaving.remove(worker) != nil { effects.append(.released(worker)) }
            die(worker, known.incarnation, &effects)
        }
        beginRoundIfWanted(&effects)
    }

    private mutating func leave(_ worker: WorkerID, _ effects: inout [Effect]) {
        let isInRound = round?.intent.members.contains { $0.member.id == worker } ?? false
        if isInRound || view.ring.memberIndex(of: worker) != nil {
            guard leaving.insert(worker).inserted else { return }
            beginRoundIfWanted(&effects)
        } else {
            candidates[worker] = nil
            effects.append(.released(worker))
        }
    }

    private mutating func die(_ worker: WorkerID, _ incarnation: Incarnation, _ effects: inout [Effect]) {
        guard !isDead(worker, under: incarnation) else { return }
        dead[worker] = incarnation
        if let candidate = candidates[worker], candidate.incarnation <= incarnation { candidates[worker] = nil }
        if candidates[worker] == nil { leaving.remove(worker) }
        if let round {
            if planted == .deadMemberAwaited { return }
            // The process that the round counts on may be a newer one, which is not concerned.
            let inRound = round.intent.members.first { $0.member.id == worker }?.incarnation
            let counted = inRound ?? round.base.incarnation(of: worker)
            if let counted, counted <= incarnation, round.needs(worker) { beginRound(&effects) }
        } else {
            beginRoundIfWanted(&effects)
        }
        forgetOldDead()
    }

    private mutating func commit(_ view: ClusterView, _ effects: inout [Effect]) {
        let former = self.view
        self.view = view
        highestEpoch = max(highestEpoch, view.ring.epoch)
        guard isLeading else { return }
        if let round, round.epoch != view.ring.epoch {
            // An earlier leader's commit: what is under way was planned from a view that is no more.
            notify(since: former, &effects)
            settle(&effects)
            beginRound(&effects)
            return
        }
        endRound(.committed, &effects)
        notify(since: former, &effects)
        settle(&effects)
        beginRoundIfWanted(&effects)
    }

    /// Forgets the wishes that the view fulfils, and releases those that have left.
    private mutating func settle(_ effects: inout [Effect]) {
        for record in view.members where candidates[record.member.id] == record {
            candidates[record.member.id] = nil
        }
        releaseLeavers(&effects)
    }

    /// Releases those that want to leave and are no members.
    mutating func releaseLeavers(_ effects: inout [Effect]) {
        for worker in leaving.sorted() where view.ring.memberIndex(of: worker) == nil {
            leaving.remove(worker)
            candidates[worker] = nil
            effects.append(.released(worker))
        }
    }

    private mutating func forgetOldDead() {
        guard dead.count > Self.deadMax else { return }
        dead = dead.filter { view.ring.memberIndex(of: $0.key) != nil || candidates[$0.key] != nil }
    }
}
