// A few cells with real processes, with and without a mistake in them.

import Foundation
import Ringmaster
import Testing

@testable import ChaosKit

@Suite(.serialized, .timeLimit(.minutes(1)))
struct MatrixTrialTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "matrix-\(UUID().uuidString)")
        .path(percentEncoded: false)

    private func run(_ names: [String], planted: PlantedBug? = nil) async throws -> [MatrixResult] {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cells = names.compactMap { name in MatrixPlan.cells.first { $0.description == name } }
        #expect(cells.count == names.count)
        return try await MatrixRun(cells, folder: folder, planted: planted).run { _ in }
    }

    @Test func cellsOfEachKindOfProcessEndValidOnOneCluster() async throws {
        let results = try await run([
            "handoff joining worker.phase2.loaded join kill",
            "handoff leader coordinator.commit.logged join kill",
            "handoff client client.request.sent load kill",
            "handoff staying worker.deltas.answered load pause",
        ])
        for result in results { #expect(result.outcome == .valid, "\(MatrixTable.line(result))") }
        #expect(MatrixTable(results).isWhole)
    }

    @Test func aPlantedMistakeIsAViolationByName() async throws {
        let results = try await run(["handoff staying worker.deltas.answered load kill"], planted: .noSessionTable)
        #expect(results.map(\.outcome) == [.violation("duplicated-append")])
        #expect(MatrixTable(results).hasViolation)
    }

    @Test func aPlantedMistakeOfTheSnapshotIsCaught() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result = try await PlantedTrial(.repliesLostInSnapshot, isPlanted: true, folder: folder).run()
        #expect(result.anomalies == ["duplicated-append"])
    }
}
