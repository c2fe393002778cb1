// The settings of a cluster's client, and what it counts.

import RingmasterProtocol

/// Which cluster a client speaks to, and how long it waits.
public struct ClientConfiguration: Sendable {
    /// Coordinators of the cluster: one that answers is enough, the others are learnt from it.
    public var coordinators: [Endpoint]
    /// How long making the client may take: a leader has to be found, and the session to be logged.
    public var openTimeout: Duration = .seconds(10)
    /// How long a job, read or call may take, unless it says otherwise.
    public var timeout: Duration = .seconds(10)
    /// Of the connections to coordinators and workers, by endpoint.
    public var security: @Sendable (Endpoint) -> Security = { _ in .none }

    public init(coordinators: [Endpoint]) {
        self.coordinators = coordinators
    }
}

/// What a client has seen, since it was made.
public struct ClientStatistics: Sendable, Hashable {
    /// Jobs begun.
    public var jobs = 0
    /// Jobs, reads and calls that failed.
    public var failures = 0
    /// Attempts beyond the first.
    public var resends = 0
    /// Newer views that it routes by since then.
    public var viewChanges = 0
}
