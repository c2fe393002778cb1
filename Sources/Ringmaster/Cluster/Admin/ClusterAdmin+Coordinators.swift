// Adding coordinators to a cluster that runs, and removing them, one at a time. Jobs go on throughout.

import RingmasterProtocol

extension ClusterAdmin {
    /// Adds a coordinator; returns when it votes and that is committed. Adding one that is there already changes nothing, so
    /// what timed out can be asked for again.
    ///
    /// It is started first, with `CoordinatorConfiguration.isJoining` and an empty data directory. It catches up before it
    /// counts. A raft id that was removed is never given to another coordinator.
    ///
    /// - Parameter timeout: How long to wait; nil takes the configuration's. The change may be made after that.
    /// - Throws: `ClusterError.refused` with the code `badParams` where another coordinator than that one listens at
    ///   `endpoint`, or the leader's reason; with `deadlineExceeded` where it cannot be reached or did not catch up; with
    ///   `overloaded` where another change is under way. `.deadlineExceeded`, and as `leader`.
    public func addCoordinator(
        raftID: UInt64,
        endpoint: Endpoint,
        timeout: Duration? = nil
    ) async throws(ClusterError) {
        let change = CoordinatorChange(
            name: "adding coordinator \(raftID)",
            method: ClusterMethods.addCoordinator,
            payload: AddCoordinatorRequest(raftID: raftID, endpoint: endpoint).encoded(),
            limit: timeout ?? configuration.timeout
        )
        try await greet(raftID, at: endpoint, until: change.end)
        try await make(change)
    }

    /// Removes a coordinator, the leader also; returns when that is committed. Its process goes on without taking part: end it.
    ///
    /// - Parameter timeout: How long to wait; nil takes the configuration's. The change may be made after that.
    /// - Throws: `ClusterError.refused` with the code `badParams` where there is none of that id, or it is the last one; with
    ///   `overloaded` where another change is under way. `.deadlineExceeded`, and as `leader`.
    public func removeCoordinator(raftID: UInt64, timeout: Duration? = nil) async throws(ClusterError) {
        let change = CoordinatorChange(
            name: "removing coordinator \(raftID)",
            method: ClusterMethods.removeCoordinator,
            payload: NumberMessage.encode(raftID),
            limit: timeout ?? configuration.timeout
        )
        try await make(change)
    }

    private struct CoordinatorChange {
        let name: String
        let method: RPCMethod
        let payload: [UInt8]
        let limit: Duration
        let end: ContinuousClock.Instant

        init(name: String, method: RPCMethod, payload: [UInt8], limit: Duration) {
            (self.name, self.method, self.payload, self.limit) = (name, method, payload, limit)
            end = ContinuousClock.now + limit
        }
    }

    /// Sees to it that the coordinator that is to be added is there, and is that one: the leader would try for a long time.
    private func greet(
        _ raftID: UInt64,
        at endpoint: Endpoint,
        until end: ContinuousClock.Instant
    ) async throws(ClusterError) {
        let leader = try await leader(timeout: end - ContinuousClock.now)
        var found = await coordinator(at: endpoint)
        while found.status == nil, ContinuousClock.now < end {
            guard !isClosed else { throw .closed }
            guard !Task.isCancelled else { throw .cancelled }
            try? await Task.sleep(for: Self.searchPause)
            found = await coordinator(at: endpoint)
        }
        guard let newcomer = found.status else {
            if case .notAuthorised(let message)? = found.failure { throw .notAuthorised(message: message) }
            let message = "no coordinator answers at \(endpoint); start it first, as one that joins"
            throw .refused(RemoteError(code: .deadlineExceeded, message: message))
        }
        let objection: String? =
            if newcomer.raftID != raftID {
                "has the raft id \(newcomer.raftID), not \(raftID)"
            } else if newcomer.clusterID != leader.clusterID {
                "is of the cluster \(newcomer.clusterID), not \(leader.clusterID)"
            } else if newcomer.role == "leader", newcomer.endpoint != leader.endpoint {
                "leads a cluster of its own; start it as one that joins, with an empty directory"
            } else {
                nil
            }
        if let objection {
            throw .refused(RemoteError(code: .badParams, message: "the coordinator at \(endpoint) \(objection)"))
        }
    }

    /// Asks the leader for the change, and the next one where an answer did not come.
    private func make(_ change: CoordinatorChange) async throws(ClusterError) {
        // It was asked for without an answer: it may have been made, or be under way.
        var isInDoubt = false
        while true {
            let left = change.end - ContinuousClock.now
            guard left > .zero else { throw .deadlineExceeded(job: change.name, after: change.limit) }
            let leader = try await leader(timeout: left)
            let endpoint = try Self.endpoint(leader.endpoint, of: leader.name)
            do throws(ClusterError) {
                _ = try await ask(endpoint, change.method, change.payload, change.end - ContinuousClock.now)
                return
            } catch {
                switch error {
                case .refused(let refusal) where refusal.code == .notLeader: isInDoubt = true
                case .refused(let refusal) where refusal.code == .overloaded && isInDoubt: break
                // The one that was asked before did it.
                case .refused(let refusal)
                where refusal.code == .badParams && isInDoubt && change.method == ClusterMethods.removeCoordinator:
                    return
                case .noQuorum, .deadlineExceeded: isInDoubt = true
                default: throw error
                }
            }
            guard !Task.isCancelled else { throw .cancelled }
            try? await Task.sleep(for: Self.searchPause)
        }
    }
}
