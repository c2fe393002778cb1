// The load of a simulation: clients append to lists and read them, each lane one operation at a time.

import Ringmaster
import RingmasterProtocol

/// Asks the cluster's clients, and records what they ask and are told.
final class SimulatedLoad {
    private let cluster: SimulatedCluster
    private var random: RandomSource
    private var nextValue: Int64 = 0
    private var isOn = false
    /// Operations whose client may still answer.
    private(set) var underWay = 0

    init(_ cluster: SimulatedCluster) {
        self.cluster = cluster
        random = RandomSource(seed: cluster.plan.seed, stream: 4)
    }

    private var plan: SimulationPlan { cluster.plan }
    private var time: VirtualTime { cluster.time }

    func begin() {
        isOn = true
        for client in cluster.clients { beginLanes(of: client) }
    }

    func end() {
        isOn = false
    }

    /// The lanes of a client's present life.
    func beginLanes(of node: SimulatedNode) {
        guard isOn, node.isRunning else { return }
        for lane in 1...plan.lanes {
            goOn(Lane(node: node, life: node.life, name: "\(node.name).\(node.life).\(lane)"))
        }
    }

    private struct Lane {
        let node: SimulatedNode
        let life: Int
        let name: String

        var isAlive: Bool { node.life == life && !node.isLeaving && (node.host?.isAlive ?? false) }
    }

    private func goOn(_ lane: Lane) {
        let meanNs = Double(plan.clients * plan.lanes) / plan.perSecond * 1e9
        time.after(Int64(random.interval(perUnit: 1) * meanNs)) { [self] in
            guard isOn, lane.isAlive else { return }
            let key = Int(random.next() % UInt64(plan.keys))
            if random.chance(plan.readShare) {
                read(key, by: lane) { _ in self.goOn(lane) }
            } else {
                append(to: key, by: lane) { self.goOn(lane) }
            }
        }
    }

    private func append(to key: Int, by lane: Lane, then: @escaping () -> Void) {
        guard let client = lane.node.client else { return }
        nextValue += 1
        let (value, name) = (nextValue, HistoryName.text(AppendJob.key(key)))
        let process = HistoryName.text(lane.name)
        take(.append(.invoke, by: process, key: name, value: value))
        underWay += 1
        lane.node.host?.perform { [self] in
            client.submit(
                AppendJob.name,
                key: Array(AppendJob.key(key).utf8),
                AppendJob.bytes(of: value),
                timeout: .milliseconds(plan.timeoutMs)
            ) { [self] result in
                underWay -= 1
                guard lane.isAlive else { return }
                switch result {
                case .success(let reply):
                    let position = AppendJob.values(reply)?.first ?? -1
                    cluster.acknowledged(value, at: position)
                    take(.append(.ok, by: process, key: name, value: value, position: position))
                case .failure(let error):
                    take(.append(Self.outcome(of: error), by: process, key: name, value: value))
                }
                then()
            }
        }
    }

    private func read(_ key: Int, by lane: Lane, then: @escaping (Bool) -> Void) {
        guard let client = lane.node.client else { return }
        let (name, process) = (HistoryName.text(AppendJob.key(key)), HistoryName.text(lane.name))
        take(.read(.invoke, by: process, key: name))
        underWay += 1
        lane.node.host?.perform { [self] in
            client.read(key: Array(AppendJob.key(key).utf8), timeout: .milliseconds(plan.timeoutMs)) { [self] result in
                underWay -= 1
                guard lane.isAlive else { return }
                switch result {
                case .success(let state):
                    let list = AppendJob.values(state ?? []) ?? []
                    cluster.answered(AppendJob.key(key), list)
                    take(.read(.ok, by: process, key: name, list: list))
                    then(true)
                case .failure:
                    take(.read(.fail, by: process, key: name))
                    then(false)
                }
            }
        }
    }

    /// Reads each key until it is answered; `then` is called when all were.
    func readAll(by node: SimulatedNode, then: @escaping () -> Void) {
        var left = plan.keys
        for key in 0..<plan.keys {
            let lane = Lane(node: node, life: node.life, name: "\(node.name).\(node.life).last.\(key)")
            readUntilAnswered(key, by: lane) {
                left -= 1
                if left == 0 { then() }
            }
        }
    }

    private func readUntilAnswered(_ key: Int, by lane: Lane, then: @escaping () -> Void) {
        read(key, by: lane) { [self] isAnswered in
            if isAnswered { return then() }
            time.after(100_000_000) { [self] in readUntilAnswered(key, by: lane, then: then) }
        }
    }

    private func take(_ action: HistoryEvent.Action) {
        cluster.record.take(HistoryEvent(timeNs: time.nowNs, action))
    }

    /// What a failed append's error says of its effect. Only what certainly left the state as it was is a failure.
    private static func outcome(of error: ClusterError) -> OperationType {
        switch error {
        case .handlerFailed, .unknownJob, .payloadTooLarge, .notAuthorised: .fail
        default: .info
        }
    }
}
