// The fault proxy: stands before every listening process of a run, and does to connections what a bad network does.

import Glibc
import Ringmaster

/// A TCP proxy inside the run's process, on a thread of its own. Peers connect to it, it connects to the node.
///
/// Whose a connection is, the kernel tells (`ConnectionOwner`). Where a node does not listen, a connection to it is refused
/// here as well, so that the death of a process is seen as without the proxy.
///
/// @unchecked Sendable: all state is confined to the thread; what is called from elsewhere hops over.
final class FaultProxy: @unchecked Sendable {
    private struct Listener {
        let node: NodeName
        let target: SocketPlace
        /// Whether the node is started again here, so that it stays open when the node is gone.
        let isLasting: Bool
        /// Whether the node was seen to listen: before that it is not gone, but still to come.
        var hasListened = false
    }

    let thread = NetworkThread()
    private var listeners: [Int32: Listener] = [:]
    private var connections: [ObjectIdentifier: ProxyConnection] = [:]
    /// All but the run's own.
    private var processes: [pid_t: NodeName] = [:]
    private var rules: [ImposedRule] = []
    /// Of FaultProxy+Late, by fault.
    var lateHolds: [Int64: LateHold] = [:]
    /// Connections whose owner could not be found. None of them carries anything.
    private(set) var ownerless = 0

    // MARK: From elsewhere

    /// Begins to listen for a node that will listen at `target`.
    /// - Throws: `RunError.cannotStart`.
    func open(_ node: NodeName, at place: SocketPlace, target: SocketPlace, isLasting: Bool) throws(RunError) {
        guard let descriptor = InternetSocket.listen(at: place) else {
            throw .cannotStart(
                node: "\(node)",
                reason: "the proxy cannot listen at \(place): \(HistoryError.systemReason)"
            )
        }
        thread.post { [self] in
            listeners[descriptor] = Listener(node: node, target: target, isLasting: isLasting)
            thread.watch(descriptor, .reads) { [unowned self] _ in accept(descriptor) }
        }
    }

    /// Says whose connections those of a process are.
    func know(_ pid: pid_t, as node: NodeName) {
        thread.post { [self] in processes[pid] = node }
    }

    func forget(_ pid: pid_t) {
        thread.post { [self] in
            guard let node = processes.removeValue(forKey: pid) else { return }
            stopListening(for: [node])
        }
    }

    func impose(_ rule: LinkRule) async {
        await thread.perform { [self] in
            rules.append(ImposedRule(rule))
            apply()
        }
    }

    /// Ends a rule. Gives what it did.
    @discardableResult
    func lift(_ id: Int64) async -> LinkCounts {
        await thread.perform { [self] in
            guard let rule = rules.first(where: { $0.rule.id == id }) else { return LinkCounts() }
            rules.removeAll { $0 === rule }
            apply()
            // Who died behind a partition is seen to be dead from now on.
            stopListening(for: rule.rule.target)
            return rule.counts
        }
    }

    func counts(of id: Int64) async -> LinkCounts {
        await thread.perform { [self] in rules.first { $0.rule.id == id }?.counts ?? LinkCounts() }
    }

    /// Resets every connection that the rule covers, once. Gives how many.
    func reset(_ rule: LinkRule) async -> Int {
        await thread.perform { [self] in
            let met = covered(by: rule)
            for connection in met { connection.reset() }
            return met.count
        }
    }

    /// Makes every connection that the rule covers silent, for ever. Gives how many.
    func silence(_ rule: LinkRule) async -> Int {
        await thread.perform { [self] in
            let met = covered(by: rule)
            for connection in met { connection.fallSilent() }
            return met.count
        }
    }

    /// A connection from one process to another whose ends the caller has: the proxy's part of it is as any other's, but that
    /// one rule alone counts.
    func probeLine(from sender: NodeName, to receiver: NodeName, rule: Int64) async -> (Int32, Int32)? {
        await thread.perform { [self] in
            guard let one = InternetSocket.pair(), let other = InternetSocket.pair() else { return nil }
            add(peer: sender, node: receiver, near: one.1, far: other.0, only: rule)
            return (one.0, other.1)
        }
    }

