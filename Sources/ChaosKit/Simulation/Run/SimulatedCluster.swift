// The cluster of a simulation: its nodes, their lives, and what is seen of them after each turn.

import Logging
import Ringmaster
import RingmasterProtocol

/// Coordinators, workers and clients over one virtual network.
final class SimulatedCluster {
    let plan: SimulationPlan
    let time = VirtualTime()
    let trace = SimulationTrace()
    let network: VirtualNetwork
    let record: SimulationRecord
    var random: RandomSource
    let coordinators: [SimulatedNode]
    private(set) var workers: [SimulatedNode] = []
    let clients: [SimulatedNode]
    @exclusivity(unchecked) private(set) var invariants = SimulationInvariants()
    let strikes = SimulatedStrikes()
    /// Counts what is reached; nil: nobody asks.
    @exclusivity(unchecked) var coverage: CoverageCounter? {
        didSet { network.observer = coverage.map { counter in { counter.saw($0, isReceived: $1) } } }
    }
    @exclusivity(unchecked) private var turns = 0
    /// Whose turn it is.
    @exclusivity(unchecked) private var acting: SimulatedNode?

    /// Workers are checked after each turn while the ring changes, and else after one of so many: the rarer, the more slots and keys
    /// a check goes through, so that it takes no more than a turn does.
    private let turnsPerCheck: Int
    /// Called when a process begins a life.
    var began: (SimulatedNode, VirtualHost) -> Void = { _, _ in }

    private static let coordinatorPort = 7400

    init(_ plan: SimulationPlan) {
        self.plan = plan
        turnsPerCheck = max(16, (plan.slots + plan.keys) / 8)
        random = RandomSource(seed: plan.seed, stream: 2)
        network = VirtualNetwork(time: time, trace: trace, random: RandomSource(seed: plan.seed, stream: 3))
        record = SimulationRecord()
        coordinators = (1...plan.coordinators).map { SimulatedNode(NodeName(.coordinator, $0)) }
        if plan.replicas > 0 {
            for (index, node) in coordinators.enumerated() {
                node.disk = SimulatedDisk(
                    time: time,
                    random: RandomSource(seed: plan.seed, stream: 100 + UInt64(index))
                )
            }
        }
        clients = (1...plan.clients).map { SimulatedNode(NodeName(.client, $0)) }
    }

    // MARK: Lives

    func endpoint(of coordinator: SimulatedNode) -> Endpoint {
        Endpoint(stringLiteral: "tcp://\(coordinator.machine):\(Self.coordinatorPort)")
    }

    private func begin(_ node: SimulatedNode) -> VirtualHost {
        precondition(!node.isRunning, "\(node.name) runs already")
        node.life += 1
        // It may have died while it ended its session.
        node.isLeaving = false
        let drift = (random.fraction() * 2 - 1) * plan.driftMax
        let host = VirtualHost(
            machine: node.machine,
            network: network,
            random: RandomSource(seed: random.next()),
            clockRate: 1 + drift,
            clockStartNs: Int64(random.next() % 1_000_000_000_000)
        )
        node.host = host
        network.names[node.machine] = "\(node.name)"
        trace.note(time.nowNs, 4, UInt64(node.life), line: "\(node.name) begins life \(node.life)")
        host.turning = { [unowned self, unowned node] in acting = node }
        host.turned = { [unowned self, unowned node] in turned(node) }
        began(node, host)
        return host
    }

    private func logger(of node: SimulatedNode) -> Logger {
        Logger(label: "\(node.name)") { _ in
            SimulationLog { [unowned self, unowned node] message, metadata in
                logged(message, metadata, by: node)
            }
        }
    }

