// Who this server is in the log's cluster, and the log's times and sizes.

import CShimDeltaLog
import RingmasterProtocol

/// A server of the log's cluster.
struct LogServer: Hashable, Sendable {
    /// Above 0, never given to another server.
    let id: UInt64
    /// What the transport knows it by; the log only keeps it.
    let address: String
    /// One that does not vote is on its way to it.
    var isVoter = true
}

struct RaftLogSettings: Sendable {
    /// Made where it does not exist; its parent must.
    var directory: String
    /// Of a simulation: in the place of the directory.
    var virtualDisk: VirtualDisk?
    var clusterID: UInt64
    var raftID: UInt64
    var address: String
    /// The servers of a new cluster, this one among them; the same on each. Used once, for a directory that is empty. Empty
    /// for a server that joins a running cluster by `addServer`.
    var initialServers: [LogServer]

    /// An election begins after one to two times this without a leader.
    var electionTimeout = Duration.milliseconds(60)
    /// The leader shows itself this often.
    var heartbeat = Duration.milliseconds(10)
    /// A snapshot that was sent and not answered is sent again after this.
    var installSnapshotTimeout = Duration.seconds(5)
    /// Entries after which a snapshot is taken.
    var snapshotThreshold: UInt32 = 8192
    /// Entries kept behind a snapshot: a follower that lacks no more than these needs no snapshot.
    var snapshotTrailing: UInt32 = 4096
    /// Bytes of a file of entries.
    var segmentBytes = 8 << 20
    /// Bytes of entries in one message, about: a follower that is far behind gets several.
    var messageBytesMax = 4 << 20

    /// A file that is open for entries is never smaller.
    static let segmentBytesMin = 8 << 20

    init(directory: String, clusterID: UInt64, raftID: UInt64, address: String, initialServers: [LogServer]) {
        self.directory = directory
        self.clusterID = clusterID
        self.raftID = raftID
        self.address = address
        self.initialServers = initialServers
    }

    /// - Throws: `.invalidSetting` naming what is out of its range.
    func check() throws(DeltaLogError) {
        guard raftID > 0 else { throw .invalidSetting("a raft id must be above 0") }
        guard address.utf8.count <= Int(RM_RAFT_ADDRESS_MAX) else {
            throw .invalidSetting("the address '\(address)' has more than \(RM_RAFT_ADDRESS_MAX) bytes")
        }
        guard heartbeat >= .milliseconds(1), heartbeat < electionTimeout, electionTimeout <= .seconds(60) else {
            throw .invalidSetting(
                "heartbeat \(heartbeat) and election timeout \(electionTimeout) must be 1 ms <= heartbeat < timeout <= 60 s"
            )
        }
        guard installSnapshotTimeout >= .milliseconds(1), installSnapshotTimeout <= .seconds(3600) else {
            throw .invalidSetting("the time for a snapshot must be 1 ms to 1 h, not \(installSnapshotTimeout)")
        }
        guard snapshotThreshold > 0 else { throw .invalidSetting("a snapshot every 0 entries") }
        // Without any, libraft would remove the entries behind the snapshot, too.
        guard snapshotTrailing > 0 else { throw .invalidSetting("no entries kept behind a snapshot") }
        guard segmentBytes >= Self.segmentBytesMin, segmentBytes % 4096 == 0, segmentBytes <= 64 << 20 else {
            throw .invalidSetting("a segment of \(segmentBytes) bytes; 8 to 64 MiB, a multiple of 4096")
        }
        guard messageBytesMax > 0 else { throw .invalidSetting("messages of \(messageBytesMax) bytes") }
        guard initialServers.isEmpty || initialServers.contains(where: { $0.id == raftID }) else {
            throw .invalidSetting("server \(raftID) is not among the first servers of its own cluster")
        }
    }

    var raw: rm_raft_settings {
        rm_raft_settings(
            election_timeout_ms: Self.milliseconds(electionTimeout),
            heartbeat_ms: Self.milliseconds(heartbeat),
            install_snapshot_timeout_ms: Self.milliseconds(installSnapshotTimeout),
            snapshot_threshold: snapshotThreshold,
            snapshot_trailing: snapshotTrailing,
            segment_bytes: UInt64(segmentBytes),
            message_bytes_max: UInt64(messageBytesMax)
        )
    }

    private static func milliseconds(_ duration: Duration) -> UInt32 {
        UInt32(clamping: duration.nanosecondsClamped / 1_000_000)
    }
}
