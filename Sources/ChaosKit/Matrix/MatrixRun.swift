// Many cells, one after the other, on clusters that are kept as long as they are sound.

import Foundation
import Ringmaster

/// Tries cells. A cell that does not end valid has its cluster replaced.
public struct MatrixRun {
    private let cells: [MatrixCell]
    private let folder: String
    private let planted: PlantedBug?

    /// - Parameter folder: Where the histories go.
    public init(_ cells: [MatrixCell], folder: String, planted: PlantedBug? = nil) {
        self.cells = cells
        self.folder = folder
        self.planted = planted
    }

    /// - Parameter tell: Called with each result, as it comes.
    public func run(_ tell: (MatrixResult) -> Void) async throws -> [MatrixResult] {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw TrialError.cannotCreate(path: folder, reason: error.localizedDescription)
        }
        var results: [MatrixResult] = []
        var present: (cluster: TrialCluster, client: Client, mode: ResizeMode)?
        for (index, cell) in cells.enumerated() {
            if present?.mode != cell.mode { present = try await begin(cell.mode, index) }
            let (cluster, client, _) = present!
            let trial = MatrixTrial(cluster: cluster, cell: cell, number: index + 1, folder: folder, client: client)
            let result: MatrixResult
            do {
                result = try await trial.run()
            } catch let error as TrialError {
                result = MatrixResult(cell: cell, outcome: .violation("not settled afterwards: \(error)"), settled: nil)
            }
            results.append(result)
            tell(result)
            if result.outcome != .valid {
                if case .violation = result.outcome { cluster.keepsFiles = true }
                await client.close()
                present = nil
            }
        }
        await present?.client.close()
        return results
    }

    private func begin(
        _ mode: ResizeMode,
        _ index: Int
    ) async throws -> (cluster: TrialCluster, client: Client, mode: ResizeMode) {
        let cluster = try await TrialCluster(
            coordinators: 3,
            mode: mode,
            planted: planted,
            folder: "\(folder)/cluster-\(index)"
        )
        try await cluster.begin(workers: MatrixTrial.members)
        return (cluster, try await cluster.client(), mode)
    }
}
