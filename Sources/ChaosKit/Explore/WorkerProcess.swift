// One process of a worker in a small cluster: its gates, and what WorkerCore, KeyWork and DeltaStream hold beside them.

import RingmasterProtocol

struct WorkerProcess: Sendable {
    let place: Int
    var gates: SlotGates
    var record: MemberRecord
    /// Whether it knows a view, and was told that its wish to join has come.
    var isPlaced = false
    var isJoined = false
    var hasHadLease = false
    /// Whether nobody has heard of it for as long as a lease lasts.
    var isSilent = false
    var isReleased = false
    /// Whether its line is to the leader, not to a former one.
    var followsLeader = true
    /// To whom the answers of phases 1 and 2 go: office and line.
    var askers: [Asker?] = [nil, nil]
    /// What it is to fetch.
    var load: (slots: [Slot], epoch: Epoch)?

    // The one key.
    /// The committed state as it knows it, one element a version.
    var list: [UInt8] = []
    var work: KeyWorkState?
    /// Jobs that wait for the slot: `SlotGates` has not let them in.
    var held: [HeldJob] = []
    /// Jobs in hand.
    var jobs: [HeldJob] = []
    /// The last job in the log when it answered last.
    var lastJob = JobID.zero

    // The stream of deltas.
    /// Those without an answer, oldest first, and how many of them the leader has taken.
    var stream: [StreamedDelta] = []
    var taken = 0
    /// What became of the first of them: on its way back.
    var outcomes: [DeltaAnswer] = []

    struct Asker: Equatable, Sendable {
        let office: Int
        let line: Incarnation
    }

    struct HeldJob: Equatable, Sendable {
        let sequence: UInt64
        let acked: UInt64
        let isResend: Bool
        /// In hand: whether its record is being looked up.
        var isLookedUp = false
    }

    struct StreamedDelta: Equatable, Sendable {
        let delta: WireDelta
        /// Whether the job of it is still in hand.
        var isWanted = true
    }

    struct DeltaAnswer: Equatable, Sendable {
        let lastJob: JobID
        let refusal: DeltaRefusal?
    }

    /// What `KeyWork` is for one key; jobs are sequences.
    struct KeyWorkState: Equatable, Sendable {
        var head: [UInt8]
        var waiting: [UInt64] = []
        var inFlight: [UInt64] = []
        var void: [UInt64] = []
        var isStale = false

        func isIdle(lookUps: Bool) -> Bool {
            waiting.isEmpty && inFlight.isEmpty && void.isEmpty && !lookUps && !isStale
        }
    }

    init(place: Int, record: MemberRecord, size: RingSize, planted: PlantedBug?) {
        self.place = place
        self.record = record
        gates = SlotGates(
            worker: record.member.id,
            incarnation: record.incarnation,
            size: size,
            planted: planted
        )
    }

    func has(_ sequence: UInt64) -> Bool {
        jobs.contains { $0.sequence == sequence } || held.contains { $0.sequence == sequence }
    }
}
