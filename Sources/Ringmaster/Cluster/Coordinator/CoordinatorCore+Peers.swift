// The other coordinators: who they are by the log's present configuration, the lines to them, and changes of them.

import RingmasterProtocol

/// A line to another coordinator.
struct PeerLine {
    let endpoint: String
    let core: ClientCore
    var isProbing = false
}

extension CoordinatorCore {
    /// The coordinators by the log's configuration; by the start-up list as long as the log knows of none.
    var coordinators: [Hello.Coordinator] {
        guard log.servers.isEmpty else {
            return log.servers.map { Hello.Coordinator(raftID: $0.id, endpoint: $0.address) }
        }
        return configuration.peers.map { peer in
            Hello.Coordinator(
                raftID: peer.raftID,
                endpoint: peer.raftID == configuration.raftID ? endpoint.text : peer.endpoint.text
            )
        }
    }

    func endpointText(of raftID: UInt64) -> String? {
        coordinators.first { $0.raftID == raftID }?.endpoint ?? peers[raftID]?.endpoint
    }

    // MARK: Lines

    /// Opens the lines that lack and closes those to nobody.
    func settlePeers() {
        guard !isClosed else { return }
        let present = coordinators
        for (id, line) in peers where !present.contains(where: { $0.raftID == id }) {
            line.core.close()
            peers[id] = nil
            parcels[id] = nil
        }
        for coordinator in present { connect(to: coordinator.raftID, at: coordinator.endpoint) }
    }

    private func connect(to raftID: UInt64, at text: String) {
        guard raftID != configuration.raftID, peers[raftID]?.endpoint != text else { return }
        do {
            let endpoint = try Endpoint(text)
            var clientConfiguration = RPCClientConfiguration()
            clientConfiguration.security = configuration.clientSecurity(endpoint)
            clientConfiguration.socket.linger = .zero
            // So that its end is told of at once. What waited for one that is gone Raft sends again.
            clientConfiguration.failsWhenDisconnected = true
            // A coordinator that restarts is to be back within an election.
            clientConfiguration.socket.reconnectIntervalMax = .milliseconds(20)
            let core = try ClientCore(
                endpoint: endpoint,
                configuration: clientConfiguration,
                context: context,
                loop: loop
            )
            core.connectionChanged = { [weak self] event in self?.lineChanged(to: raftID, at: endpoint, event) }
            peers.updateValue(PeerLine(endpoint: text, core: core), forKey: raftID)?.core.close()
        } catch {
            logger.error("no line to a coordinator", metadata: ["raftID": "\(raftID)", "error": "\(error)"])
        }
    }

    /// Where the line to the leader breaks, its host knows whether it is dead, long before its silence tells.
    private func lineChanged(to raftID: UInt64, at endpoint: Endpoint, _ event: ConnectionEvent) {
        switch event {
        case .disconnected, .retrying: break
        default: return
        }
        guard !isClosed, log.role == .follower(leader: raftID), peers[raftID]?.isProbing == false else { return }
        peers[raftID]?.isProbing = true
        let box = LoopConfined(self)
        loop.host.probe(endpoint, loop) { isRefused in
            let core = box.value
            core.peers[raftID]?.isProbing = false
            guard isRefused, !core.isClosed else { return }
            core.logger.warning("the leader is dead", metadata: ["raftID": "\(raftID)", "endpoint": "\(endpoint)"])
            core.log.noteDeath(of: raftID)
        }
    }

    func serversChanged(_ servers: [LogServer]) {
        logger.info("coordinators", metadata: ["raftIDs": "\(servers.map(\.id))"])
        settlePeers()
    }

    // MARK: Messages of Raft

    /// Tells every other coordinator the mark of this one's directory, time and again: one that only ever voted and followed would be
    /// met by few, and one that is down does not hear of it.
    func introduce() {
        guard !isClosed else { return }
        for raftID in peers.keys.sorted() { send([], to: raftID) }
        loop.arm(introductionTimer, at: loop.refreshNow().advanced(by: ClusterLimits.introductionInterval))
    }

    func send(_ message: [UInt8], to raftID: UInt64) {
        guard let peer = peers[raftID] else { return }
        let envelope = RaftEnvelope.encode(message, from: configuration.raftID, mark: log.mark, at: endpoint.text)
        raftMessages += 1
        faultPoint(.coordinatorRaftSending)
        for part in RaftParcel.parts(of: envelope, number: raftMessages, from: configuration.raftID) {
            notify(peer, ClusterMethods.raft, part)
        }
        faultPoint(.coordinatorRaftSent)
    }

