// The methods of the cluster, for whoever counts in a simulation which of them were used.

package enum SimulatedMethods {
    /// What coordinators, workers and clients ask of each other.
    package static let used: [String] =
        [
            ClusterMethods.hello, ClusterMethods.view, ClusterMethods.raft, ClusterMethods.join, ClusterMethods.leave,
            ClusterMethods.heartbeat, ClusterMethods.deltas, ClusterMethods.lookUp, ClusterMethods.fetch,
            ClusterMethods.fetchKey, ClusterMethods.openSession, ClusterMethods.closeSession, ClusterMethods.submit,
            ClusterMethods.read, ClusterMethods.sync, ClusterMethods.newView, ClusterMethods.viewStep,
        ].map(\.name) + publications

    /// What goes out by pub/sub stands in its frames as methods do.
    private static let publications = [
        ClusterMethods.viewStepTopic, String(decoding: PublicationFrame.listingName, as: UTF8.self),
    ]

    /// The method that carries Raft's messages, in parts.
    package static let raft = ClusterMethods.raft.name

    /// libraft's number of the kind of message of which this is the first part; nil: it is another part, or an introduction.
    package static func raftKind(ofPart bytes: UnsafeRawBufferPointer) -> Int? {
        guard let part = RaftParcel(bytes), part.index == 0, let envelope = RaftEnvelope(part.body),
            envelope.message.count > 1
        else { return nil }
        // A message of Raft begins with its version and its kind.
        return Int(envelope.message[1])
    }

    /// What only administrators and programs of their own ask, and changes of coordinators: no simulation has them.
    package static let unused: [String] =
        [
            ClusterMethods.status, ClusterMethods.snapshot, ClusterMethods.removed, ClusterMethods.stranger,
            ClusterMethods.addCoordinator, ClusterMethods.removeCoordinator, ClusterMethods.resize, ClusterMethods.call,
            ClusterMethods.workerStatus, ClusterMethods.retire,
        ].map(\.name) + [ClusterMethods.viewTopic]
}
