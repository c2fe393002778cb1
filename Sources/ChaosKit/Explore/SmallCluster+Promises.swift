// What must hold in every state: the invariants of the design that can be told from one state, and from one step to the next.
// That every round ends and every job is answered (I5) only all states together tell: Exploration checks it.

import RingmasterProtocol

extension SmallCluster {
    func checkPromises() throws(BrokenPromise) {
        try checkOwners()
        try checkStates()
        try checkLog()
    }

    /// I1: no two workers serve a slot.
    private func checkOwners() throws(BrokenPromise) {
        for position in 0..<UInt32(ExploreSetting.slotCount) {
            var server: Int?
            for place in workers.indices where workers[place]?.gates.serves(Slot(position)) ?? false {
                if let server {
                    throw BrokenPromise("I1", "slot \(position) is served by \(name(server)) and \(name(place))")
                }
                server = place
            }
        }
    }

    /// I3: who serves the slot has all of its deltas, but those of its own whose outcome is on its way.
    private func checkStates() throws(BrokenPromise) {
        for worker in workers {
            guard let worker, worker.gates.serves(Self.keySlot), worker.work?.isStale != true else { continue }
            let known = worker.list.count
            let isPrefix = known <= accepted.count && zip(worker.list, accepted).allSatisfy { $0 == UInt8($1.sequence) }
            let missing = accepted.dropFirst(known)
            guard isPrefix,
                missing.allSatisfy({ $0.place == worker.place && $0.incarnation == worker.record.incarnation })
            else {
                let list = accepted.map(\.sequence)
                throw BrokenPromise(
                    "I3",
                    "\(name(worker.place)) serves the slot with state \(worker.list), where the log has \(list)"
                )
            }
        }
    }

    /// I2: each job is in the log once at most, those answered are, and in the order in which they were asked for.
    private func checkLog() throws(BrokenPromise) {
        let jobs = accepted.map(\.sequence)
        guard Set(jobs).count == jobs.count else { throw BrokenPromise("I2", "a job was applied twice: \(jobs)") }
        guard machine.list.map(UInt64.init) == jobs else {
            throw BrokenPromise("I2", "the key's state is \(machine.list), where the log has \(jobs)")
        }
        for (position, job) in jobs.enumerated() where client.has(client.later, job) {
            guard jobs[..<position].count(where: { $0 < job }) == Int(job) - 1 else {
                throw BrokenPromise(
                    "order",
                    "job \(job) began after those before it were answered; the log has \(jobs)"
                )
            }
        }
    }

    /// A worker answers a client: with what the log has of the job.
    mutating func replied(_ job: UInt64, _ reply: [UInt8]) throws(BrokenPromise) {
        guard let position = accepted.firstIndex(where: { $0.sequence == job }) else {
            throw BrokenPromise("I2", "job \(job) is answered, and the log does not have it")
        }
        guard reply == [UInt8(position + 1)] else {
            throw BrokenPromise("I2", "job \(job) is answered with \(reply), where it came at position \(position + 1)")
        }
        client.answered |= 1 << UInt8(job)
    }

    /// A worker tells a client that it will never be known what became of a job: true only of one whose session was ended.
    mutating func gaveUp(_ job: UInt64) throws(BrokenPromise) {
        guard !client.has(client.answered, job) else { return }
        guard budget.expiries < setting.expiries else {
            throw BrokenPromise("I2", "job \(job) is given up, whose client waits for it")
        }
        client.given |= 1 << UInt8(job)
    }

    /// Whether there is nothing left to do: no round is under way, and every job that began has its answer.
    var isAtRest: Bool {
        guard offices[leader].keeper.roundEpoch == nil, machine.intent == nil, proposals.isEmpty else { return false }
        return client.begun == 0 || client.acked == client.begun + 1
    }
}