    private func notify(_ peer: PeerLine, _ method: RPCMethod, _ payload: [UInt8]) {
        var writer = MessagePackWriter(capacity: payload.count + 16)
        writer.writeArrayHeader(count: 1)
        writer.writeBinary(payload)
        peer.core.notify(method, params: writer.bytes)
    }

    func receiveRaft(_ bytes: UnsafeRawBufferPointer) {
        guard let part = RaftParcel(bytes), !isClosed else { return }
        // The answer to one that this log does not know of, yet or any more, finds its way, too. A first part has its endpoint.
        // An introduction wants no answer.
        if peers[part.sender] == nil, part.index == 0, peers.count < ClusterLimits.coordinatorsMax,
            let envelope = RaftEnvelope(part.body), !envelope.message.isEmpty
        {
            connect(to: part.sender, at: envelope.endpoint)
        }
        // Of others nothing is kept.
        guard peers[part.sender] != nil else { return }
        if part.count == 1 { return receive(part.body, from: part.sender) }
        guard let letter = parcels[part.sender, default: RaftParcels()].take(part) else { return }
        letter.withUnsafeBytes { receive($0, from: part.sender) }
    }

    private func receive(_ letter: UnsafeRawBufferPointer, from sender: UInt64) {
        guard let envelope = RaftEnvelope(letter), envelope.sender == sender else { return }
        switch log.recognise(sender, mark: envelope.mark) {
        case .known: break
        case .notKept: return
        case .strange:
            if strangers.updateValue(envelope.mark, forKey: sender) != envelope.mark {
                logger.error(
                    "a coordinator has another directory than the one that it is known by; nothing of it counts",
                    metadata: ["raftID": "\(sender)", "endpoint": "\(envelope.endpoint)"]
                )
            }
            if let peer = peers[sender] { notify(peer, ClusterMethods.stranger, NumberMessage.encode(envelope.mark)) }
            return
        }
        // An introduction.
        guard !envelope.message.isEmpty else { return }
        if isInOffice, !log.servers.contains(where: { $0.id == sender }), let peer = peers[sender] {
            notify(peer, ClusterMethods.removed, RemovedMessage.encode(log.configurationStamp))
        }
        faultPoint(.coordinatorRaftReceived)
        log.receive(envelope.message, from: sender)
    }

    // MARK: Changes

    func addCoordinator(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let request = try AddCoordinatorRequest.decode(request)
        guard request.raftID > 0 else { throw RemoteError(code: .badParams, message: "a raft id must be above 0") }
        guard log.servers.count < ClusterLimits.coordinatorsMax else {
            throw RemoteError(code: .badParams, message: "\(log.servers.count) coordinators are as many as may be")
        }
        connect(to: request.raftID, at: request.endpoint.text)
        log.addServer(id: request.raftID, address: request.endpoint.text) { [weak self] in self?.answer($0, reply) }
    }

    func removeCoordinator(_ request: UnsafeRawBufferPointer, _ reply: DeferredReply) throws(RemoteError) {
        let raftID = try NumberMessage.decode(request)
        guard log.servers.contains(where: { $0.id == raftID }) else {
            throw RemoteError(code: .badParams, message: "the cluster has no coordinator \(raftID)")
        }
        guard log.servers.count > 1 else {
            throw RemoteError(code: .badParams, message: "coordinator \(raftID) is the last one")
        }
        log.removeServer(id: raftID) { [weak self] in self?.answer($0, reply) }
    }

    private func answer(_ result: Result<Void, DeltaLogError>, _ reply: DeferredReply) {
        // A change that failed leaves a line to nobody.
        settlePeers()
        switch result {
        case .success: reply.send([0xc0])
        case .failure(.notLeader), .failure(.closed), .failure(.failed): reply.fail(.notLeader, leaderEndpoint)
        case .failure(.changeUnderWay): reply.fail(.overloaded, DeltaLogError.changeUnderWay.description)
        case .failure(.serverUnreached(let id)):
            reply.fail(.deadlineExceeded, DeltaLogError.serverUnreached(id).description)
        case .failure(let error): reply.fail(.badParams, error.description)
        }
    }
}
