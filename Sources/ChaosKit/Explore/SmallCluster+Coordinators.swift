// What coordinators do around RingKeeper and StateMachine: as CoordinatorCore+Leading, +Log and +Service, without sockets.

import RingmasterProtocol

extension SmallCluster {
    /// A cluster that has settled in view 1, with a client's session, and a job's key in a slot that the first join moves.
    init(_ setting: ExploreSetting) throws(BrokenPromise) {
        self.setting = setting
        memory = LogMemory(setting)
        budget = FaultBudget(setting)
        let names = setting.names
        starts = Array(repeating: 1, count: names.count)
        lives = Array(repeating: 1, count: names.count)
        let records = names.indices.map { SmallCluster.record(names[$0], place: $0, life: 1, start: 1) }
        let members = Array(records.prefix(setting.members))
        let intent = Intent(epoch: Epoch(1), mode: setting.mode, members: members)
        var state = try memory.next(of: memory.first, after: .founding).state
        for command in members.isEmpty ? [] : [Proposal.intent(intent), .commit(Epoch(1))] {
            state = try memory.next(of: state, after: command).state
        }
        let machine = state.machine
        views = [machine.view]
        workers = names.indices.map {
            WorkerProcess(place: $0, record: records[$0], size: Self.size, planted: setting.planted)
        }
        offices = []
        offices = [newOffice(state)]
        try tell(0, .becameLeader(view: machine.view, intent: nil, highestEpochSeen: machine.view.ring.epoch))
        for place in members.indices {
            workers[place]?.isPlaced = true
            workers[place]?.isJoined = true
            workers[place]?.hasHadLease = true
            try tell(worker: place, .viewAdopted(machine.view))
            try tell(worker: place, .leaseRenewed)
            // No key was ever written, so there is nothing to load.
            if let load = workers[place]?.load {
                workers[place]?.load = nil
                try tell(worker: place, .loaded(load.epoch))
            }
        }
    }

    static let size: RingSize = {
        do { return try RingSize(slotCount: ExploreSetting.slotCount) } catch { preconditionFailure("\(error)") }
    }()

    /// A key in the last slot: the last member gives it up when others join, or when it leaves.
    static let key: [UInt8] = {
        for number in 0... {
            let key = [UInt8]("k\(number)".utf8)
            if size.slot(of: KeyHash(of: key.span.bytes)) == keySlot { return key }
        }
        return []
    }()

    static let keySlot = Slot(3)

    static func record(_ name: WorkerID, place: Int, life: UInt64, start: Int) -> MemberRecord {
        MemberRecord(member: Member(name), incarnation: Incarnation(life), endpoint: "\(name).\(start)")
    }

    private func newOffice(_ state: LogMemory.State) -> Office {
        var links: [MemberRecord?] = Array(repeating: nil, count: setting.names.count)
        for record in state.machine.intent?.members ?? [] { links[place(of: record)] = record }
        for record in state.machine.view.members { links[place(of: record)] = record }
        return Office(
            keeper: RingKeeper(resendAfter: .milliseconds(100), planted: setting.planted),
            state: state,
            links: links,
            leaveWaiters: Array(repeating: false, count: links.count)
        )
    }

    func place(of record: MemberRecord) -> Int { place(of: record.member.id) }

    func place(of worker: WorkerID) -> Int {
        Int(worker.name.utf8.first ?? 0) - Int(UInt8(ascii: "a"))
    }

    // MARK: The ring's keeper

    mutating func tell(_ office: Int, _ event: RingKeeper.Event) throws(BrokenPromise) {
        let highest = offices[office].keeper.roundEpoch ?? offices[office].keeper.view.ring.epoch
        for effect in offices[office].keeper.handle(event, at: SmallCluster.start) {
            try perform(effect, of: office, after: highest)
        }
    }

