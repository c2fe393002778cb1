// The settings of a coordinator.

import RingmasterProtocol

/// Who a coordinator is, where it listens, with whom it replicates and where it keeps its log.
public struct CoordinatorConfiguration: Sendable {
    /// A coordinator of the cluster, as all of them know it.
    public struct Peer: Hashable, Sendable {
        /// Its number in the cluster: 1 or above, never given to another.
        public let raftID: UInt64
        /// Where it listens.
        public let endpoint: Endpoint

        public init(raftID: UInt64, endpoint: Endpoint) {
            self.raftID = raftID
            self.endpoint = endpoint
        }
    }

    /// Its name in the messages of a resize.
    public var name: CoordinatorID
    /// Its number in the cluster.
    public var raftID: UInt64
    /// Where it listens, and where others reach it, unless `advertisedEndpoint` says otherwise.
    public var endpoint: Endpoint
    /// Where others reach it, for one behind a proxy or address translation, or one that listens on every address of its
    /// host. It is the endpoint of this coordinator in the cluster's list.
    public var advertisedEndpoint: Endpoint?
    /// Where it publishes the view; nil takes the same host and any free port.
    public var publisherEndpoint: Endpoint?
    /// Where clients reach its publisher, as `advertisedEndpoint`. Give `publisherEndpoint` a port then.
    public var advertisedPublisherEndpoint: Endpoint?
    /// All coordinators of a new cluster, this one among them, where others reach them. A cluster that exists knows its own.
    public var peers: [Peer]
    /// Where the log is kept; nil keeps it in memory (n = 0): everything is lost with the process.
    public var dataDirectory: String?
    /// Of a simulation: in the place of the data directory.
    package var virtualDisk: VirtualDisk?
    /// What all processes of one cluster share, and no two clusters do.
    public var clusterID: UInt64
    /// Slots of a new cluster's ring.
    public var ringSize = RingSize.standard
    /// How resizes are done.
    public var resizeMode = ResizeMode.handoff
    /// Whether it is to be added to a cluster that runs, rather than to found one with `peers`.
    public var isJoining = false
    /// Without a leader's word for one to two times this a follower stands for election.
    public var electionTimeout: Duration = .milliseconds(60)
    /// How often a leader gives its word.
    public var raftHeartbeat: Duration = .milliseconds(10)
    /// Entries of the log between two snapshots.
    public var snapshotThreshold: UInt32 = 8192
    /// Of the states that it hands over in one message, about.
    package var handOverChunkBytes = ClusterLimits.handOverChunkBytes
    /// Of the socket that it listens on.
    public var serverSecurity = Security.none
    /// Of its connections to workers and other coordinators; for CURVE, their server key is asked for by endpoint.
    public var clientSecurity: @Sendable (Endpoint) -> Security = { _ in .none }

    public init(
        name: CoordinatorID = "coordinator-1",
        raftID: UInt64 = 1,
        endpoint: Endpoint,
        peers: [Peer]? = nil,
        dataDirectory: String? = nil,
        clusterID: UInt64 = 1
    ) {
        self.name = name
        self.raftID = raftID
        self.endpoint = endpoint
        self.peers = peers ?? [Peer(raftID: raftID, endpoint: endpoint)]
        self.dataDirectory = dataDirectory
        self.clusterID = clusterID
    }
}
