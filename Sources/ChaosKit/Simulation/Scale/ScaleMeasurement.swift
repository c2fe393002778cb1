// What one simulated cluster was found to cost.

/// How large a cluster is, and how often it is resized.
public struct ScaleSize: Codable, Hashable, Sendable {
    public var workers: Int
    public var slots: Int
    public var clients: Int
    public var coordinators: Int
    /// How often a worker joins and leaves, and another joins and dies: the size is the same before each join.
    public var rounds: Int

    public init(workers: Int, slots: Int, clients: Int, coordinators: Int, rounds: Int) {
        self.workers = workers
        self.slots = slots
        self.clients = clients
        self.coordinators = coordinators
        self.rounds = rounds
    }
}

/// What brings a resize about.
public enum ScaleEvent: String, Codable, CaseIterable, Sendable {
    case join, leave, death
    /// One worker of twenty dies, all at one moment.
    case rack
}

/// A cluster in which nothing changes.
public struct ScaleAtRest: Codable, Sendable {
    /// Virtual time until every worker served, and the rounds that it took.
    public var startNs: Int64
    public var startRounds: Int
    /// A view in its encoding.
    public var viewBytes: Int
    public var heartbeatsPerSecond: Double
    /// A heartbeat and its answer.
    public var heartbeatBytes: Double
    /// All that a client, and a worker, received.
    public var clientBytesPerSecond: Double
    public var workerBytesPerSecond: Double
    /// Processor time of all of the leader's turns in a stretch over the heartbeats answered in it: the checks of leases, the
    /// questions for coordinators and Raft's own heartbeats are in it.
    public var leaderNsPerHeartbeat: Double
    /// Processor time of the leader's turns over the stretch's length.
    public var leaderShare: Double
    /// Processor time of the plan of a join.
    public var planNs: Int64
    /// Resident memory of the whole simulation: coordinators, workers, clients and what is under way.
    public var memoryBytes: Int
}

/// One resize: what was said from the moment at which it was brought about until shortly after everybody went by its view.
public struct ScaleResize: Codable, Sendable {
    public var event: ScaleEvent
    /// Views that were proposed.
    public var epochs: Int
    public var movedSlots: Int
    /// Virtual time to the commit, and until everybody goes by the new view.
    public var commitNs: Int64
    public var settledNs: Int64
    public var traffic: [ScaleTraffic]
    /// What a worker that stays received, without leases: the mean and the most.
    public var workerFrames: Double
    public var workerBytes: Double
    public var workerBytesMax: Int
    /// What a client received.
    public var clientBytes: Double
    /// Processor time of the leader's turns, and of the longest of them.
    public var leaderNs: Int64
    public var leaderTurnNs: Int64
    /// Of a worker that stays: the mean of all its turns, and the longest turn of any.
    public var workerNs: Double
    public var workerTurnNs: Int64
    public var clientNs: Double

    private func sum(_ bytes: KeyPath<ScaleTraffic, Int>, _ isWanted: (ScaleTraffic) -> Bool) -> Int {
        traffic.filter { !$0.isPeriodic && isWanted($0) }.reduce(0) { $0 + $1[keyPath: bytes] }
    }

    /// Without leases, questions for coordinators and Raft's messages.
    public var frames: Int { sum(\.frames) { _ in true } }
    public var bytes: Int { sum(\.bytes) { _ in true } }
    public var leaderFramesSent: Int { sum(\.frames) { $0.from == .leader } }
    public var leaderBytesSent: Int { sum(\.bytes) { $0.from == .leader } }
    public var leaderFramesReceived: Int { sum(\.frames) { $0.to == .leader } }
    public var leaderBytesReceived: Int { sum(\.bytes) { $0.to == .leader } }
    /// All that went from leader to followers for the log, its heartbeats too.
    public var logBytes: Int {
        traffic.filter { $0.name == "cluster.raft" && $0.from == .leader }.reduce(0) { $0 + $1.bytes }
    }
}

/// Frames of one kind.
public struct ScaleTraffic: Codable, Equatable, Sendable {
    var name: String
    var from: TrafficTally.Party
    var to: TrafficTally.Party
    public var frames: Int
    public var bytes: Int

    var isPeriodic: Bool { TrafficTally.Kind(name: name, from: from, to: to).isPeriodic }
}

/// A cluster of one size, all of it.
public struct ScaleMeasurement: Codable, Sendable {
    public var size: ScaleSize
    public var atRest: ScaleAtRest
    public var resizes: [ScaleResize]
}

/// Why a cluster could not be measured.
public enum ScaleError: Error, CustomStringConvertible {
    /// The simulation's processes did not begin.
    case cannotBegin(String)
    /// A cluster did not get where it was to go: a fault of the cluster, or a size that it cannot have.
    case notSettled(String)
    /// Another coordinator leads, so that what was counted as the leader's is nobody's.
    case leaderChanged
    /// A process that measured one size failed.
    case shareFailed(String)
    /// The results cannot be written there.
    case cannotWrite(String)

    public var description: String {
        switch self {
        case .cannotBegin(let reason): "the simulation cannot begin: \(reason)"
        case .notSettled(let what): what
        case .leaderChanged: "another coordinator became the leader while the cluster was measured"
        case .shareFailed(let reason): "a process that measured a cluster failed: \(reason)"
        case .cannotWrite(let reason): "the results cannot be written: \(reason)"
        }
    }
}
