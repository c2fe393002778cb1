// What a coordinator answers: the log's, the members' and the clients' methods.

import RingmasterProtocol

extension CoordinatorCore {
    func service() -> RPCService {
        var service = RPCService()
        service.handleDeferred(ClusterMethods.raft) { [unowned self] part, _ in receiveRaft(part) }
        service.handleDeferred(ClusterMethods.removed) { [unowned self] message, _ throws(RemoteError) in
            log.noteRemoval(try RemovedMessage.decode(message))
        }
        service.handleDeferred(ClusterMethods.stranger) { [unowned self] message, _ throws(RemoteError) in
            log.noteStrangeness(ofMark: try NumberMessage.decode(message))
        }
        service.handleDeferred(ClusterMethods.hello) { [unowned self] _, reply in reply.send(hello.encoded()) }
        service.handleDeferred(ClusterMethods.view) { [unowned self] _, reply in reply.send(machine.view.encoded()) }
        service.handleDeferred(ClusterMethods.status) { [unowned self] _, reply in
            do {
                reply.send(try MessagePackEncoder().encode(status))
            } catch {
                reply.fail(.handlerFailed, "\(error)")
            }
        }
        service.handleDeferred(ClusterMethods.snapshot) { [unowned self] _, reply in
            log.takeSnapshot()
            reply.send(NumberMessage.encode(log.appliedIndex))
        }
        onLeader(&service, ClusterMethods.addCoordinator, CoordinatorCore.addCoordinator)
        onLeader(&service, ClusterMethods.removeCoordinator, CoordinatorCore.removeCoordinator)
        onLeader(&service, ClusterMethods.deltas, CoordinatorCore.deltas)
        onLeader(&service, ClusterMethods.lookUp, CoordinatorCore.lookUp)
        onLeader(&service, ClusterMethods.fetch, CoordinatorCore.fetch)
        onLeader(&service, ClusterMethods.fetchKey, CoordinatorCore.fetchKey)
        onLeader(&service, ClusterMethods.join, CoordinatorCore.join)
        onLeader(&service, ClusterMethods.leave, CoordinatorCore.leave)
        onLeader(&service, ClusterMethods.heartbeat, CoordinatorCore.heartbeat)
        onLeader(&service, ClusterMethods.openSession, CoordinatorCore.openSession)
        onLeader(&service, ClusterMethods.closeSession, CoordinatorCore.closeSession)
        return service
    }

    private func onLeader(
        _ service: inout RPCService,
        _ method: RPCMethod,
        _ answer:
            @escaping @Sendable (CoordinatorCore) -> (UnsafeRawBufferPointer, DeferredReply) throws(RemoteError) -> Void
    ) {
        service.handleDeferred(method) { [unowned self] request, reply throws(RemoteError) in
            guard isInOffice else {
                throw RemoteError(code: .notLeader, message: isLeader ? "" : leaderEndpoint)
            }
            try answer(self)(request, reply)
        }
    }

    private var hello: Hello {
        Hello(
            clusterID: configuration.clusterID,
            name: configuration.name.name,
            raftID: configuration.raftID,
            isLeader: isInOffice,
            leaderEndpoint: leaderEndpoint,
            publisherEndpoint: (configuration.advertisedPublisherEndpoint ?? publisher.endpoint).text,
            coordinators: coordinators
        )
    }

    // MARK: The log

    private func deltas(_ command: UnsafeRawBufferPointer, _ reply: DeferredReply) {
        faultPoint(.coordinatorDeltasReceived)
        // The state machine reads the whole; here only that one malformed batch does not spoil the entry it shares.
        let count: Int
        do {
            count = try DeltaBatch(decoding: command).count
        } catch {
            return reply.fail(.badParams, "the deltas cannot be read: \(error)")
        }
        if isPlanted(.answeredBeforeQuorum) { return answerAhead(command, reply) }
        commands.add { [weak self] result in
            guard case .applied(.deltas(let outcomes)) = result else {
                if isPlanted(.lostProposalAcknowledged), let self { return answerAccepted(deltas: count, reply) }
                return reply.fail(.notLeader, self?.leaderEndpoint ?? "")
            }
            faultPoint(.coordinatorDeltasAnswering)
            reply.send(outcomes.encoded())
            faultPoint(.coordinatorDeltasAnswered)
        } write: {
            $0.deltas(command)
        }
        faultPoint(.coordinatorDeltasProposed)
    }

