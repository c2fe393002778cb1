// What may happen next. The order of the list is the same for equal states: an exploration keeps a step as its place in it.

import RingmasterProtocol

extension SmallCluster {
    /// Every step that may happen now and may change anything. O(workers * (slots + what is on its way)).
    func steps() -> [ExploreStep] {
        var steps: [ExploreStep] = []
        addCoordinators(&steps)
        for place in workers.indices {
            if let worker = workers[place] {
                addRing(worker, &steps)
                addJobs(worker, &steps)
            } else if budget.restarts > 0, starts[place] > 0 {
                steps.append(.restart(place))
            }
        }
        addClient(&steps)
        return steps
    }

    private func addCoordinators(_ steps: inout [ExploreStep]) {
        if !proposals.isEmpty { steps.append(.log) }
        if budget.leaderChanges > 0 {
            for survivors in 0...proposals.count {
                steps.append(.lead(survivors: survivors, lingers: false))
                if setting.formerLingers { steps.append(.lead(survivors: survivors, lingers: true)) }
            }
        }
        if offices.count > 1 { steps.append(.stepDown) }
        for index in answers.indices { steps.append(.answer(index)) }
        for place in workers.indices {
            guard let link = offices[leader].links[place], mayBeGivenUp(link, place) else { continue }
            steps.append(.died(link))
        }
    }

    /// Whether the leader has proof that a worker is gone, or its lease has run out. A former leader has stepped down before
    /// that: the leader waits so long.
    private func mayBeGivenUp(_ record: MemberRecord, _ place: Int) -> Bool {
        guard let worker = workers[place], worker.record.endpoint == record.endpoint else { return true }
        return offices.count == 1 && worker.isSilent && !worker.gates.isLeaseHeld && worker.record == record
    }

    private func addRing(_ worker: WorkerProcess, _ steps: inout [ExploreStep]) {
        let place = worker.place
        if worker.isReleased { steps.append(.exit(place)) }
        if !worker.isJoined, !worker.gates.isOver, !worker.gates.isLeaving { steps.append(.join(place)) }
        if isBeatOfUse(worker) { steps.append(.beat(place)) }
        if budget.silences > 0, worker.isJoined, !worker.isSilent { steps.append(.silence(place)) }
        if !worker.followsLeader {
            // It turns to the leader when the former one steps down, or is lost to it before.
            steps.append(.turn(place))
        }
        if worker.isPlaced {
            for index in views.indices
            where views[index].ring.epoch > worker.gates.view.ring.epoch
                || setting.planted == .staleViewAccepted && views[index].ring.epoch < worker.gates.view.ring.epoch
            { steps.append(.view(index, to: place)) }
            for index in orders.indices where orders[index].place == place {
                if orders[index].endpoint == worker.record.endpoint { steps.append(.order(index)) }
            }
        }
        if canLoad(worker) { steps.append(.load(place)) }
        if budget.leaves > 0, (setting.members - setting.leaves..<setting.members).contains(place), worker.isJoined,
            !worker.gates.isLeaving
        {
            steps.append(.leave(place))
        }
        if worker.gates.isLeaving, !worker.isReleased { steps.append(.askToLeave(place)) }
        if budget.crashes > 0 { steps.append(.crash(place)) }
    }

    private func addJobs(_ worker: WorkerProcess, _ steps: inout [ExploreStep]) {
        let place = worker.place
        for job in worker.jobs where job.isLookedUp {
            steps.append(.lookUp(job.sequence, at: place, isReached: true))
            if isLookUpOfUse(job, worker) { steps.append(.lookUp(job.sequence, at: place, isReached: false)) }
        }
        if worker.followsLeader, worker.taken < worker.stream.count { steps.append(.take(place)) }
        if !worker.outcomes.isEmpty { steps.append(.settle(place)) }
        if canFetchKey(worker) { steps.append(.fetchKey(place)) }
    }

    /// Where the leader knows no record, to be told so is as not to reach it.
    private func isLookUpOfUse(_ job: WorkerProcess.HeldJob, _ worker: WorkerProcess) -> Bool {
        let machine = offices[worker.followsLeader ? leader : 0].machine
        return machine.record(of: LogMemory.clientID, sequence: job.sequence) != .none
    }

