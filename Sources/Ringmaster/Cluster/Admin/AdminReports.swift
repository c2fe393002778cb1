// What the processes of a cluster answered to ClusterAdmin, or why there is no answer.

import RingmasterProtocol

/// A coordinator's own word of its state, or why there is none.
public struct CoordinatorReport: Sendable {
    public let endpoint: Endpoint
    public let result: Result<CoordinatorStatus, ClusterError>

    public var status: CoordinatorStatus? { try? result.get() }
    public var failure: ClusterError? { if case .failure(let error) = result { error } else { nil } }
}

/// A worker's own word of its state, or why there is none.
public struct WorkerReport: Sendable {
    public let name: String
    public let result: Result<WorkerStatus, ClusterError>

    public var status: WorkerStatus? { try? result.get() }
    public var failure: ClusterError? { if case .failure(let error) = result { error } else { nil } }
}