    /// Whether a job has been applied: `[client, sequence]`.
    private func lookUp(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let (client, sequence) = try readMessage(request) { reader in
            let more = try reader.readFields(atLeast: 2)
            let pair = (
                ClientID(rawValue: try reader.readInteger(UInt64.self)), try reader.readInteger(UInt64.self)
            )
            try reader.skipFields(more)
            return pair
        }
        switch machine.record(of: client, sequence: sequence) {
        case .sessionUnknown: reply.fail(.sessionExpired, "the session \(client) has expired; begin another")
        case .alreadyAcknowledged: reply.fail(.badParams, "job \(sequence) was acknowledged by its client before")
        case .record(_, _, let recorded):
            var writer = MessagePackWriter(capacity: recorded.count + 8)
            writer.writeBinary(recorded)
            reply.send(writer.bytes)
        case .none: reply.send([0xc0])
        }
    }

    private func fetch(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        faultPoint(.coordinatorChunkAsked)
        let request = try FetchRequest.decode(request)
        // Of a round under way the moved slots stand still; of the view in force the asker's own do.
        guard machine.intent?.epoch == request.epoch || machine.view.ring.epoch == request.epoch else {
            throw RemoteError(code: .wrongOwner, message: "the round of epoch \(request.epoch) is over")
        }
        let slots = slots(inBits: request.slots)
        let cursor = StateCursor(rawValue: request.cursor)
        let source = isPlanted(.handedOverAsOfIntent) ? planted.atIntent ?? machine : machine
        let chunk = source.encodeSlots(slots, from: cursor, bytesMax: configuration.handOverChunkBytes)
        var writer = MessagePackWriter(capacity: chunk.bytes.count + 32)
        writer.writeArrayHeader(count: 2)
        writer.writeBinary(chunk.bytes)
        if let next = chunk.next { writer.write(next.rawValue) } else { writer.writeNil() }
        if handOver.epoch != request.epoch { handOver = (request.epoch, 0) }
        handOver.bytes += chunk.bytes.count
        counts.handOverBytes += chunk.bytes.count
        reply.send(writer.bytes)
        faultPoint(.coordinatorChunkSent)
    }

    /// The slots of a set of bits, the lowest bit of the first byte first. Bits beyond the ring say nothing.
    private func slots(inBits bits: [UInt8]) -> [Slot] {
        (0..<UInt32(min(bits.count * 8, machine.view.ring.size.slotCount)))
            .filter { bits[Int($0) / 8] & (1 << ($0 % 8)) != 0 }
            .map { Slot($0) }
    }

    private func fetchKey(_ key: UnsafeRawBufferPointer, _ reply: DeferredReply) {
        let found = machine.key(key)
        reply.send(KeyState(version: found?.version ?? 0, state: found?.state).encoded())
    }

    // MARK: Members

    private func join(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        faultPoint(.coordinatorJoinReceived)
        let record = try JoinRequest.decode(request)
        let leaseEnds = loop.refreshNow().advanced(by: ClusterLimits.lease + ClusterLimits.leaseMargin)
        let id = record.member.id
        if let present = members[id], present.record.incarnation != record.incarnation {
            // One of a former life, which came late, says nothing of the life that is known.
            guard present.record.incarnation < record.incarnation else {
                throw RemoteError(code: .notMember, message: "worker \(id) has joined in a later life; join again")
            }
            // The same name in a new life: the former one must be settled before this one may serve.
            let isSameEndpoint = present.record.endpoint == record.endpoint
            guard isSameEndpoint || isPlanted(.twinTakenForSuccessor) else {
                present.probe()
                throw RemoteError(code: .overloaded, message: "worker \(id) still lives at \(present.record.endpoint)")
            }
            // Only one process can listen there, and it is this one.
            died(present, "it has begun a new life")
        }
        openLink(to: record, leaseEnds: leaseEnds)
        handle(.join(record))
        reply.send(NumberMessage.encode(UInt64(ClusterLimits.lease.nanosecondsClamped / 1_000_000)))
        faultPoint(.coordinatorJoinAnswerSent)
    }

    private func leave(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let name = try readMessage(request) { try WorkerID(validating: $0.readString()) }
        guard machine.view.members.contains(where: { $0.member.id == name }) || members[name] != nil else {
            throw RemoteError(code: .notMember, message: "the cluster has no worker '\(name)'")
        }
        faultPoint(.coordinatorLeaveReceived)
        leaveWaiters[name, default: []].append(reply)
        handle(.leave(name))
    }

