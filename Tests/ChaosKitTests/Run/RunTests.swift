// `chaos run` as a process: a short run from the command line to its results.

import Foundation
import Testing

@testable import ChaosKit

@Suite(.serialized, .timeLimit(.minutes(3)))
final class RunTests {
    private let folder = FileManager.default.temporaryDirectory.path(percentEncoded: false) + "run-\(UUID().uuidString)"

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "chaos")
        process.arguments = ["run", "--quiet"] + arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test
    func aRunUnderKillsAndResizesIsValidAndLeavesItsResults() throws {
        let result = try run([
            "--duration", "3s", "--rate", "200", "--keys", "50", "--kill-rate", "2", "--resize-every", "1s",
            "--restart-after",
            "200ms", "--seed", "5", "--out", folder,
        ])
        #expect(result.status == 0, "\(result.output)")
        let place = HistoryPlace(folder)
        let verdict = try HistoryChecker.check(path: place.historyPath)
        #expect(verdict.outcome == .valid)
        #expect(verdict.counts.faults > 0 && verdict.counts.rounds > 1 && verdict.counts.ok > 100)
        let schedule = try Schedule(path: folder + "/schedule.json")
        #expect(schedule == Schedule(planning: schedule.settings, seed: 5))
        #expect(try String(contentsOfFile: place.verdictPath ?? "", encoding: .utf8) == verdict.json)
        let history = try String(contentsOfFile: place.historyPath, encoding: .utf8)
        for note in ["load-begin", "view", "resize-order", "fault-begin", "healed", "replica-hash", "intended"] {
            #expect(history.contains("\"\(note)\""), "no \(note)")
        }
    }

    @Test
    func aScheduleWrittenByHandIsPlayedToTheEnd() throws {
        var settings = RunSettings()
        settings.durationNs = 2_500_000_000
        settings.workers = 2
        settings.coordinators = 1
        settings.replicas = 1
        settings.clients = 1
        settings.keys = 20
        settings.load.perSecond = 100
        let orders = [
            FaultOrder(id: 1, kind: .pause, target: .named("w1"), lastsNs: 900_000_000),
            FaultOrder(id: 2, kind: .restart, target: .named("w2"), lastsNs: 100_000_000),
            FaultOrder(id: 3, kind: .killAll, target: .any(.everything, pick: 0), lastsNs: 100_000_000),
            FaultOrder(id: 4, kind: .kill, target: .named("w9"), lastsNs: 0),
        ]
        let times: [Int64] = [100_000_000, 200_000_000, 1_700_000_000, 1_800_000_000]
        let steps = zip(times, orders).map { Schedule.Step(atNs: $0, .fault($1)) }
        let path = folder + "-schedule.json"
        try Schedule(seed: 1, settings: settings, steps: steps).json().write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let result = try run(["--schedule", path, "--out", folder])
        #expect(result.status == 0, "\(result.output)")
        let history = try String(contentsOfFile: folder + "/history.jsonl", encoding: .utf8)
        #expect(history.contains(#""kind":"pause","target":"w1","verified":true"#))
        #expect(history.contains(#""kind":"restart","target":"w2","verified":true"#))
        #expect(history.contains(#""kind":"kill-all","target":"c1,w1,w2","verified":true"#))
        #expect(history.contains(#""f":"fault-skipped","value":{"fault":"4","kind":"kill"}"#))
    }

    @Test
    func resultsAreNeverOverwritten() throws {
        try FileManager.default.createDirectory(atPath: folder + "/x", withIntermediateDirectories: true)
        #expect(try run(["--out", folder]).status == 3)
    }

    @Test(arguments: [
        ["--workers", "0"], ["--rate", "often"], ["--faults", "kiss"], ["--seed", "1", "--schedule", "x"],
    ])
    func aWrongCommandLineIsStatus2(arguments: [String]) throws {
        let status = try run(arguments + ["--out", folder]).status
        #expect(status == 2)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