    private func addClient(_ steps: inout [ExploreStep]) {
        for index in leftDeltas.indices {
            let isFirst = !leftDeltas[..<index].contains {
                $0.place == leftDeltas[index].place && $0.incarnation == leftDeltas[index].incarnation
            }
            if isFirst { steps.append(.takeLeft(index)) }
        }
        if budget.expiries > 0 { steps.append(.expire) }
        let targets = owners()
        if client.begun < UInt64(setting.jobs) {
            // When it began, and whether an attempt before was lost, only shows in what it says.
            for place in targets {
                for acked in (client.ackedAtBegin.last ?? 1)...client.acked {
                    for isResend in [false, true] {
                        steps.append(.begin(acked: acked, to: place, isResend: isResend))
                    }
                }
            }
        }
        guard client.begun > 0 else { return }
        for job in 1...client.begun {
            let isOpen = !client.has(client.answered | client.given, job)
            let isDue = isOpen && !workers.contains { $0?.has(job) ?? false }
            let ackedAtBegin = client.ackedAtBegin[Int(job) - 1]
            for place in targets where workers[place]?.has(job) != true {
                if isDue {
                    steps.append(.resend(job, acked: client.acked, to: place))
                } else if budget.copies > 0 {
                    for isResend in [false, true] {
                        steps.append(.copy(job, acked: ackedAtBegin, to: place, isResend: isResend))
                    }
                }
            }
        }
    }

    /// The workers that own the key's slot in any view that a client may go by, and whose process is still there.
    private func owners() -> [Int] {
        var places: [Int] = []
        for view in views {
            guard let owner = view.owner(of: Self.keySlot) else { continue }
            let place = place(of: owner)
            if let worker = workers[place], worker.record.endpoint == owner.endpoint, !places.contains(place) {
                places.append(place)
            }
        }
        return places
    }

    // MARK: Doing them

    /// Does a step, and whatever the hosts do at once because of it.
    mutating func perform(_ step: ExploreStep) throws(BrokenPromise) {
        switch step {
        case .log: try apply(proposals.removeFirst(), isHeard: true)
        case .lead(let survivors, let lingers):
            budget.leaderChanges -= 1
            try changeLeader(survivors: survivors, lingers: lingers)
        case .stepDown: stepDown()
        case .answer(let index):
            let answer = answers.remove(at: index)
            guard offices[answer.office].links[answer.place]?.incarnation == answer.line else { break }
            try tell(answer.office, answer.event)
        case .died(let record): try died(record, at: leader)
        case .join(let place): try join(place)
        case .beat(let place): try beat(place)
        case .silence(let place):
            budget.silences -= 1
            workers[place]?.isSilent = true
            try tell(worker: place, .leaseExpired)
        case .view(let index, let place):
            try tell(worker: place, .viewAdopted(views[index]))
        case .turn(let place): workers[place]?.leaderFound()
        case .order(let index): try received(orders[index])
        case .load(let place): try finishLoad(place)
        case .leave(let place):
            budget.leaves -= 1
            try tell(worker: place, .leave)
        case .askToLeave(let place): try askToLeave(place)
        case .exit(let place):
            end(place)
            starts[place] = 0
        case .crash(let place):
            budget.crashes -= 1
            end(place)
        case .restart(let place):
            budget.restarts -= 1
            restart(place)
        default: try performJobs(step)
        }
        forgetMessages()
        try checkPromises()
    }

    private mutating func performJobs(_ step: ExploreStep) throws(BrokenPromise) {
        switch step {
        case .begin(let acked, let place, let isResend):
            client.ackedAtBegin.append(acked)
            client.begun += 1
            let job = client.begun
            if acked == job, job > 1 { client.later |= 1 << UInt8(job) }
            try submit(WorkerProcess.HeldJob(sequence: job, acked: acked, isResend: isResend), to: place)
        case .resend(let job, let acked, let place):
            try submit(WorkerProcess.HeldJob(sequence: job, acked: acked, isResend: true), to: place)
        case .copy(let job, let acked, let place, let isResend):
            budget.copies -= 1
            try submit(WorkerProcess.HeldJob(sequence: job, acked: acked, isResend: isResend), to: place)
        case .lookUp(let job, let place, let isReached): try lookUp(job, at: place, isReached: isReached)
        case .take(let place):
            guard let worker = workers[place] else { break }
            workers[place]?.taken += 1
            try apply(.delta(worker.stream[worker.taken].delta), isHeard: true)
        case .takeLeft(let index): try apply(.delta(leftDeltas.remove(at: index)), isHeard: true)
        case .settle(let place): try settle(place)
        case .fetchKey(let place): fetchKey(place)
        case .expire:
            budget.expiries -= 1
            try apply(.expiry, isHeard: true)
        default: preconditionFailure("\(step) is no step of jobs")
        }
    }

    /// Lets go of what cannot change anything any more, whoever gets it: so that states that differ in nothing else are one.
    private mutating func forgetMessages() {
        answers.removeAll { answer in
            guard offices[answer.office].links[answer.place]?.incarnation == answer.line else { return true }
            return !offices[answer.office].keeper.awaits(answer.event)
        }
        let committed = machine.view.ring.epoch
        orders.removeAll { order in
            guard let worker = workers[order.place], worker.record.endpoint == order.endpoint else { return true }
            guard order.epoch <= committed else { return false }
            return worker.isPlaced
                && (order.epoch <= worker.gates.view.ring.epoch || order.epoch < worker.gates.epoch)
        }
    }
}
