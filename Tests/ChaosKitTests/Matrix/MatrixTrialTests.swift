// A few cells with real processes, with and without a mistake in them.

import Foundation
import Ringmaster
import Testing

@testable import ChaosKit

@Suite(.serialized, .timeLimit(.minutes(1)))
struct MatrixTrialTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "matrix-\(UUID().uuidString)")
        .path(percentEncoded: false)

    private func run(_ names: [String], planted: PlantedBug? = nil) async throws -> MatrixResults {
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
        for result in results.cells { #expect(result.outcome == .valid, "\(MatrixTable.line(result))") }
        #expect(MatrixTable(results).isWhole)
        #expect(results.verifications.map(\.cells) == [1...4])
        #expect(results.verifications.flatMap(\.problems) == [])
    }

    @Test func damagedDataIsFoundAtTheEndOfASeries() async throws {
        let cluster = try await TrialCluster(coordinators: 1, mode: .handoff, folder: folder)
        try await cluster.begin(workers: ["w1"])
        cluster.coordinators[0].kill()
        try Data().write(to: URL(filePath: "\(cluster.dataDirectory(of: "c1"))/vote"))
        let problems = await cluster.verify()
        #expect(problems.count == 1 && problems[0].hasPrefix("c1: "), "\(problems)")
    }

    @Test func roundsAndEpochsAreInTheHistory() async throws {
        let cluster = try await TrialCluster(coordinators: 1, mode: .handoff, folder: folder)
        try await cluster.begin(workers: ["w1"])
        let notes = TrialNotes()
        let watch = await cluster.beginWatch(notes)
        // What was committed before is no round of this history.
        await cluster.end(watch)
        let next = await cluster.beginWatch(notes)
        try cluster.start(worker: "w2")
        try await cluster.settle(members: ["w1", "w2"], within: .seconds(10))
        await cluster.end(next)
        let verdict = try notes.judge(path: "\(folder)/history.jsonl")
        #expect(verdict.counts.rounds == 1)
        #expect(verdict.outcome == .valid, "\(verdict.anomalies) \(verdict.problems)")
    }

    @Test func aPlantedMistakeIsAViolationByName() async throws {
        let results = try await run(["handoff staying worker.deltas.answered load kill"], planted: .noSessionTable)
        #expect(results.cells.map(\.outcome) == [.violation("duplicated-append")])
        #expect(MatrixTable(results).hasViolation)
    }

    @Test func aPlantedMistakeOfTheSnapshotIsCaught() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result = try await PlantedTrial(.repliesLostInSnapshot, isPlanted: true, folder: folder).run()
        #expect(result.anomalies == ["duplicated-append"])
    }
}