    func startCoordinator(_ node: SimulatedNode) throws {
        let host = begin(node)
        var configuration = CoordinatorConfiguration(
            name: try CoordinatorID(validating: "\(node.name)"),
            raftID: UInt64(node.name.number),
            endpoint: endpoint(of: node),
            peers: coordinators.map { .init(raftID: UInt64($0.name.number), endpoint: endpoint(of: $0)) },
            dataDirectory: nil
        )
        if let disk = node.disk {
            disk.open(by: host)
            configuration.virtualDisk = disk.disk
        }
        configuration.ringSize = try RingSize(slotCount: plan.slots)
        configuration.resizeMode = plan.isBarrier ? .barrier : .handoff
        configuration.snapshotThreshold = plan.snapshotThreshold
        configuration.handOverChunkBytes = plan.chunkBytes
        acting = node
        defer { acting = nil }
        node.coordinator = try SimulatedCoordinator(
            configuration,
            context: host.context,
            loop: host.loop,
            logger: logger(of: node)
        ) { [unowned self, unowned node] coordinator, entry, index, outcomes in
            guard host.isAlive else { return }
            coverage?.saw(outcomes)
            invariants.applied(entry, at: index, outcomes, by: coordinator, node, atNs: time.nowNs)
        }
        host.wake()
    }

    @discardableResult
    func addWorker() throws -> SimulatedNode {
        let node = SimulatedNode(NodeName(.worker, workers.count + 1))
        workers.append(node)
        try startWorker(node)
        return node
    }

    func startWorker(_ node: SimulatedNode) throws {
        let host = begin(node)
        var handlers = JobHandlers()
        AppendJob.add(to: &handlers)
        let configuration = WorkerConfiguration(
            name: try WorkerID(validating: "\(node.name)"),
            coordinators: coordinators.map(endpoint),
            endpoint: Endpoint(stringLiteral: "tcp://\(node.machine):*")
        )
        node.worker = try SimulatedWorker(
            configuration,
            handlers: handlers,
            context: host.context,
            loop: host.loop,
            logger: logger(of: node)
        )
        host.wake()
    }

    func startClient(_ node: SimulatedNode) throws {
        let host = begin(node)
        let configuration = ClientConfiguration(coordinators: coordinators.map(endpoint))
        node.client = try SimulatedClient(configuration, context: host.context, loop: host.loop)
        host.wake()
    }

    func start(_ node: SimulatedNode) throws {
        switch node.name.role {
        case .coordinator: try startCoordinator(node)
        case .worker: try startWorker(node)
        case .client: try startClient(node)
        }
    }

    /// Ends a process now, be it in the middle of its turn.
    func kill(_ node: SimulatedNode) {
        guard let host = node.host, host.isAlive else { return }
        trace.note(time.nowNs, 5, UInt64(node.life), line: "\(node.name) is killed")
        host.kill()
        node.disk?.cut()
        guard VirtualHost.current === host else { return node.takeDown() }
        // In the middle of its turn, which goes on and has no effect any more.
        host.afterTurn { [unowned node] in
            if node.host === host { node.takeDown() }
        }
    }

    /// Has a client end its session and come again at once, as a new one.
    func renew(_ node: SimulatedNode, then: @escaping () -> Void) {
        guard let host = node.host, let client = node.client, !node.isLeaving else { return }
        node.isLeaving = true
        let life = node.life
        host.perform { [unowned self] in
            client.close { [unowned self] in
                time.after(1_000_000) { [unowned self] in
                    guard node.life == life, node.isRunning else { return }
                    kill(node)
                    then()
                }
            }
        }
    }

    /// Has a worker hand its slots over and end.
    func retire(_ node: SimulatedNode) {
        guard let host = node.host, let worker = node.worker, !node.isLeaving else { return }
        node.isLeaving = true
        node.isWanted = false
        let life = node.life
        host.perform { [unowned self] in
            worker.leave { [unowned self] _ in
                time.after(1_000_000) { [unowned self] in
                    // Killed meanwhile, perhaps, or on.
                    guard node.life == life, node.isRunning else { return }
                    kill(node)
                }
            }
        }
    }

    // MARK: What is seen

    var everybody: [SimulatedNode] { clients + workers + coordinators }