    private mutating func perform(
        _ effect: RingKeeper.Effect,
        of office: Int,
        after highest: Epoch
    ) throws(BrokenPromise) {
        switch effect {
        case .roundBegan(let epoch, _):
            guard epoch > highest else {
                throw BrokenPromise("I4", "round \(epoch) begins where epoch \(highest) was known")
            }
        case .roundEnded(_, _, let end):
            if end == .committed { settleLinks(office) }
        case .logIntent(let intent):
            if office == leader { proposals.append(.intent(intent)) }
        case .logCommit(let epoch):
            if office == leader { proposals.append(.commit(epoch)) }
        case .order(let worker, let order, let epoch):
            // What a notice says, a worker may learn at any time: views stay on their way for ever.
            if case .notify = order { break }
            let place = place(of: worker)
            guard let link = offices[office].links[place] else { break }
            let sent = OrderSent(
                office: office,
                place: place,
                endpoint: link.endpoint,
                line: link.incarnation,
                epoch: epoch,
                order: order
            )
            if !orders.contains(sent) { orders.append(sent) }
        case .released(let worker):
            let place = place(of: worker)
            guard offices[office].leaveWaiters[place] else { break }
            offices[office].leaveWaiters[place] = false
            workers[place]?.isReleased = true
        case .refused(let worker, let incarnation, _):
            let place = place(of: worker)
            if offices[office].links[place]?.incarnation == incarnation { offices[office].links[place] = nil }
        }
    }

    private mutating func settleLinks(_ office: Int) {
        let members = offices[office].machine.view.members
        for (place, link) in offices[office].links.enumerated() {
            guard let link, !members.contains(where: { $0.isSameLife(as: link) }) else { continue }
            if !offices[office].keeper.isConcerned(link) { offices[office].links[place] = nil }
        }
    }

    // MARK: The log

    /// A command is committed and applied; the leader hears of it if it is the one that proposed it.
    mutating func apply(_ command: Proposal, isHeard: Bool) throws(BrokenPromise) {
        let former = machine.view
        let isEntitled = if case .delta(let delta) = command { entitled(delta) } else { true }
        let (state, outcome) = try memory.next(of: offices[leader].state, after: command)
        offices[leader].state = state
        switch (command, outcome) {
        case (.intent(let intent), .proposed(_, accepted: true)):
            if isHeard { try tell(leader, .intentLogged(intent, jobIndex: machine.jobIndex)) }
        case (.commit, .committed(_, accepted: true)):
            guard machine.view.ring.epoch > former.ring.epoch else {
                throw BrokenPromise("I4", "view \(machine.view.ring.epoch) follows \(former.ring.epoch)")
            }
            views.append(machine.view)
            if isHeard { try tell(leader, .viewCommitted(machine.view)) }
        case (.delta(let delta), .deltas(let outcomes)):
            try judged(delta, outcomes, isEntitled: isEntitled)
        default: break
        }
    }

    /// Whether the log may accept a delta of that worker now: by the view and the intent, asked without the state machine's code.
    private func entitled(_ delta: WireDelta) -> Bool {
        let name = setting.names[delta.place]
        guard let owner = machine.view.owner(of: Self.keySlot), owner.member.id == name else { return false }
        return owner.incarnation == delta.incarnation && machine.intent?.fenced.contains(name) != true
    }

    private mutating func judged(
        _ delta: WireDelta,
        _ outcomes: DeltaOutcomes,
        isEntitled: Bool
    ) throws(BrokenPromise) {
        let refusal = outcomes.refusals.first?.reason
        if refusal == nil {
            guard isEntitled else {
                let name = "\(setting.names[delta.place])#\(delta.incarnation)"
                throw BrokenPromise("I1", "a delta of \(name) is accepted, which does not own the slot")
            }
            accepted.append(delta)
        }
        guard let worker = workers[delta.place], worker.record.incarnation == delta.incarnation else { return }
        workers[delta.place]?.outcomes.append(
            WorkerProcess.DeltaAnswer(lastJob: outcomes.lastJob, refusal: refusal)
        )
    }

    // MARK: Office

