// A simulated cluster that is made to grow and shrink while everything that it says and computes is counted.
//
// Virtual time knows neither the time that a turn takes of the processor nor the width of a wire: it tells how often a resize waits for
// somebody. What the processors take is measured beside it.

import Measurement
import Ringmaster
import RingmasterProtocol

/// One cluster without jobs or keys, from its start through its resizes.
final class ScaleCluster {
    let size: ScaleSize
    let cluster: SimulatedCluster
    private(set) var tally: TrafficTally!
    private var meters: [NodeName: TurnTally] = [:]
    private let clock = TurnClock()
    private var names: [ObjectIdentifier: NodeName] = [:]
    private var leaderName: NodeName?

    /// For a ring to settle, at the most.
    private static let settlingNs: Int64 = 60_000_000_000
    /// After a resize, for the last answers to come.
    private static let tailNs: Int64 = 100_000_000
    /// Stretches in which nothing changes, and how long each is.
    private static let quietWindows = 5
    private static let quietNs: Int64 = 2_000_000_000
    private static let plansMeasured = 5
    /// Of so many workers one stands in the rack that fails.
    private static let rackShare = 20

    init(_ size: ScaleSize) {
        self.size = size
        var plan = SimulationPlan(seed: 1)
        plan.replicas = size.coordinators
        plan.workers = size.workers
        plan.clients = size.clients
        plan.slots = size.slots
        plan.comparesOwners = false
        cluster = SimulatedCluster(plan)
        tally = TrafficTally { [unowned self] host in party(of: host) }
        cluster.network.delivered = { [unowned self] message, connection, toServer in
            tally.take(message, over: connection, toServer: toServer)
        }
        cluster.began = { [unowned self] node, host in
            let name = node.name
            names[ObjectIdentifier(host)] = name
            host.metered = { [unowned self] turn in
                let ns = clock.ns(of: turn)
                meters[name, default: TurnTally()].add(ns)
            }
        }
    }

    private var time: VirtualTime { cluster.time }

    private func party(of host: VirtualHost) -> (TrafficTally.Party, NodeName) {
        guard let name = names[ObjectIdentifier(host)] else { preconditionFailure("a process that never began") }
        switch name.role {
        case .coordinator: return (name == leaderName ? .leader : .follower, name)
        case .worker: return (.worker, name)
        case .client: return (.client, name)
        }
    }

    // MARK: The whole

    /// Starts the cluster, measures it at rest, and resizes it. The processor's time is real, all else is the same each time.
    func measure() throws(ScaleError) -> ScaleMeasurement {
        let emptyBytes = ResidentMemory.bytes
        let startNs = try start()
        let atRest = try measureAtRest(startNs: startNs, memoryBytes: ResidentMemory.bytes - emptyBytes)
        var resizes: [ScaleResize] = []
        for _ in 0..<size.rounds {
            for event in [ScaleEvent.join, .leave, .join, .death] { resizes.append(try measure(event)) }
        }
        if size.workers >= Self.rackShare { resizes.append(try measure(.rack)) }
        cluster.tearDown()
        return ScaleMeasurement(size: size, atRest: atRest, resizes: resizes)
    }

    /// - Returns: virtual time until every worker serves.
    func start() throws(ScaleError) -> Int64 {
        do {
            for node in cluster.coordinators { try cluster.startCoordinator(node) }
            for _ in 0..<size.workers { try cluster.addWorker() }
            for node in cluster.clients { try cluster.startClient(node) }
        } catch {
            throw .cannotBegin("\(error)")
        }
        try advance(until: "the cluster has not settled", each: eventsPerLook, isSettled)
        leaderName = cluster.leader?.name
        let settledNs = time.nowNs
        advance(to: settledNs + Self.tailNs)
        return settledNs
    }

    // MARK: At rest

    private func measureAtRest(startNs: Int64, memoryBytes: Int) throws(ScaleError) -> ScaleAtRest {
        var (cpuNs, beats, bytes): ([Double], [Double], [Double]) = ([], [], [])
        var received: [TrafficTally.Party: Int] = [:]
        for _ in 0..<Self.quietWindows {
            beginCounting()
            advance(to: time.nowNs + Self.quietNs)
            try checkLeader()
            let answered = tally.counts.filter { $0.key.name == "reply to member.heartbeat" }.values
                .reduce(0) { $0 + $1.frames }
            let leases = tally.counts.filter { $0.key.name.hasSuffix("member.heartbeat") }.values
            for (kind, count) in tally.counts { received[kind.to, default: 0] += count.bytes }
            cpuNs.append(Double(leaderMeter.totalNs))
            beats.append(Double(answered))
            bytes.append(Double(leases.reduce(0) { $0 + $1.bytes }))
        }
        let seconds = Double(Self.quietNs) / 1e9 * Double(Self.quietWindows)
        return ScaleAtRest(
            startNs: startNs,
            startRounds: cluster.leader?.coordinator?.roundsCommitted ?? 0,
            viewBytes: leaderView.encoded().count,
            heartbeatsPerSecond: beats.reduce(0, +) / seconds,
            heartbeatBytes: bytes.reduce(0, +) / max(1, beats.reduce(0, +)),
            clientBytesPerSecond: Double(received[.client] ?? 0) / seconds / Double(size.clients),
            workerBytesPerSecond: Double(received[.worker] ?? 0) / seconds / Double(size.workers),
            leaderNsPerHeartbeat: median(zip(cpuNs, beats).map { $0 / max(1, $1) }),
            leaderShare: median(cpuNs.map { $0 / Double(Self.quietNs) }),
            planNs: try planNs(),
            memoryBytes: memoryBytes
        )
    }

