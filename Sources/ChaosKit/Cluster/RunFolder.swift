// The folder of a run's results, and of what its processes keep meanwhile.

import Foundation

/// Where everything of a run lies.
public struct RunFolder: Sendable {
    public let path: String

    /// Makes the folder.
    /// - Throws: `RunError.cannotCreate`, also where it is there and not empty: results are never overwritten.
    public init(making path: String) throws(RunError) {
        self.path = path
        let files = FileManager.default
        if let present = try? files.contentsOfDirectory(atPath: path), !present.isEmpty {
            throw .cannotCreate(path: path, reason: "it is there already, and not empty; choose another --out")
        }
        do {
            for folder in [path, dataPath, logsPath, notesPath, ordersPath] {
                try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
        } catch {
            throw .cannotCreate(path: path, reason: error.localizedDescription)
        }
    }

    public var historyPath: String { path + "/" + HistoryPlace.historyName }
    public var verdictPath: String { path + "/" + HistoryPlace.verdictName }
    public var schedulePath: String { path + "/schedule.json" }
    public var runPath: String { path + "/run.json" }
    /// Directories of the coordinators.
    public var dataPath: String { path + "/data" }
    /// What the processes wrote to standard error.
    public var logsPath: String { path + "/logs" }
    /// What clients noted, before it is in the history.
    public var notesPath: String { path + "/notes" }
    /// What processes are made to find; see `StandingOrders`.
    var ordersPath: String { path + "/orders" }

    public func write(_ data: Data, to path: String) throws(RunError) {
        do {
            try data.write(to: URL(filePath: path))
        } catch {
            throw .cannotCreate(path: path, reason: error.localizedDescription)
        }
    }

    /// Removes what only the processes needed. The coordinators' data stays where it may be evidence.
    public func tidy(keepsData: Bool) {
        for path in [notesPath, ordersPath] { try? FileManager.default.removeItem(atPath: path) }
        if !keepsData { try? FileManager.default.removeItem(atPath: dataPath) }
    }
}
