// The lease of a worker on its slots: as long as it holds, nobody else may have been given them.

import RingmasterProtocol

extension WorkerCore {
    /// Asks the leader for the lease, at a regular beat.
    func heartbeat() {
        loop.arm(heartbeatTimer, at: loop.refreshNow().advanced(by: ClusterLimits.heartbeatInterval))
        _ = renewNow()
        guard leader.hasLeader else { return }
        guard isJoined else {
            if configuration.isHealthy() { place() }
            return
        }
        askForLease()
    }

    func askForLease() {
        let (askedAt, suspendedNs, asked) = (loop.now, loop.host.suspendedNs(), identity)
        let beat = Heartbeat(identity: identity, isHealthy: configuration.isHealthy()).encoded()
        faultPoint(.workerLeaseSending)
        leader.call(ClusterMethods.heartbeat, beat, timeout: ClusterLimits.lease) { [self] reply in
            guard !isClosed, identity == asked else { return }
            switch reply {
            case .payload(let bytes):
                faultPoint(.workerLeaseGranted)
                // Counted from the moment of asking: the leader grants it later than that.
                let from = isPlanted(.leaseCountedFromAnswer) ? loop.refreshNow() : askedAt
                leaseEnds = from.advanced(by: ClusterLimits.lease)
                leaseSuspendedNs = suspendedNs
                let isNew = !gates.isLeaseHeld
                if renewNow() { perform(gates.handle(.leaseRenewed)) }
                if isNew, gates.isLeaseHeld { letIn(Array(held.keys)) }
                if let epoch = try? NumberMessage.decode(bytes), epoch > gates.view.ring.epoch.rawValue { lookAtView() }
            case .refused(let error) where error.code == .notMember: beginNewLife()
            case .refused, .unreachable: break
            }
        }
        faultPoint(.workerLeaseSent)
    }

    /// Whether this life of the worker was ever given a lease.
    var hasHadLease: Bool { leaseEnds.nanoseconds > 0 }

    /// - Parameter suspendedNs: For how long the host has been suspended since it started.
    func holdsLease(at now: MonotonicTime, suspendedNs: Int64) -> Bool {
        now < leaseEnds && suspendedNs - leaseSuspendedNs < 1_000_000
    }

    /// Whether the lease holds at this moment, which includes the time the host may have slept.
    func renewNow() -> Bool {
        if isPlanted(.leaseIgnored) { return hasHadLease }
        let holds = holdsLease(at: loop.refreshNow(), suspendedNs: loop.host.suspendedNs())
        if !holds, gates.isLeaseHeld {
            faultPoint(.workerLeaseExpired)
            perform(gates.handle(.leaseExpired))
        }
        return holds
    }
}
