// What a worker does around SlotGates: as WorkerCore+Ring and +Lease, without sockets.

import RingmasterProtocol

extension SmallCluster {
    mutating func tell(worker place: Int, _ event: SlotGates.Event) throws(BrokenPromise) {
        guard let before = workers[place]?.gates, let effects = workers[place]?.gates.handle(event),
            let after = workers[place]?.gates
        else { return }
        guard after.epoch >= before.epoch, after.view.ring.epoch >= before.view.ring.epoch else {
            throw BrokenPromise(
                "I4",
                "\(before.worker) goes from view \(before.view.ring.epoch) back to \(after.view.ring.epoch)"
            )
        }
        for effect in effects { try perform(effect, by: place) }
    }

    mutating func perform(_ effect: SlotGates.Effect, by place: Int) throws(BrokenPromise) {
        guard let worker = workers[place] else { return }
        switch effect {
        case .report(let epoch):
            answer(of: place, phase: 0, .reported(worker.record.member.id, epoch, worker.lastJob))
        case .acknowledgeSynchronise(let epoch):
            answer(of: place, phase: 1, .synchronised(worker.record.member.id, epoch))
        case .load(let slots, _, let epoch): workers[place]?.load = (slots, epoch)
        case .reopened(let slots):
            if slots.contains(Self.keySlot) { try letInHeld(place) }
        case .dropState(let slots):
            if slots.contains(Self.keySlot) { try dropKey(place) }
        case .rejoin: beginNewLife(place)
        case .mayExit: workers[place]?.isReleased = true
        // A view can be had at any time; nobody waits for the answer to a notice.
        case .fetchView, .acknowledgeNotice: break
        }
    }

    private mutating func answer(of place: Int, phase: Int, _ event: RingKeeper.Event) {
        guard let asker = workers[place]?.askers[phase] else { return }
        workers[place]?.askers[phase] = nil
        let sent = AnswerSent(office: asker.office, place: place, line: asker.line, event: event)
        if !answers.contains(sent) { answers.append(sent) }
    }

    /// The cluster has given this life up: it forgets everything and will join as a newcomer.
    mutating func beginNewLife(_ place: Int) {
        guard let old = workers[place] else { return }
        leaveBehind(old)
        lives[place] += 1
        let name = old.record.member.id
        let record = Self.record(name, place: place, life: lives[place], start: starts[place])
        workers[place] = WorkerProcess(place: place, record: record, size: Self.size, planted: setting.planted)
        workers[place]?.followsLeader = old.followsLeader
        // Its process is the same: it knows a view, and is to leave if it was.
        workers[place]?.isReleased = old.gates.isLeaving
    }

    /// Deltas that a life had sent may come all the same, in their order.
    mutating func leaveBehind(_ worker: WorkerProcess) {
        guard worker.followsLeader else { return }
        leftDeltas += worker.stream.dropFirst(worker.taken).map(\.delta)
    }

    mutating func join(_ place: Int) throws(BrokenPromise) {
        guard let worker = workers[place] else { return }
        let office = worker.followsLeader ? leader : 0
        workers[place]?.isPlaced = true
        try tell(worker: place, .viewAdopted(offices[office].machine.view))
        guard let record = workers[place]?.record, record == worker.record else { return }
        if offices[office].keeper.isDead(record.member.id, under: record.incarnation) {
            try joined(record, at: office)
            return beginNewLife(place)
        }
        try joined(record, at: office)
        workers[place]?.isJoined = true
        workers[place]?.isSilent = false
    }

    /// A heartbeat and its answer.
    mutating func beat(_ place: Int) throws(BrokenPromise) {
        guard let worker = workers[place] else { return }
        let office = worker.followsLeader ? leader : 0
        let (name, incarnation) = (worker.record.member.id, worker.record.incarnation)
        guard let link = offices[office].links[place], link.incarnation == incarnation,
            !offices[office].keeper.isDead(name, under: incarnation)
        else { return beginNewLife(place) }
        workers[place]?.isSilent = false
        guard offices[office].keeper.mayHoldLease(name, under: incarnation) else {
            if !offices[office].keeper.isConcerned(link) { try tell(office, .join(link)) }
            return
        }
        guard !worker.gates.isLeaseHeld else { return }
        workers[place]?.hasHadLease = true
        try tell(worker: place, .leaseRenewed)
        try letInHeld(place)
    }

    /// Whether a heartbeat would change anything.
    func isBeatOfUse(_ worker: WorkerProcess) -> Bool {
        guard worker.isJoined else { return false }
        let office = offices[worker.followsLeader ? leader : 0]
        let (name, incarnation) = (worker.record.member.id, worker.record.incarnation)
        guard let link = office.links[worker.place], link.incarnation == incarnation,
            !office.keeper.isDead(name, under: incarnation)
        else { return true }
        if worker.isSilent { return true }
        guard office.keeper.mayHoldLease(name, under: incarnation) else { return !office.keeper.isConcerned(link) }
        return !worker.gates.isLeaseHeld
    }

    mutating func received(_ order: OrderSent) throws(BrokenPromise) {
        let phase: Int
        switch order.order {
        case .propose: phase = 0
        case .synchronise: phase = 1
        case .notify: return
        }
        workers[order.place]?.askers[phase] =
            order.office < 0 ? nil : WorkerProcess.Asker(office: order.office, line: order.line)
        try tell(worker: order.place, .ordered(order.order, order.epoch))
    }

    /// Whether whoever is asked has the states that the worker is to load.
    func canLoad(_ worker: WorkerProcess) -> Bool {
        guard let load = worker.load else { return false }
        let machine = offices[worker.followsLeader ? leader : 0].machine
        return machine.intent?.epoch == load.epoch || machine.view.ring.epoch == load.epoch
    }

    mutating func finishLoad(_ place: Int) throws(BrokenPromise) {
        guard let worker = workers[place], let load = worker.load else { return }
        workers[place]?.load = nil
        if load.slots.contains(Self.keySlot) {
            let list = offices[worker.followsLeader ? leader : 0].machine.list
            workers[place]?.list = list
        }
        try tell(worker: place, .loaded(load.epoch))
    }

    mutating func askToLeave(_ place: Int) throws(BrokenPromise) {
        guard let worker = workers[place] else { return }
        let office = worker.followsLeader ? leader : 0
        let name = worker.record.member.id
        guard offices[office].links[place] != nil || offices[office].machine.view.ring.memberIndex(of: name) != nil
        else {
            workers[place]?.isReleased = true
            return
        }
        offices[office].leaveWaiters[place] = true
        try tell(office, .leave(name))
    }

    /// The process is gone: killed, or ended.
    mutating func end(_ place: Int) {
        guard let worker = workers[place] else { return }
        leaveBehind(worker)
        workers[place] = nil
    }

    mutating func restart(_ place: Int) {
        starts[place] += 1
        lives[place] += 1
        let record = Self.record(
            setting.names[place],
            place: place,
            life: lives[place],
            start: starts[place]
        )
        workers[place] = WorkerProcess(place: place, record: record, size: Self.size, planted: setting.planted)
        workers[place]?.followsLeader = offices.count == 1
    }
}

extension StateMachine {
    /// The state of the one key.
    var list: [UInt8] {
        SmallCluster.key.withUnsafeBytes { key($0)?.state ?? [] }
    }
}
