// A small cluster as bytes: two states with the same bytes have the same futures, so one of them is enough.

import CShimHash
import RingmasterProtocol

/// A hash of 128 bits that stands for a state.
struct StateDigest: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// XXH64 under two seeds.
    init(of bytes: [UInt8]) {
        (high, low) = bytes.withUnsafeBytes {
            (rm_hash64($0.baseAddress, $0.count, 0x9e37_79b9), rm_hash64($0.baseAddress, $0.count, 0x7f4a_7c15))
        }
    }
}

extension SmallCluster {
    /// Writes everything that what may happen, or what is checked, depends on. What is on its way in no order is put in order.
    func write(into code: inout StateCode) {
        for office in offices { office.write(into: &code) }
        code.write(proposals.count)
        for proposal in proposals { code.write(proposal) }
        for place in workers.indices {
            code.write(starts[place])
            code.write(lives[place])
            code.write(workers[place] != nil)
            workers[place]?.write(into: &code)
        }
        code.writeSorted(orders) { $0.write($1) }
        code.writeSorted(answers) { $0.write($1) }
        code.write(leftDeltas.count)
        for delta in leftDeltas { code.write(delta) }
        code.write(accepted.count)
        for delta in accepted {
            code.write(delta.place)
            code.write(delta.incarnation.rawValue)
            code.write(delta.sequence)
        }
        code.write(client)
        code.write(views.count)
        for view in views { code.write(view) }
        code.write(budget)
    }
}

extension Office {
    fileprivate func write(into code: inout StateCode) {
        keeper.write(into: &code)
        code.write(state.code.high)
        code.write(state.code.low)
        for link in links {
            code.write(link != nil)
            if let link { code.write(link) }
        }
        for isWaiting in leaveWaiters { code.write(isWaiting) }
    }
}

extension WorkerProcess {
    fileprivate func write(into code: inout StateCode) {
        gates.write(into: &code)
        for flag in [isPlaced, isJoined, hasHadLease, isSilent, isReleased, followsLeader] { code.write(flag) }
        for asker in askers {
            code.write((asker?.office ?? -1) + 1)
            code.write(asker?.line.rawValue ?? 0)
        }
        code.write(load != nil)
        if let load {
            code.write(load.slots.count)
            for slot in load.slots { code.write(UInt64(slot.rawValue)) }
            code.write(load.epoch.rawValue)
        }
        code.write(list)
        code.write(work != nil)
        work?.write(into: &code)
        code.write(held)
        code.write(jobs)
        code.write(lastJob.rawValue)
        code.write(stream.count)
        for streamed in stream {
            code.write(streamed.delta)
            code.write(streamed.isWanted)
        }
        code.write(taken)
        code.write(outcomes.count)
        for outcome in outcomes {
            code.write(outcome.lastJob.rawValue)
            code.write(outcome.refusal)
        }
    }
}

extension WorkerProcess.KeyWorkState {
    fileprivate func write(into code: inout StateCode) {
        code.write(head)
        code.write(waiting.map(UInt8.init))
        code.write(inFlight.map(UInt8.init))
        code.write(void.map(UInt8.init))
        code.write(isStale)
    }
}

extension StateCode {
    /// Writes elements in the order of their codes, whatever theirs is.
    fileprivate mutating func writeSorted<Element>(
        _ elements: [Element],
        _ writeOne: (inout StateCode, Element) -> Void
    ) {
        write(elements.count)
        guard elements.count > 1 else {
            if let only = elements.first { writeOne(&self, only) }
            return
        }
        var codes = elements.map { element in
            var code = StateCode()
            writeOne(&code, element)
            return code.bytes
        }
        codes.sort { $0.lexicographicallyPrecedes($1) }
        for code in codes { append(code) }
    }

    fileprivate mutating func write(_ bytes: [UInt8]) {
        write(bytes.count)
        append(bytes)
    }

    fileprivate mutating func write(_ jobs: [WorkerProcess.HeldJob]) {
        write(jobs.count)
        for job in jobs {
            write(job.sequence)
            write(job.acked)
            write(job.isResend)
            write(job.isLookedUp)
        }
    }

    fileprivate mutating func write(_ proposal: Proposal) {
        switch proposal {
        case .intent(let intent):
            write(1)
            write(intent)
        case .commit(let epoch):
            write(2)
            write(epoch.rawValue)
        case .delta(let delta):
            write(3)
            write(delta)
        case .expiry: write(4)
        case .founding: write(5)
        }
    }

    fileprivate mutating func write(_ delta: WireDelta) {
        write(delta.place)
        write(delta.incarnation.rawValue)
        write(delta.sequence)
        write(delta.acked)
        write(delta.base)
        write(delta.list)
    }

    fileprivate mutating func write(_ refusal: DeltaRefusal?) {
        switch refusal {
        case nil: write(0)
        case .sessionUnknown: write(1)
        case .alreadyAcknowledged: write(2)
        case .duplicate(let job, let version, let reply):
            write(3)
            write(job.rawValue)
            write(version)
            write(reply)
        case .staleOwner: write(4)
        case .staleBase(let version):
            write(5)
            write(version)
        case .sessionFull: write(6)
        }
    }

    fileprivate mutating func write(_ sent: OrderSent) {
        write(sent.office + 1)
        write(sent.place)
        write(sent.endpoint)
        write(sent.line.rawValue)
        write(sent.epoch.rawValue)
        write(sent.order)
    }

    fileprivate mutating func write(_ sent: AnswerSent) {
        write(sent.office)
        write(sent.place)
        write(sent.line.rawValue)
        switch sent.event {
        case .reported(_, let epoch, let job):
            write(1)
            write(epoch.rawValue)
            write(job.rawValue)
        case .synchronised(_, let epoch):
            write(2)
            write(epoch.rawValue)
        default: preconditionFailure("a worker answers phases 1 and 2 alone")
        }
    }

    fileprivate mutating func write(_ client: ClientSide) {
        write(client.begun)
        for bits in [client.answered, client.later, client.given] {
            write(UInt64(bits))
        }
        for acked in client.ackedAtBegin { write(acked) }
    }

    fileprivate mutating func write(_ budget: FaultBudget) {
        for left in [
            budget.leaves, budget.crashes, budget.restarts, budget.leaderChanges, budget.silences, budget.copies,
            budget.expiries,
        ] { write(left) }
    }
}
