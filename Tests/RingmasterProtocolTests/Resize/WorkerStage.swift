// Scripts of the worker's side: SlotGates that are told of views, orders and jobs.

import RingmasterProtocol

/// One worker. After each step that changes them, the states of its slots are traced, one letter a slot.
struct WorkerStage: ScriptStage {
    private var gates: SlotGates
    private var lastView: ClusterView
    private var states = ""

    /// `worker <name> of <slots> slots`
    init(_ words: [String]) throws {
        let size = try RingSize(slotCount: Int(words[3])!)
        let own = try record(words[1])
        gates = SlotGates(worker: own.member.id, incarnation: own.incarnation, size: size)
        lastView = ClusterView(ring: RingView(size: size), members: [])
        states = letters
    }

    mutating func step(_ words: [String]) throws -> [String] {
        let former = states
        var trace = try play(words)
        states = letters
        if states != former { trace.append("slots are \(states)") }
        return trace
    }

    private mutating func play(_ words: [String]) throws -> [String] {
        switch words[0] {
        // view <epoch>: <member>...      the next view of the cluster, which arrives here
        // miss <epoch>: <member>...      the same, but it does not arrive
        case "view", "miss":
            let epoch = Epoch(UInt64(words[1].dropLast())!)
            lastView = try nextView(lastView, epoch: epoch, members: try words[2...].map(record))
            guard words[0] == "view" else { return ["slots of all: \(lastView.ring.layout)"] }
            return ["slots of all: \(lastView.ring.layout)"] + handle(.viewAdopted(lastView))
        // fetched                        the last view arrives after all
        case "fetched": return handle(.viewAdopted(lastView))
        // propose <epoch> <mode> from <base>: <member>...
        case "propose":
            let base = Epoch(UInt64(words[4].dropLast())!)
            let mode: ResizeMode = words[2] == "barrier" ? .barrier : .handoff
            let order = SyncMessage.Order.propose(base: base, mode: mode, members: try memberList(words[5...]))
            return handle(.ordered(order, Epoch(UInt64(words[1])!)))
        // synchronise <epoch> to <job> from <base>: <member>...
        case "synchronise":
            let base = Epoch(UInt64(words[5].dropLast())!)
            let job = JobID(UInt64(words[3])!)
            let order = SyncMessage.Order.synchronise(base: base, syncTo: job, members: try memberList(words[6...]))
            return handle(.ordered(order, Epoch(UInt64(words[1])!)))
        case "notify": return handle(.ordered(.notify, Epoch(UInt64(words[1])!)))
        case "loaded": return handle(.loaded(Epoch(UInt64(words[1])!)))
        // job <slot> begins|ends
        case "job" where words[2] == "begins":
            return [gates.jobBegan(Slot(UInt32(words[1])!)) ? "let in" : "turned away"]
        case "job": return gates.jobEnded(Slot(UInt32(words[1])!)).map { [describe($0)] } ?? []
        // lease holds|expires
        case "lease": return handle(words[1] == "holds" ? .leaseRenewed : .leaseExpired)
        case "fenced": return handle(.fenced)
        case "leave": return handle(.leave)
        default: throw Script.Mistake(line: words.joined(separator: " "))
        }
    }

    private func memberList(_ words: ArraySlice<String>) throws -> [Member] {
        try words.map { try record($0).member }
    }

    private mutating func handle(_ event: SlotGates.Event) -> [String] {
        gates.handle(event).map(describe)
    }

    private func describe(_ effect: SlotGates.Effect) -> String {
        switch effect {
        case .report(let epoch): "report, epoch \(epoch)"
        case .load(let slots, let job?, let epoch): "load \(text(slots)) as of job \(job), epoch \(epoch)"
        case .load(let slots, nil, let epoch): "load \(text(slots)) as of view \(epoch)"
        case .acknowledgeSynchronise(let epoch): "ack phase 2, epoch \(epoch)"
        case .acknowledgeNotice(let epoch): "ack phase 3, epoch \(epoch)"
        case .reopened(let slots): "reopen \(text(slots))"
        case .dropState(let slots): "drop \(text(slots))"
        case .fetchView(let epoch): "fetch view \(epoch)"
        case .rejoin: "rejoin under a new incarnation"
        case .mayExit: "may exit"
        }
    }

    private func text(_ slots: [Slot]) -> String {
        "slots " + slots.map { "\($0)" }.joined(separator: " ")
    }

    private var letters: String {
        (0..<gates.view.ring.size.slotCount).map { position in
            switch gates.state(of: Slot(UInt32(position))) {
            case .notOwned: "."
            case .serving: "S"
            case .draining: "d"
            case .stopped: "x"
            case .loading: "l"
            case .loaded: "L"
            case .recovering: "r"
            }
        }.joined()
    }
}