    func close() async {
        await thread.perform { [self] in
            for descriptor in listeners.keys { stop(descriptor) }
            for connection in connections.values { connection.reset() }
            connections = [:]
            lateHolds = [:]
            thread.stop()
        }
    }

    // MARK: On the thread

    private func apply() {
        for connection in connections.values { connection.follow(rules) }
    }

    func covered(by rule: LinkRule) -> [ProxyConnection] {
        connections.values.filter { connection in
            (connection.only == nil || connection.only == rule.id)
                && rule.covers(between: connection.peer, and: connection.node)
        }
    }

    /// Where those of these nodes that are gone listened, connections are refused.
    private func stopListening(for nodes: Set<NodeName>) {
        for (descriptor, listener) in listeners where nodes.contains(listener.node) && isGone(listener) {
            stop(descriptor)
        }
    }

    private func stop(_ descriptor: Int32) {
        guard listeners.removeValue(forKey: descriptor) != nil else { return }
        thread.close(descriptor)
    }

    /// Whether nobody will ever listen behind it again, and nothing hides that.
    private func isGone(_ listener: Listener) -> Bool {
        guard !listener.isLasting, listener.hasListened, !isHidden(listener.node) else { return false }
        guard let descriptor = InternetSocket.connect(to: listener.target, within: 100) else {
            return errno == ECONNREFUSED
        }
        Glibc.close(descriptor)
        return false
    }

    /// Whether a partition hides what becomes of the node.
    private func isHidden(_ node: NodeName) -> Bool {
        rules.contains { $0.rule.effect.isBlocked && $0.rule.target.contains(node) }
    }

    private func accept(_ listening: Int32) {
        guard let listener = listeners[listening], let (near, from) = InternetSocket.accept(listening) else { return }
        let own = InternetSocket.place(of: near)
        guard let far = InternetSocket.connect(to: listener.target, within: 100) else {
            let isRefused = errno == ECONNREFUSED
            // Behind a partition nobody learns that there is nobody.
            if isHidden(listener.node) { return hold(near) }
            if isRefused, listener.hasListened, !listener.isLasting { stop(listening) }
            return refuse(near)
        }
        listeners[listening]?.hasListened = true
        attribute(near, far, from, own, listener.node, looksLeft: NetworkLimits.ownerLooksMax)
    }

    private func refuse(_ near: Int32) {
        InternetSocket.resetsWhenClosed(near)
        thread.close(near)
    }

    /// Keeps a connection to a dead node open until its peer gives it up.
    private func hold(_ near: Int32) {
        thread.watch(near, .ended) { [unowned self] _ in thread.close(near) }
    }

    private func attribute(
        _ near: Int32,
        _ far: Int32,
        _ from: SocketPlace,
        _ own: SocketPlace,
        _ node: NodeName,
        looksLeft: Int
    ) {
        let pids = [getpid()] + processes.keys
        if let pid = ConnectionOwner.process(holding: from, connectedTo: own, among: pids) {
            return begin(processes[pid], node, near, far)
        }
        guard looksLeft > 0 else {
            ownerless += 1
            refuse(near)
            return refuse(far)
        }
        thread.at(thread.nowNs + NetworkLimits.ownerPauseNs) { [weak self] in
            self?.attribute(near, far, from, own, node, looksLeft: looksLeft - 1)
        }
    }

    private func begin(_ peer: NodeName?, _ node: NodeName, _ near: Int32, _ far: Int32) {
        // A client that has lost a connection with something on its way is heard again after that has come.
        if let hold = lateHolds.values.first(where: { $0.holds(peer, node) }) {
            hold.waiting.append { [unowned self] in add(peer: peer, node: node, near: near, far: far) }
            return
        }
        add(peer: peer, node: node, near: near, far: far)
    }

    private func add(peer: NodeName?, node: NodeName, near: Int32, far: Int32, only: Int64? = nil) {
        let connection = ProxyConnection(
            peer: peer,
            node: node,
            near: near,
            far: far,
            only: only,
            thread: thread
        ) { [unowned self] in connections[ObjectIdentifier($0)] = nil }
        connections[ObjectIdentifier(connection)] = connection
        connection.follow(rules)
    }
}
