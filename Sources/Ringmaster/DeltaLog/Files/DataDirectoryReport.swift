// The check of a coordinator's directory while no coordinator runs there.

import RingmasterProtocol

/// What `DataDirectory.verify(path:)` found.
public struct DataDirectoryReport: Hashable, Codable, Sendable {
    public let clusterID: UInt64
    public let raftID: UInt64
    /// Whether the first configuration was written. Where it was not, the directory holds nothing.
    public let isBootstrapped: Bool
    public let term: UInt64
    /// The index up to which the newest snapshot goes; 0: there is none.
    public let snapshotIndex: UInt64
    /// The index of the last entry. Entries at the end may not be committed yet: a leader of a later term may replace them.
    public let lastIndex: UInt64
    /// Bytes of a write at the very end that a crash cut short. Nothing in it was acknowledged, unless the disk lost it.
    public let tornBytes: Int
    /// The state after all entries, those included that may not be committed yet.
    public let jobIndex: UInt64
    public let epoch: UInt64
    public let keys: Int
    public let sessions: Int
    /// Equal on all coordinators that have applied the same entries.
    public let stateHash: UInt64
}

extension DataDirectory {
    /// Whether the directory is some coordinator's: it has an identity, or files of a log.
    public static func holdsLog(at path: String) -> Bool {
        names(in: path).contains { name in
            ["identity", "metadata1", "metadata2"].contains(name) || LogFileName(name) != nil
        }
    }

    /// Checks every file of the directory at `path` that counts, and brings its state back in memory. Changes nothing.
    /// O(bytes of the log).
    ///
    /// - Throws: `.directoryLocked` where a coordinator runs there, `.corrupt` with the file, `.system`.
    public static func verify(path: String) throws(DeltaLogError) -> DataDirectoryReport {
        let directory = try DataDirectory(reading: path)
        guard directory.isBootstrapped else { return DataDirectoryReport(directory, StateMachine(), nil) }
        // What the escaping closure applies to.
        let applied = Applied()
        let inventory = try LogInventory(directory: directory) { content, name throws(DeltaLogError) in
            applied.index = name.index
            do {
                applied.machine = try StateMachine(snapshot: content)
            } catch {
                throw .corrupt(file: "\(path)/\(name.file)", reason: "the state cannot be read: \(error)")
            }
        } visit: { entry throws(DeltaLogError) in
            guard entry.index > applied.index, entry.kind == .command else { return }
            do {
                _ = try applied.machine.apply(entry.content)
            } catch {
                throw .corrupt(file: entry.file, reason: "entry \(entry.index) cannot be applied: \(error)")
            }
        }
        return DataDirectoryReport(directory, applied.machine, inventory)
    }

    private final class Applied {
        var machine = StateMachine()
        /// Of the snapshot: entries up to it are in the state.
        var index: UInt64 = 0
    }
}

extension DataDirectoryReport {
    init(_ directory: DataDirectory, _ machine: StateMachine, _ inventory: LogInventory?) {
        clusterID = directory.clusterID
        raftID = directory.raftID
        isBootstrapped = directory.isBootstrapped
        term = inventory?.term ?? 0
        snapshotIndex = inventory?.snapshot?.index ?? 0
        lastIndex = inventory?.lastIndex ?? 0
        tornBytes = inventory?.tornBytes ?? 0
        jobIndex = machine.jobIndex.rawValue
        epoch = machine.view.ring.epoch.rawValue
        keys = machine.keyCount
        sessions = machine.sessionCount
        stateHash = machine.hash
    }
}
