// The methods of the cluster, for whoever counts in a simulation which of them were used.

package enum SimulatedMethods {
    /// What coordinators, workers and clients ask of each other.
    package static let used: [String] = [
        ClusterMethods.hello, ClusterMethods.view, ClusterMethods.raft, ClusterMethods.join, ClusterMethods.leave,
        ClusterMethods.heartbeat, ClusterMethods.deltas, ClusterMethods.lookUp, ClusterMethods.fetch,
        ClusterMethods.fetchKey, ClusterMethods.openSession, ClusterMethods.closeSession, ClusterMethods.submit,
        ClusterMethods.read, ClusterMethods.sync, ClusterMethods.newView,
    ].map(\.name)
    /// The method that carries Raft's messages, in parts with a head of so many bytes each.
    package static let raft = ClusterMethods.raft.name
    package static let raftHeadBytes = RaftParcel.headBytes

    /// What only administrators and programs of their own ask, and changes of coordinators: no simulation has them.
    package static let unused: [String] = [
        ClusterMethods.status, ClusterMethods.snapshot, ClusterMethods.removed, ClusterMethods.stranger,
        ClusterMethods.addCoordinator, ClusterMethods.removeCoordinator, ClusterMethods.resize, ClusterMethods.call,
        ClusterMethods.workerStatus, ClusterMethods.retire,
    ].map(\.name)
}
