// The settings of a worker.

import RingmasterProtocol

/// Who a worker is, where it listens and which cluster it joins.
public struct WorkerConfiguration: Sendable {
    /// Its name, the same for as long as the worker is the same; no two workers of a cluster share one.
    public var name: WorkerID
    /// Its share of the slots in proportion to the others': 1...`RingLimits.weightMax`.
    public var weight = 1
    /// Coordinators of the cluster: one that answers is enough, the others are learnt from it.
    public var coordinators: [Endpoint]
    /// Where it listens, and where clients and coordinators reach it, unless `advertisedEndpoint` says otherwise.
    public var endpoint: Endpoint
    /// Where clients and coordinators reach it, for one behind a proxy or address translation, or one that listens on every
    /// address of its host.
    public var advertisedEndpoint: Endpoint?
    /// Whether the worker is well: asked at each heartbeat, on its loop, so it must be quick. One that is not is taken off the
    /// ring, its slots handed over, until it is well again.
    public var isHealthy: @Sendable () -> Bool = { true }
    /// What leaving may take. A worker that is not released by then ends with an error, and the cluster takes its slots back.
    public var leaveTimeout: Duration = .seconds(30)
    /// Of the socket that it listens on.
    public var serverSecurity = Security.none
    /// Of its connections to coordinators.
    public var clientSecurity: @Sendable (Endpoint) -> Security = { _ in .none }

    public init(name: WorkerID, coordinators: [Endpoint], endpoint: Endpoint = "tcp://127.0.0.1:*") {
        self.name = name
        self.coordinators = coordinators
        self.endpoint = endpoint
    }
}

/// What a worker tells of itself.
public struct WorkerStatus: Codable, Sendable {
    public var name: String
    public var incarnation: UInt64
    public var endpoint: String
    public var epoch: UInt64
    public var slots: Int
    public var keys: Int
    /// Jobs that wait, run or are not committed.
    public var jobsInHand: Int
    public var jobsCommitted: Int
    /// Deltas that the log refused, and their jobs that ran again.
    public var deltasRefused: Int
    public var jobsRepeated: Int
    public var reads: Int
    /// Times it had to begin a new life, as the cluster had given it up.
    public var rejoins: Int
    /// Jobs that clients sent again, answered without being run again.
    public var duplicatesSuppressed: Int
    /// Batches of deltas that went to a leader again.
    public var batchesResent: Int
}
