// What a coordinator tells of itself and of the cluster: for people, `top` and tests.

import RingmasterProtocol

/// The state of a cluster as one coordinator sees it.
public struct CoordinatorStatus: Codable, Sendable {
    /// A worker on the ring, or on its way to it.
    public struct Worker: Codable, Sendable {
        public var name: String
        public var endpoint: String
        public var incarnation: UInt64
        public var weight: Int
        public var slots: Int
        /// Only the leader knows: ms since the worker was heard; -1 elsewhere.
        public var silentMs: Int
    }

    /// Entries of the log from one mark to the next.
    public static let markInterval: UInt64 = 16

    public var name: String
    public var raftID: UInt64
    public var endpoint: String
    public var clusterID: UInt64
    /// leader, follower, candidate, removed or unavailable.
    public var role: String
    /// The newest term of the log that it knows of.
    public var term: UInt64
    public var leaderEndpoint: String
    /// Replicas that hold the log: 0 for memory only.
    public var replicas: Int
    public var durability: String
    public var epoch: UInt64
    /// The epoch of a round that is not committed yet; 0 without one.
    public var intentEpoch: UInt64
    public var jobIndex: UInt64
    public var logIndex: UInt64
    public var appliedIndex: UInt64
    public var keys: Int
    public var sessions: Int
    /// Hash of the state after `appliedIndex`: equal on all coordinators at one index.
    public var stateHash: UInt64
    /// Hash of the state after `markIndex`, the last index applied that is a multiple of `markInterval`; both 0 before the first. Coordinators that
    /// are asked at different times can be compared by it.
    public var markHash: UInt64
    public var markIndex: UInt64
    public var workers: [Worker]
    /// Since this coordinator began: rounds committed, rounds superseded, entries and commands proposed, deltas refused.
    public var roundsCommitted: Int
    public var roundsSuperseded: Int
    public var entries: Int
    public var commands: Int
    public var deltasApplied: Int
    public var deltasRefused: Int
    /// Since this coordinator began, while it led: deltas of stale owners refused by the fence, deltas of jobs that had been done,
    /// and bytes of states handed over to workers.
    public var deltasFenced: Int
    public var duplicatesSuppressed: Int
    public var handOverBytes: Int
}
