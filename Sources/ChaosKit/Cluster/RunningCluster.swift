// The processes of a run: started, signalled, waited for. What is done to them and when, the conductor says.

import Glibc
import Ringmaster
import RingmasterCommand

/// All processes of one run, and which of them there are to be.
actor RunningCluster {
    /// What a process may take from its start until it is up, on a busy machine.
    static let startTimeout: Duration = .seconds(15)
    /// What SIGKILL, SIGSTOP and SIGCONT may take, and to hear of it, on a machine where everything is restarted at once.
    static let signalTimeout: Duration = .seconds(15)
    /// What an orderly end may take: it waits for the leader, which may have to be elected first.
    static let endTimeout: Duration = .seconds(20)
    /// What leaving may take: it needs a leader, whom faults may keep from being there for as long as a run lasts.
    static let leaveTimeout: Duration = .seconds(120)
    private static let pollInterval: Duration = .milliseconds(1)

    private struct Node {
        var life = 0
        var process: NodeProcess?
        var isReady = false
        /// It was told to end, or killed: its end is no surprise.
        var isEnding = false
        /// It is to run; a fault that heals starts it again.
        var isWanted = true
        /// A fault is on it.
        var isFaulty = false
        /// Its clocks are wrong: other kinds may meet it, no second one of clocks.
        var isMisled = false
        /// What was kept on its disk is gone, and nothing has come in its place yet.
        var isWithoutData = false
        /// A fault is on it under which it may end by itself, with an error.
        var mayEnd = false
        /// A fault is on its links.
        var isCutOff = false
        var end: ChildProcess.End?
        var role = ""
    }

    private var nodes: [NodeName: Node] = [:]
    private var orders: NodeOrders
    let folder: RunFolder
    nonisolated let network: any ClusterNetwork
    private let continuation: AsyncStream<NodeEvent>.Continuation
    /// What the processes tell, and their ends.
    nonisolated let events: AsyncStream<NodeEvent>

    init(_ orders: NodeOrders, on network: any ClusterNetwork, in folder: RunFolder) {
        self.network = network
        self.orders = orders
        self.folder = folder
        (events, continuation) = AsyncStream.makeStream()
    }

    // MARK: Start

    /// Says when the load begins, to clients that are started from now on.
    func setLoadBegin(_ timeNs: Int64) {
        orders.loadBeginsNs = timeNs
    }

    /// Starts a process, and waits until it is up. Does nothing where it runs.
    /// - Throws: `RunError.cannotStart`.
    func start(_ name: NodeName) async throws(RunError) {
        try spawn(name)
        let life = nodes[name]?.life
        let isUp = await wait(for: name, Self.startTimeout) { node in
            node.life != life || node.isReady || node.process == nil || node.isEnding
        }
        // A process that was killed meanwhile was not hindered from starting.
        guard isUp, let node = nodes[name], node.life == life, !node.isReady, !node.isEnding, node.end != nil else {
            if !isUp { throw .cannotStart(node: "\(name)", reason: "it was not up within \(Self.startTimeout)") }
            return
        }
        throw .cannotStart(
            node: "\(name)",
            reason: "it \(node.end?.text ?? "ended"); see \(folder.logsPath)/\(name).log"
        )
    }

    /// Starts a client that reads so many keys and ends. Returns whether it ended well in time; what did not is killed.
    func runReader(_ name: NodeName, keys: Int, within limit: Duration) async throws(RunError) -> Bool {
        try spawn(name, keysToRead: keys)
        nodes[name]?.isEnding = true
        nodes[name]?.isWanted = false
        if await wait(for: name, limit, { $0.process == nil }) { return nodes[name]?.end == .exited(0) }
        await kill([name])
        return false
    }

    private func spawn(_ name: NodeName, keysToRead: Int? = nil) throws(RunError) {
        var node = nodes[name] ?? Node()
        guard node.process == nil else { return }
        node.life += 1
        (node.isReady, node.isEnding, node.end, node.role) = (false, false, nil, "")
        let life = node.life
        let place = try network.place(for: name, life: life)
        let order = orders.order(name, life: life, at: place, keysToRead: keysToRead)
        node.process = try NodeProcess(
            name,
            order,
            errorsPath: "\(folder.logsPath)/\(name).log",
            told: { [continuation] report in
                continuation.yield(NodeEvent(name: name, life: life, content: .told(report)))
            },
            ended: { end in Task { await self.ended(name, life, end) } }
        )
        nodes[name] = node
        if let pid = node.process?.pid { network.began(pid, as: name) }
        if name.role == .client {
            continuation.yield(NodeEvent(name: name, life: life, content: .notes(orders.notesPath(name, life: life))))
        }
    }

    private func ended(_ name: NodeName, _ life: Int, _ end: ChildProcess.End) {
        guard var node = nodes[name], node.life == life else { return }
        if let pid = node.process?.pid { network.ended(pid) }
        node.process = nil
        node.end = end
        nodes[name] = node
        // SIGTERM ends a process that has not come to block it yet.
        let isOrderly = [.exited(0), .signalled(SIGKILL), .signalled(SIGTERM)].contains(end)
        let isGivenUp = if case .exited(let status) = end { node.mayEnd && status != 0 } else { false }
        let isExpected = node.isEnding && isOrderly || isGivenUp
        continuation.yield(NodeEvent(name: name, life: life, content: .ended(end.text, isExpected: isExpected)))
    }

    /// Takes an event of `events`, so that the cluster knows who is up and who leads.
    func took(_ event: NodeEvent) {
        guard case .told(let report) = event.content, nodes[event.name]?.life == event.life else { return }
        switch report.content {
        case .ready: nodes[event.name]?.isReady = true
        case .role(let role): nodes[event.name]?.role = role
        default: break
        }
    }

    // MARK: Signals

    /// SIGKILL to all of them at once, then waits until each is gone.
    /// - Returns: Those that went by it, and those that did not go. Who ended by itself at that moment is neither.
    @discardableResult
    func kill(_ names: [NodeName]) async -> (killed: [NodeName], alive: [NodeName]) {
        for name in names {
            nodes[name]?.isEnding = true
            nodes[name]?.process?.signal(SIGKILL)
        }
        var outcome: (killed: [NodeName], alive: [NodeName]) = ([], [])
        for name in names {
            if !(await wait(for: name, Self.signalTimeout) { $0.process == nil }) {
                outcome.alive.append(name)
            } else if nodes[name]?.end == .signalled(SIGKILL) {
                outcome.killed.append(name)
            }
        }
        return outcome
    }

    /// SIGTERM, and waits for its end. nil where it did not end in time.
    func terminate(_ name: NodeName, within limit: Duration = endTimeout) async -> ChildProcess.End? {
        guard let process = nodes[name]?.process else { return nodes[name]?.end }
        // Whoever is ending already would take a second one as the wish to end at once.
        if nodes[name]?.isEnding != true { process.signal(SIGTERM) }
        nodes[name]?.isEnding = true
        _ = await wait(for: name, limit) { $0.process == nil }
        return nodes[name]?.process == nil ? nodes[name]?.end : nil
    }

    /// SIGSTOP. Returns whether the system then says that it is stopped, or is gone.
    func pause(_ name: NodeName) async -> Bool {
        nodes[name]?.process?.signal(SIGSTOP)
        return await wait(for: name, Self.signalTimeout) { $0.process?.isStopped ?? true }
    }

    /// SIGCONT. Returns whether it then runs.
    func resume(_ name: NodeName) async -> Bool {
        nodes[name]?.process?.signal(SIGCONT)
        return await wait(for: name, Self.signalTimeout) { $0.process.map { !$0.isStopped } ?? true }
    }

    private func wait(for name: NodeName, _ limit: Duration, _ condition: (Node) -> Bool) async -> Bool {
        let end = ContinuousClock.now + limit
        while let node = nodes[name] {
            if condition(node) { return true }
            guard ContinuousClock.now < end else { return false }
            try? await Task.sleep(for: Self.pollInterval)
        }
        return true
    }

    // MARK: Who there is

    /// The names that are to run, of one part.
    func wanted(_ role: NodeRole) -> [NodeName] {
        nodes.filter { $0.key.role == role && $0.value.isWanted }.map(\.key).sorted()
    }

    /// Says that it is to run, or not any more.
    func want(_ name: NodeName, _ isWanted: Bool) {
        nodes[name, default: Node()].isWanted = isWanted
    }

    func isWanted(_ name: NodeName) -> Bool { nodes[name]?.isWanted ?? false }
    func isRunning(_ name: NodeName) -> Bool { nodes[name]?.process != nil }
    /// All processes that run now.
    var running: [NodeName] { nodes.filter { $0.value.process != nil }.map(\.key).sorted() }

    /// Chooses whom a fault meets, of the processes that are up and under no other fault, and keeps others from them until
    /// `release`. Nobody where there is none.
    ///
    /// Faults of processes, of links and of clocks do not keep each other away.
    func takeVictims(of order: FaultOrder) -> [NodeName] {
        // What one coordinator lost, the others hold; what a majority lost, nobody may hold.
        if order.kind == .lostData, nodes.values.contains(where: \.isWithoutData) { return [] }
        let victims = victims(of: order)
        mark(victims, of: order, true)
        if order.kind == .lostData { for name in victims { nodes[name]?.isWithoutData = true } }
        return victims
    }

    func release(_ victims: [NodeName], of order: FaultOrder) {
        mark(victims, of: order, false)
    }

    private func mark(_ victims: [NodeName], of order: FaultOrder, _ isMet: Bool) {
        for name in victims { nodes[name]?[keyPath: Self.mark(of: order.kind)] = isMet }
    }

    private static func mark(of kind: FaultKind) -> WritableKeyPath<Node, Bool> {
        kind.isOfNetwork ? \.isCutOff : kind.isOfClocks ? \.isMisled : \.isFaulty
    }

    /// Says that it may end by itself, or not any more.
    func allowEnd(of names: [NodeName], _ isAllowed: Bool) {
        for name in names { nodes[name]?.mayEnd = isAllowed }
    }

    /// Makes a coordinator a new one under a raft id of its own; what the old one kept is gone.
    func renew(_ name: NodeName) { orders.renew(name) }

    /// Says that a coordinator holds what the others hold again.
    func hasData(_ name: NodeName) { nodes[name]?.isWithoutData = false }

    func isWithoutData(_ name: NodeName) -> Bool { nodes[name]?.isWithoutData ?? false }

    func raftID(_ name: NodeName) -> UInt64 { orders.raftID(name) }
    func dataDirectory(_ name: NodeName) -> String { orders.dataDirectory(name) }
    func ordersPath(_ name: NodeName) -> String? { orders.ordersPath(name) }
    func pid(_ name: NodeName) -> pid_t? { nodes[name]?.process?.pid }
    var endpoints: [String] { orders.coordinatorEndpoints }

    /// Who led last, as far as it was told.
    var leader: NodeName? {
        nodes.filter { $0.value.process != nil && $0.value.role == "leader" }.keys.min()
    }

    private func victims(of order: FaultOrder) -> [NodeName] {
        // A process under another fault may have wrong clocks or links; nothing is done twice to one.
        let isMet = Self.mark(of: order.kind)
        let well = nodes.filter { $0.value.process != nil && $0.value.isReady && !$0.value[keyPath: isMet] }
            .filter { !order.kind.isOfClocks || !$0.value.isFaulty }.keys.sorted()
        switch order.target {
        case .named(let text):
            let names = text.split(separator: ",").map(String.init)
            return well.filter { names.contains("\($0)") }
        case .any(.everything, _): return well.filter { $0.role != .client }
        case .any(let role, let pick):
            let candidates = well.filter { name in
                switch role {
                case .workers: name.role == .worker
                case .coordinators, .servers, .everything: name.role == .coordinator
                case .leader: name.role == .coordinator && nodes[name]?.role == "leader"
                case .clients: name.role == .client
                }
            }
            return candidates.isEmpty ? [] : [candidates[pick % candidates.count]]
        }
    }

    /// Ends the run's processes at once, whatever they do.
    func killEverything() async {
        await kill(running)
        await network.close()
        continuation.finish()
    }
}

/// Something that a process told, or that became of it.
struct NodeEvent: Sendable {
    var name: NodeName
    var life: Int
    var content: Content

    enum Content: Sendable {
        case told(NodeReport)
        /// A client's life has begun, which notes its operations there.
        case notes(String)
        case ended(String, isExpected: Bool)
    }
}
