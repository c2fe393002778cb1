// What planted bugs do in a coordinator beyond one branch. Nothing here is called while none is planted.

import RingmasterProtocol

/// What is kept for planted bugs alone.
struct PlantedState {
    /// The state when the round under way was logged.
    var atIntent: StateMachine?
    /// The state of which the last snapshot was to be.
    var atSnapshot: StateMachine?
}

extension CoordinatorCore {
    /// Whether a worker is given up for a silence that is shorter than its lease.
    func isGivenUpEarly(_ link: MemberLink, _ now: MonotonicTime) -> Bool {
        isPlanted(.leaseNotWaitedFor) && now.since(link.lastHeard) > ClusterLimits.heartbeatInterval * 2
    }

    /// Answers a worker by what the state would be, while its deltas are only on their way into the log.
    func answerAhead(_ command: UnsafeRawBufferPointer, _ reply: DeferredReply) {
        var ahead = machine
        if case .deltas(let outcomes)? = apply(to: &ahead, { $0.deltas(command) }) { reply.send(outcomes.encoded()) }
        commands.add { $0.deltas(command) }
    }

    /// Answers a worker as if all of its deltas had been accepted.
    func answerAccepted(deltas count: Int, _ reply: DeferredReply) {
        let lastJob = JobID(machine.jobIndex.rawValue + UInt64(count))
        reply.send(DeltaOutcomes(count: count, lastJob: lastJob, refusals: []).encoded())
    }

    /// Closes a session in this state alone.
    func closeHere(_ client: ClientID, _ reply: DeferredReply) {
        _ = apply(to: &machine) { $0.closeSession(client) }
        reply.send([0xc0])
    }

    private func apply(to machine: inout StateMachine, _ write: (inout CommandWriter) -> Void) -> CommandOutcome? {
        var entry = CommandWriter(timeMs: machine.timeMs)
        write(&entry)
        return entry.bytes.withUnsafeBytes { try? machine.apply($0).first }
    }
}