    private func heartbeat(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        faultPoint(.coordinatorHeartbeatReceived)
        let heartbeat = try Heartbeat.decode(request)
        let identity = heartbeat.identity
        guard let link = members[identity.id], link.record.incarnation == identity.incarnation,
            !keeper.isDead(identity.id, under: identity.incarnation)
        else {
            throw RemoteError(code: .notMember, message: "worker \(identity.id) is not known in this life; join again")
        }
        link.heard(at: loop.now)
        if !heartbeat.isHealthy { handle(.leave(identity.id)) }
        guard keeper.mayHoldLease(identity.id, under: identity.incarnation) else {
            // It is on its way to the ring. Its line is kept as long as it is heard.
            link.leaseEnds = loop.now.advanced(by: ClusterLimits.lease + ClusterLimits.leaseMargin)
            if !keeper.isConcerned(link.record) { handle(.join(link.record)) }
            throw RemoteError(code: .overloaded, message: "worker \(identity.id) is not on the ring yet")
        }
        link.leaseEnds = loop.now.advanced(by: ClusterLimits.lease + ClusterLimits.leaseMargin)
        faultPoint(.coordinatorLeaseGranted)
        reply.send(NumberMessage.encode(machine.view.ring.epoch.rawValue))
        faultPoint(.coordinatorLeaseSent)
    }

    // MARK: Sessions

    private func openSession(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        faultPoint(.coordinatorSessionReceived)
        let nonce = try NumberMessage.decode(request)
        commands.add { [weak self] result in
            guard case .applied(.sessionOpened(let client)) = result else {
                return reply.fail(.notLeader, self?.leaderEndpoint ?? "")
            }
            faultPoint(.coordinatorSessionOpened)
            reply.send(NumberMessage.encode(client.rawValue))
        } write: {
            $0.openSession(nonce: nonce)
        }
    }

    private func closeSession(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        faultPoint(.coordinatorSessionClosing)
        let client = ClientID(rawValue: try NumberMessage.decode(request))
        if isPlanted(.changedOutsideTheLog) { return closeHere(client, reply) }
        commands.add { [weak self] result in
            guard case .applied = result else { return reply.fail(.notLeader, self?.leaderEndpoint ?? "") }
            faultPoint(.coordinatorSessionClosed)
            reply.send([0xc0])
        } write: {
            $0.closeSession(client)
        }
    }

    // MARK: Status

    var status: CoordinatorStatus {
        let view = machine.view
        let role: String
        switch self.role {
        case .leader: role = "leader"
        case .follower: role = "follower"
        case .candidate: role = "candidate"
        case .removed: role = "removed"
        case .unavailable(let reason): role = "unavailable: \(reason)"
        }
        return CoordinatorStatus(
            name: configuration.name.name,
            raftID: configuration.raftID,
            endpoint: endpoint.text,
            clusterID: configuration.clusterID,
            role: role,
            term: log.term,
            leaderEndpoint: leaderEndpoint,
            replicas: log.servers.count { $0.isVoter },
            durability: configuration.dataDirectory == nil ? "memory" : "fsync",
            epoch: view.ring.epoch.rawValue,
            intentEpoch: machine.intent?.epoch.rawValue ?? 0,
            jobIndex: machine.jobIndex.rawValue,
            logIndex: log.lastIndex,
            appliedIndex: log.appliedIndex,
            keys: machine.keyCount,
            sessions: machine.sessionCount,
            stateHash: machine.hash,
            markHash: mark.hash,
            markIndex: mark.index,
            workers: view.members.map { record in
                CoordinatorStatus.Worker(
                    name: record.member.id.name,
                    endpoint: record.endpoint,
                    incarnation: record.incarnation.rawValue,
                    weight: record.member.weight,
                    slots: view.ring.slotCount(of: record.member.id),
                    silentMs: members[record.member.id].map {
                        Int(loop.now.since($0.lastHeard).nanosecondsClamped / 1_000_000)
                    } ?? -1
                )
            },
            roundsCommitted: counts.roundsCommitted,
            roundsSuperseded: counts.roundsSuperseded,
            entries: commands.entryCount,
            commands: commands.commandCount,
            deltasApplied: counts.deltasApplied,
            deltasRefused: counts.deltasRefused,
            deltasFenced: counts.deltasFenced,
            duplicatesSuppressed: counts.duplicatesSuppressed,
            handOverBytes: counts.handOverBytes
        )
    }
}