    /// Another coordinator leads: the first `survivors` proposals are in its log, the others are lost. It has restored its state
    /// from a snapshot. What the state machine does before it takes office, nobody can see.
    mutating func changeLeader(survivors: Int, lingers: Bool) throws(BrokenPromise) {
        let former = offices[leader]
        offices[leader].state = try memory.restored(former.state)
        for command in proposals.prefix(survivors) { try apply(command, isHeard: false) }
        proposals = []
        let office = newOffice(offices[leader].state)
        // Whoever led before the former one has gone: two at most go on at once. What they had sent may still come.
        let formerNumber = leader
        offices = lingers ? [former, office] : [office]
        renumber { lingers && $0 == formerNumber ? 0 : -1 }
        leftDeltas = []
        for place in workers.indices where workers[place] != nil {
            workers[place]?.followsLeader = !lingers
            if !lingers { workers[place]?.leaderFound() }
        }
        try tell(leader, .resize(setting.mode))
        let highest = max(machine.view.ring.epoch, machine.intent?.epoch ?? .zero)
        try tell(leader, .becameLeader(view: machine.view, intent: machine.intent, highestEpochSeen: highest))
    }

    /// The former leader has noticed.
    mutating func stepDown() {
        offices.removeFirst()
        renumber { max(-1, $0 - 1) }
        for place in workers.indices where workers[place]?.followsLeader == false { workers[place]?.leaderFound() }
    }

    /// Gives the offices in messages their new numbers: negative where it is gone, and nobody hears an answer.
    private mutating func renumber(_ number: (Int) -> Int) {
        var kept: [OrderSent] = []
        for order in orders {
            let order = order.of(number(order.office))
            if !kept.contains(order) { kept.append(order) }
        }
        orders = kept
        answers = answers.compactMap { answer in
            let office = number(answer.office)
            return office < 0
                ? nil : AnswerSent(office: office, place: answer.place, line: answer.line, event: answer.event)
        }
        for place in workers.indices {
            for phase in 0..<2 {
                guard let asker = workers[place]?.askers[phase] else { continue }
                let office = number(asker.office)
                workers[place]?.askers[phase] =
                    office < 0 ? nil : WorkerProcess.Asker(office: office, line: asker.line)
            }
        }
    }

    // MARK: Members

    mutating func joined(_ record: MemberRecord, at office: Int) throws(BrokenPromise) {
        let place = place(of: record)
        if let present = offices[office].links[place], present.incarnation != record.incarnation {
            // Another endpoint: nobody listens at the former one, and a probe finds that out.
            try died(present, at: office)
        }
        if offices[office].links[place]?.incarnation != record.incarnation { offices[office].links[place] = record }
        try tell(office, .join(record))
    }

    mutating func died(_ record: MemberRecord, at office: Int) throws(BrokenPromise) {
        let place = place(of: record)
        offices[office].links[place] = nil
        offices[office].leaveWaiters[place] = false
        try tell(office, .died(record.member.id, record.incarnation))
    }
}

extension OrderSent {
    fileprivate func of(_ office: Int) -> OrderSent {
        OrderSent(office: office, place: place, endpoint: endpoint, line: line, epoch: epoch, order: order)
    }
}

extension MemberRecord {
    func isSameLife(as other: MemberRecord) -> Bool {
        member.id == other.member.id && incarnation == other.incarnation
    }
}

extension WireDelta {
    func batch(worker: WorkerID) -> [UInt8] {
        var writer = DeltaBatchWriter(worker: worker, incarnation: incarnation)
        let replyBytes = [reply]
        SmallCluster.key.withUnsafeBytes { key in
            list.withUnsafeBytes { list in
                replyBytes.withUnsafeBytes { reply in
                    writer.add(
                        client: LogMemory.clientID,
                        sequence: sequence,
                        acked: acked,
                        base: base,
                        key: key,
                        state: .bytes(list),
                        reply: reply
                    )
                }
            }
        }
        return writer.finish()
    }
}