    /// Whose process that is.
    func node(of host: VirtualHost) -> SimulatedNode? { everybody.first { $0.host === host } }

    var leader: SimulatedNode? { coordinators.first { $0.coordinator?.isInOffice ?? false } }

    private func turned(_ node: SimulatedNode) {
        acting = nil
        turns += 1
        note(node)
        if let coordinator = node.coordinator {
            coverage?.sawRole(coordinator.role)
            invariants.check(coordinator, node, atNs: time.nowNs)
        }
        if plan.comparesOwners, let worker = node.worker {
            coverage?.saw(worker, slots: plan.slots)
            let isChanging = worker.epoch != invariants.model.view.ring.epoch
            if isChanging || turns.isMultiple(of: turnsPerCheck) {
                invariants.check(worker, node, hasServed: false, atNs: time.nowNs)
            }
        }
    }

    /// The process whose turn it is has come to a fault point.
    func reached(_ point: FaultPoint) {
        guard let node = acting, node.host?.isAlive ?? false else { return }
        coverage?.reached(point)
        strikes.reached(point)
        if point == .workerReadSent, let worker = node.worker {
            invariants.check(worker, node, hasServed: true, atNs: time.nowNs)
        }
    }

    /// A client was told that its append took effect.
    func acknowledged(_ value: Int64, at position: Int64) {
        invariants.acknowledged(value, at: position, atNs: time.nowNs)
    }

    /// A client was given a key's list.
    func answered(_ key: String, _ list: [Int64]) {
        invariants.read(key, list, atNs: time.nowNs)
    }

    private func note(_ node: SimulatedNode) {
        let (epoch, incarnation): (UInt64, Int64)
        if let coordinator = node.coordinator {
            (epoch, incarnation) = (coordinator.epoch.rawValue, Int64(node.life))
        } else if let worker = node.worker, worker.isPlaced {
            (epoch, incarnation) = (
                worker.epoch.rawValue, Int64(truncatingIfNeeded: worker.incarnation.rawValue & .max >> 1)
            )
        } else {
            return
        }
        guard epoch > 0, epoch != node.epochSeen else { return }
        node.epochSeen = epoch
        trace.note(time.nowNs, 6, epoch, line: "\(node.name) is at epoch \(epoch)")
        record.nemesis(
            .epochSeen(process: "\(node.name)", incarnation: incarnation, Epoch(epoch)),
            at: time.nowNs
        )
        if node.coordinator != nil { record.committed(epoch, at: time.nowNs) }
    }

    private func logged(_ message: String, _ metadata: Logger.Metadata, by node: SimulatedNode) {
        guard node.host?.isAlive ?? true else { return }
        trace.note(
            time.nowNs,
            7,
            message.withTextHash,
            line: "\(node.name): \(message) \(metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        )
        let epoch = metadata["epoch"].flatMap { UInt64("\($0)") } ?? 0
        switch message {
        case "round is proposed":
            let members = (metadata["members"].map { "\($0)" } ?? "").split(separator: ",").map(String.init)
            record.began(epoch, mode: metadata["mode"].map { "\($0)" } ?? "", members: members, at: time.nowNs)
        case "round ends":
            coverage?.sawRoundEnd(metadata["how"].map { "\($0)" } ?? "")
            record.ended(epoch, outcome: metadata["how"].map { "\($0)" } ?? "", at: time.nowNs)
        default: break
        }
    }

    /// A coordinator that led no more may have proposed rounds, and died before it heard so: nobody knows of them, and nobody
    /// ends them.
    func endRoundsOfNoLog() {
        let model = invariants.model
        record.ended(above: max(model.view.ring.epoch, model.intent?.epoch ?? .zero).rawValue, at: time.nowNs)
    }

    func tearDown() {
        strikes.drop()
        for node in everybody where node.isRunning { kill(node) }
        network.clear()
        time.clear()
    }
}

extension String {
    fileprivate var withTextHash: UInt64 { utf8.reduce(0) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } }
}
