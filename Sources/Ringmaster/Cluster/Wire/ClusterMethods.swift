// The names of the cluster's methods: what is asked of whom. docs/PROTOCOL.md describes their params.

enum ClusterMethods {
    // Of a coordinator, answered by any.
    static let hello: RPCMethod = "cluster.hello"
    static let view: RPCMethod = "cluster.view"
    static let status: RPCMethod = "cluster.status"
    static let raft: RPCMethod = "cluster.raft"
    static let snapshot: RPCMethod = "cluster.snapshot"
    /// A leader tells a coordinator that it is none of the log's servers any more.
    static let removed: RPCMethod = "cluster.removed"
    /// A coordinator tells another that it is known by another directory.
    static let stranger: RPCMethod = "cluster.stranger"
    // Of the leader.
    static let addCoordinator: RPCMethod = "cluster.add-coordinator"
    static let removeCoordinator: RPCMethod = "cluster.remove-coordinator"
    static let join: RPCMethod = "member.join"
    static let leave: RPCMethod = "member.leave"
    static let heartbeat: RPCMethod = "member.heartbeat"
    static let deltas: RPCMethod = "log.deltas"
    static let lookUp: RPCMethod = "log.look-up"
    static let fetch: RPCMethod = "state.fetch"
    static let fetchKey: RPCMethod = "state.fetch-key"
    static let openSession: RPCMethod = "session.open"
    static let closeSession: RPCMethod = "session.close"
    static let resize: RPCMethod = "ring.mode"
    // Of a worker.
    static let submit: RPCMethod = "job.submit"
    static let read: RPCMethod = "job.read"
    static let call: RPCMethod = "job.call"
    static let sync: RPCMethod = "member.sync"
    static let newView: RPCMethod = "member.view"
    static let viewStep: RPCMethod = "member.view-step"
    static let workerStatus: RPCMethod = "member.status"
    static let retire: RPCMethod = "member.retire"

    /// The topic on which coordinators publish the view.
    static let viewTopic = "view"
    /// The topic on which they publish the step to it from the view before.
    static let viewStepTopic = "view-step"
}
