// The coordinator as the log's applier: committed entries go through the state machine here, on leader and followers alike.

import Glibc
import RingmasterProtocol

extension CoordinatorCore: LogApplier {
    func makeLog() -> any DeltaLog {
        guard configuration.dataDirectory != nil || configuration.virtualDisk != nil else {
            return MemoryLog(loop: loop, applier: self)
        }
        var settings = RaftLogSettings(
            directory: configuration.dataDirectory ?? "",
            clusterID: configuration.clusterID,
            raftID: configuration.raftID,
            address: endpoint.text,
            initialServers: configuration.isJoining ? [] : configuration.peers.map(logServer)
        )
        settings.virtualDisk = configuration.virtualDisk
        settings.electionTimeout = configuration.electionTimeout
        settings.heartbeat = configuration.raftHeartbeat
        settings.snapshotThreshold = configuration.snapshotThreshold
        return RaftLog(settings: settings, loop: loop, applier: self)
    }

    private func logServer(_ peer: CoordinatorConfiguration.Peer) -> LogServer {
        // Of its own port it knows which one the system chose.
        LogServer(id: peer.raftID, address: peer.raftID == configuration.raftID ? endpoint.text : peer.endpoint.text)
    }

    func logTimeMs() -> UInt64 { logClock.timeMs(at: loop.now) }

    func apply(_ entry: UnsafeRawBufferPointer, index: UInt64) {
        let outcomes: [CommandOutcome]
        let former = machine.view
        do {
            outcomes = try machine.apply(entry)
        } catch {
            // Every coordinator reads the same bytes: this one is older than the leader, or the log is damaged. To go on
            // would be to differ from the others in silence.
            fatalError("entry \(index) of the log cannot be applied: \(error). Update this coordinator, or restore it.")
        }
        if index.isMultiple(of: CoordinatorStatus.markInterval) { mark = (index, machine.hash) }
        faultPoint(.coordinatorEntryLogged)
        entryApplied?(entry, index, outcomes)
        for outcome in outcomes { note(outcome, former) }
        commands.applied(outcomes)
    }

    /// What an outcome changes beyond the state machine.
    /// - Parameter former: The view before.
    private func note(_ outcome: CommandOutcome, _ former: ClusterView) {
        switch outcome {
        case .deltas(let deltas):
            counts.deltasApplied += deltas.count - deltas.refusals.count
            counts.deltasRefused += deltas.refusals.count
            guard isLeader else { return }
            for (_, refusal) in deltas.refusals {
                switch refusal {
                case .staleOwner: counts.deltasFenced += 1
                case .duplicate, .alreadyAcknowledged: counts.duplicatesSuppressed += 1
                case .sessionUnknown, .staleBase, .sessionFull: break
                }
            }
        case .proposed(_, let accepted):
            guard accepted, let intent = machine.intent else { return }
            faultPoint(.coordinatorIntentLogged)
            if isPlanted(.handedOverAsOfIntent) { planted.atIntent = machine }
            handle(.intentLogged(intent, jobIndex: machine.jobIndex))
        case .committed(_, let accepted):
            guard accepted else { return }
            faultPoint(.coordinatorCommitLogged)
            publishView(after: former)
            handle(.viewCommitted(machine.view))
        case .sessionOpened, .sessionsExpired, .sessionClosed, .initialised: break
        }
    }

    func captureSnapshot() -> @Sendable () -> [UInt8] {
        faultPoint(.coordinatorSnapshotBegun)
        let copy = isPlanted(.snapshotOfOlderState) ? planted.atSnapshot ?? machine : machine
        if isPlanted(.snapshotOfOlderState) { planted.atSnapshot = machine }
        return {
            defer { faultPoint(.coordinatorSnapshotEncoded) }
            return copy.snapshot()
        }
    }

    func restore(_ snapshot: UnsafeRawBufferPointer) throws {
        do {
            machine = try StateMachine(snapshot: snapshot, planted: plantedBug)
        } catch {
            logger.critical(
                "the snapshot cannot be read",
                metadata: ["error": "\(error)", "bytes": "\(snapshot.count)"]
            )
            throw error
        }
        faultPoint(.coordinatorSnapshotRestored)
        publishView()
    }

    func proposalEnded(_ id: UInt64, _ outcome: ProposalOutcome) {
        commands.ended(id, outcome)
    }

    func roleChanged(_ role: LogRole) {
        let led = isLeader
        self.role = role
        logger.info("role", metadata: ["role": "\(role)", "index": "\(log.appliedIndex)"])
        if isLeader, !led { beginLeading() }
        if !isLeader, led { endLeading() }
    }

    func logFailed(_ error: DeltaLogError) {
        logger.critical("the log has failed; nothing is acknowledged any more", metadata: ["error": "\(error)"])
        commands.dropGathered()
    }
}