    /// The plan of a join, computed by itself.
    private func planNs() throws(ScaleError) -> Int64 {
        let view = leaderView.ring
        guard let newcomer = try? Member(WorkerID(validating: "newcomer")) else { return 0 }
        var taken: [Double] = []
        for _ in 0..<Self.plansMeasured {
            taken.append(
                Double(clock.ns { precondition((try? RingPlan(from: view, to: view.members + [newcomer])) != nil) })
            )
        }
        return Int64(median(taken))
    }

    // MARK: Resizes

    /// Has the cluster go through one resize, from what brings it about until everybody goes by the new view.
    func measure(_ event: ScaleEvent) throws(ScaleError) -> ScaleResize {
        let before = leaderView
        let last = cluster.workers.last { $0.isRunning }
        beginCounting()
        let beganNs = time.nowNs
        switch event {
        case .join:
            do { try cluster.addWorker() } catch { throw .cannotBegin("\(error)") }
        case .leave: if let last { cluster.retire(last) }
        case .death: if let last { cluster.kill(last) }
        case .rack:
            for node in cluster.workers.filter(\.isRunning).suffix(size.workers / Self.rackShare) { cluster.kill(node) }
        }
        let epoch = before.ring.epoch
        try advance(until: "no view was committed", each: 1) { [self] in
            cluster.leader?.coordinator.map { $0.epoch > epoch } ?? false
        }
        let committedNs = time.nowNs
        try advance(until: "somebody does not follow the new view", each: eventsPerLook, isSettled)
        let settledNs = time.nowNs
        advance(to: settledNs + Self.tailNs)
        try checkLeader()
        return resize(event, from: before, beganNs, committedNs, settledNs)
    }

    private func resize(
        _ event: ScaleEvent,
        from before: ClusterView,
        _ beganNs: Int64,
        _ committedNs: Int64,
        _ settledNs: Int64
    ) -> ScaleResize {
        let after = leaderView
        let moved = (0..<UInt32(before.ring.size.slotCount)).count { position in
            before.owner(of: Slot(position)) != after.owner(of: Slot(position))
        }
        let stayed = cluster.workers.filter { $0.isRunning && $0.name != cluster.workers.last?.name }
        let traffic = tally.counts.map { kind, count in
            ScaleTraffic(name: kind.name, from: kind.from, to: kind.to, frames: count.frames, bytes: count.bytes)
        }
        let workers = stayed.map { tally.received[$0.name] ?? .init() }
        let clients = cluster.clients.map { tally.received[$0.name] ?? .init() }
        let meters = stayed.map { self.meters[$0.name] ?? TurnTally() }
        return ScaleResize(
            event: event,
            epochs: Int(after.ring.epoch.rawValue - before.ring.epoch.rawValue),
            movedSlots: moved,
            commitNs: committedNs - beganNs,
            settledNs: settledNs - beganNs,
            traffic: traffic.sorted {
                ($0.name, $0.from.rawValue, $0.to.rawValue) < ($1.name, $1.from.rawValue, $1.to.rawValue)
            },
            workerFrames: mean(workers.map { Double($0.frames) }),
            workerBytes: mean(workers.map { Double($0.bytes) }),
            workerBytesMax: workers.map(\.bytes).max() ?? 0,
            clientBytes: mean(clients.map { Double($0.bytes) }),
            leaderNs: leaderMeter.totalNs,
            leaderTurnNs: leaderMeter.longestNs,
            workerNs: mean(meters.map { Double($0.totalNs) }),
            workerTurnNs: meters.map(\.longestNs).max() ?? 0,
            clientNs: mean(cluster.clients.map { Double(self.meters[$0.name]?.totalNs ?? 0) })
        )
    }

    // MARK: Time

    private func beginCounting() {
        tally.clear()
        meters = [:]
    }

    private var leaderMeter: TurnTally { leaderName.flatMap { meters[$0] } ?? TurnTally() }

    private var leaderView: ClusterView {
        cluster.leader?.coordinator?.view ?? ClusterView()
    }

    /// What is counted as the leader's is one process's.
    private func checkLeader() throws(ScaleError) {
        guard cluster.leader?.name == leaderName else { throw .leaderChanged }
    }

    /// To look at everybody takes as long as there are workers, whose events come the closer the more there are.
    private var eventsPerLook: Int { max(1, size.workers / 16) }

    /// Whether everybody goes by the leader's view, and it is that of the workers that run.
    private func isSettled() -> Bool {
        guard let leader = cluster.leader?.coordinator, !leader.hasRound else { return false }
        let (epoch, running) = (leader.epoch, cluster.workers.filter { $0.isRunning && !$0.isLeaving })
        return leader.view.members.count == running.count
            && running.allSatisfy { $0.worker!.epoch == epoch && $0.worker!.isMember }
            && cluster.clients.allSatisfy { $0.client?.epoch == epoch }
    }

    private func advance(to limitNs: Int64) {
        while time.step(until: limitNs) {}
    }

    /// Goes on until something is so, which is looked at after so many events each time.
    private func advance(until failure: String, each: Int, _ isReached: () -> Bool) throws(ScaleError) {
        let limitNs = time.nowNs + Self.settlingNs
        while !isReached() {
            for _ in 0..<each {
                guard time.step(until: limitNs) else {
                    throw .notSettled("\(failure) in \(Self.settlingNs / 1_000_000_000) s")
                }
            }
        }
    }
}

private func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
}

/// - Precondition: There are values.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
