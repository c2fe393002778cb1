// What a verdict is worth for another system, which promises less.

import Foundation
import Measurement
import Testing

@testable import ChaosKit

struct RunTargetTests {
    private static let why = "at least once"
    private let target = RunTarget(
        name: "queue",
        service: "recommended",
        version: "1.0",
        settings: "defaults",
        promise: "at least once",
        notPromised: ["duplicated-append": why]
    )

    /// - Parameter list: What the key holds at the end, after appends of 1 and 2 that were acknowledged in this order.
    private func verdict(_ list: [Int64]) throws -> Verdict {
        var encoder = HistoryEncoder()
        for (timeNs, value) in [(10, 1), (30, 2)] as [(Int64, Int64)] {
            encoder.encode(HistoryEvent(timeNs: timeNs, .append(.invoke, by: "a", key: "k", value: value)))
            encoder.encode(
                HistoryEvent(timeNs: timeNs + 5, .append(.ok, by: "a", key: "k", value: value, position: value - 1))
            )
        }
        encoder.encode(HistoryEvent(timeNs: 50, .read(.invoke, by: "a", key: "k")))
        encoder.encode(HistoryEvent(timeNs: 60, .read(.ok, by: "a", key: "k", list: list)))
        return try HistoryChecker.check(HistoryReader(encoder.bytes))
    }

    private func result(_ verdict: Verdict, crashes: [String] = [], target: RunTarget?) -> RunResult {
        RunResult(verdict: verdict, errors: [], crashes: crashes, kills: 0, target: target)
    }

    @Test
    func aDuplicateBreaksNoPromiseOfAtLeastOnce() throws {
        let verdict = try verdict([1, 2, 2])
        #expect(verdict.anomalies.map(\.kind) == [.duplicatedAppend])
        #expect(result(verdict, target: target).outcome == .valid)
        #expect(target.notes(on: verdict) == ["not promised: 1 duplicated-append: \(Self.why)"])
        #expect(result(verdict, target: target).report().contains("not promised: 1 duplicated-append"))
        #expect(result(verdict, target: nil).outcome == .violation, "Ringmaster promises it")
    }

    @Test
    func aLossIsAViolationWhateverElseIsNotPromised() throws {
        let verdict = try verdict([1, 1])
        #expect(Set(verdict.anomalies.map(\.kind)) == [.lostAppend, .duplicatedAppend])
        #expect(result(verdict, target: target).outcome == .violation)
    }

    @Test
    func aCrashIsAViolationWhateverIsPromised() throws {
        #expect(result(try verdict([1, 2]), crashes: ["it ended"], target: target).outcome == .violation)
    }

    @Test
    func theReportNamesTheTargetAndWhatItDoesNotPromise() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "target-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(making: folder.path(percentEncoded: false))
        let writer = try HistoryWriter(path: run.historyPath)
        for (timeNs, action) in [
            (10, HistoryEvent.Action.append(.invoke, by: "a", key: "k", value: 1)),
            (15, .append(.ok, by: "a", key: "k", value: 1, position: 0)),
            (20, .read(.invoke, by: "a", key: "k")), (30, .read(.ok, by: "a", key: "k", list: [1, 1])),
        ] as [(Int64, HistoryEvent.Action)] {
            try writer.append(HistoryEvent(timeNs: timeNs, action))
        }
        try writer.close()
        let file = RunFile(
            seed: 1,
            settings: RunSettings(),
            machine: MachineInfo.current(),
            times: RunTimes(),
            result: result(try HistoryChecker.check(path: run.historyPath), target: target),
            faults: [:],
            target: target
        )
        try file.write(in: run)
        let report = try ChaosReport(reading: folder)
        #expect(report.facts.target == target)
        _ = try report.write(formats: [.json, .html], gnuplot: .failure(.notFound))
        let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
        #expect(page.contains("It kept what it promises"))
        #expect(page.contains("Not promised: \(Self.why)"))
        let summary = try String(contentsOf: folder.appending(path: "summary.json"), encoding: .utf8)
        #expect(summary.contains(#""name" : "queue""#))
        #expect(report.facts.replay(in: "here") == "swift run -c release chaos run --target queue --seed 1")
    }
}
