// Many cells, one after the other, on clusters that are kept as long as they are sound.

import Foundation
import Ringmaster

/// Tries cells. A cell that does not end valid has its cluster replaced. What a cluster has on disk is checked at its end.
public struct MatrixRun {
    private let cells: [MatrixCell]
    private let folder: String
    private let planted: PlantedBug?
    /// Some steps are taken only if a job or read comes within a few ms: what was not reached is tried again.
    private static let attemptsMax = 3

    /// - Parameter folder: Where the histories go.
    public init(_ cells: [MatrixCell], folder: String, planted: PlantedBug? = nil) {
        self.cells = cells
        self.folder = folder
        self.planted = planted
    }

    /// - Parameter tell: Called with each result, as it comes.
    public func run(_ tell: (MatrixResult) -> Void) async throws -> MatrixResults {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw TrialError.cannotCreate(path: folder, reason: error.localizedDescription)
        }
        var results = MatrixResults()
        var present: Series?
        for (index, cell) in cells.enumerated() {
            if let series = present, series.mode != cell.mode {
                results.verifications.append(await end(series, before: index))
                present = nil
            }
            for attempt in 1...Self.attemptsMax {
                let series: Series
                if let present { series = present } else { series = try await begin(cell.mode, index) }
                present = series
                let result = try await result(of: cell, number: index + 1, on: series)
                if result.outcome != .valid {
                    if case .violation = result.outcome { series.cluster.keepsFiles = true }
                    results.verifications.append(await end(series, before: index + 1))
                    present = nil
                }
                if case .notReached = result.outcome, attempt < Self.attemptsMax { continue }
                results.cells.append(result)
                tell(result)
                break
            }
        }
        if let present { results.verifications.append(await end(present, before: cells.count)) }
        return results
    }

    private func result(of cell: MatrixCell, number: Int, on series: Series) async throws -> MatrixResult {
        let (cluster, client) = (series.cluster, series.client)
        let trial = MatrixTrial(cluster: cluster, cell: cell, number: number, folder: folder, client: client)
        do {
            return try await trial.run()
        } catch let error as TrialError {
            return MatrixResult(cell: cell, outcome: .violation("not settled afterwards: \(error)"), settled: nil)
        }
    }

    /// The cells on one cluster.
    private struct Series {
        let cluster: TrialCluster
        let client: Client
        let mode: ResizeMode
        /// The number of its first cell.
        let first: Int
    }

    private func end(_ series: Series, before index: Int) async -> MatrixVerification {
        await series.client.close()
        let problems = await series.cluster.verify()
        if !problems.isEmpty { series.cluster.keepsFiles = true }
        return MatrixVerification(cells: series.first...index, problems: problems)
    }

    private func begin(_ mode: ResizeMode, _ index: Int) async throws -> Series {
        let cluster = try await TrialCluster(
            coordinators: 3,
            mode: mode,
            planted: planted,
            folder: "\(folder)/cluster-\(index)"
        )
        try await cluster.begin(workers: MatrixTrial.members)
        return Series(cluster: cluster, client: try await cluster.client(), mode: mode, first: index + 1)
    }
}
