import Foundation
import Measurement
import Testing

@testable import ChaosKit

@Suite("Reports of a run")
struct ChaosReportTests {
    /// A run's folder in a directory of its own, handed to `body` and removed.
    private func withFolder(_ history: [UInt8], _ files: [String: String] = [:], _ body: (URL) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "chaos-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(history).write(to: directory.appending(path: "history.jsonl"))
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        try body(directory)
    }

    private func text(_ directory: URL, _ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    }

    /// Two faults on slots 0 and 1, the second with the longer recovery, and a resize that moves slot 1.
    private static var small: WrittenRun {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w2", "w2", "w2"])
        run.fault(1, "kill", "w1", from: 1000, to: 1500)
        run.fault(2, "pause", "w<2>,w2", from: 2000, to: 2100)
        run.nemesis(1002, "detected", #"{"fault":1}"#)
        run.nemesis(3000, "resize-begin", #"{"epoch":2,"mode":"handoff","members":["w1","w2"]}"#)
        run.nemesis(3010, "resize-commit", #"{"epoch":2}"#)
        run.nemesis(3012, "resize-end", #"{"epoch":2,"outcome":"committed"}"#)
        run.view(3010, epoch: 2, ["w1", "w1", "w2", "w2"])
        run.append(keyOfSlot[0], from: 500, to: 501)
        run.append(keyOfSlot[0], from: 1001, to: 1030)
        run.append(keyOfSlot[1], from: 2001, to: 2080)
        run.append(keyOfSlot[1], from: 3001, to: 3011)
        return run
    }

    @Test func theTablesHoldTheMeasures() throws {
        try withFolder(Self.small.bytes) { directory in
            _ = try ChaosReport(reading: directory).write(formats: [.csv], gnuplot: .failure(.notFound))
            let recoveries = try text(directory, "recoveries.csv").split(separator: "\n").map(String.init)
            // The silence of a slot is from when it was first asked.
            #expect(
                recoveries[1]
                    == "1,kill,w1,1000,1,2,30,0,1,29,29,29,0,29,1,0,0,"
            )
            #expect(
                recoveries[2]
                    == "2,pause,\"w<2>,w2\",2000,3,,80,0,1,79,79,79,0,79,1,0,0,"
                    + "nothing notes that it was noticed"
            )
            let resizes = try text(directory, "resizes.csv").split(separator: "\n").map(String.init)
            #expect(
                resizes[1]
                    == "2,handoff,w1 w2,committed,3000,10,2,12,1,,1,10,10,10,,,,,no note says how many bytes were moved"
            )
            let faults = try text(directory, "faults.csv").split(separator: "\n").map(String.init)
            #expect(faults[1] == "1,kill,w1,1000,1500,500,yes,yes,2")
            let latency = try text(directory, "latency.csv").split(separator: "\n").map(String.init)
            #expect(latency.contains { $0.hasPrefix("overall,4,4,0,0,") && $0.hasSuffix(",79000") })
            #expect(latency.last == "reads,0,0,0,0,,,,,,,")
            let throughput = try text(directory, "throughput.csv").split(separator: "\n").map(String.init)
            #expect(throughput[1] == "500,1,1,0,0,0,0")
            #expect(throughput.count == 1 + 26)
            let curve = try PercentileCurve(hgrm: text(directory, "hgrm/recoveries.hgrm"))
            #expect(curve.count == 2)
        }
    }

    @Test func theSummaryHoldsThemForPrograms() throws {
        try withFolder(Self.small.bytes, ["run.json": #"{"seed":18446744073709551615}"#]) { directory in
            _ = try ChaosReport(reading: directory).write(formats: [.json], gnuplot: .failure(.notFound))
            let json = try JSONSerialization.jsonObject(with: Data(text(directory, "summary.json").utf8))
            let summary = try #require(json as? [String: Any])
            #expect(summary["seed"] as? String == "18446744073709551615")
            #expect(summary["outcome"] as? String == "undecided")
            let faults = try #require(summary["faults"] as? [String: Any])
            let recovery = try #require(faults["recovery"] as? [String: Int])
            #expect(
                recovery == [
                    "count": 2, "p50Ns": 30_000_000, "p90Ns": 80_000_000, "p99Ns": 80_000_000, "maxNs": 80_000_000,
                ]
            )
            #expect((summary["missing"] as? [String: String])?["retries"] == "no note \"counters\" has it")
        }
    }

    @Test func thePageTellsTheWorstFaultFirstAndHowToReplay() throws {
        let runFile =
            #"{"seed":7,"command":"chaos run --kill-rate 1","settings":{"workers":4,"load":{"perSecond":2000}}}"#
        try withFolder(Self.small.bytes, ["run.json": runFile, "verdict.json": #"{"outcome":"valid"}"#]) { directory in
            let report = try ChaosReport(reading: directory)
            let written = try report.write(formats: [.html], gnuplot: .failure(.notFound))
            #expect(written.files.map(\.lastPathComponent) == ["report.html"])
            #expect(written.warnings.contains { $0.contains("gnuplot") })
            let page = try text(directory, "report.html")
            let worst = try #require(page.range(of: "<a href=\"#fault-2\">"))
            let other = try #require(page.range(of: "<a href=\"#fault-1\">"))
            #expect(worst.lowerBound < other.lowerBound)
            #expect(page.contains("id=\"fault-1\"") && page.contains("id=\"fault-2\""))
            #expect(page.contains("chaos run --kill-rate 1 --seed 7"))
            #expect(page.contains("load.perSecond"))
            #expect(page.contains("verdict.json says valid"))
            #expect(page.contains("w&lt;2&gt;") && !page.contains("w<2>"))
            #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("src="))
        }
    }

    @Test func aViolationIsSaidFirstWithItsLines() throws {
        var run = Self.small
        run.line(4000, "r", #""type":"invoke","f":"read","key":"\#(keyOfSlot[0])","value":null"#)
        run.line(4001, "r", #""type":"ok","f":"read","key":"\#(keyOfSlot[0])","value":[]"#)
        try withFolder(run.bytes) { directory in
            let report = try ChaosReport(reading: directory)
            #expect(report.verdict.outcome == .violation)
            _ = try report.write(formats: [.html], gnuplot: .failure(.notFound))
            let page = try text(directory, "report.html")
            #expect(page.contains("Violation: an acknowledged append is missing"))
            #expect(page.contains("lost-append") && page.contains("history.jsonl, line"))
        }
    }

    @Test func whatWentWrongWithTheRunItselfIsTold() throws {
        let runFile = #"{"seed":7,"errors":["fault 3 could not be applied"],"crashes":["w2 ended with signal 11"]}"#
        try withFolder(Self.small.bytes, ["run.json": runFile]) { directory in
            _ = try ChaosReport(reading: directory).write(formats: [.html], gnuplot: .failure(.notFound))
            let page = try text(directory, "report.html")
            #expect(page.contains("fault 3 could not be applied") && page.contains("w2 ended with signal 11"))
        }
    }

    @Test(.enabled(if: (try? Gnuplot()) != nil))
    func everyFigureIsDrawn() throws {
        var settings = SyntheticSettings()
        settings.seconds = 8
        try withFolder(SyntheticRun(settings).bytes) { directory in
            let (files, warnings) = try ChaosReport(reading: directory).write(formats: [.svg, .html])
            #expect(warnings == [])
            let names = files.filter { $0.pathExtension == "svg" }.map { $0.deletingPathExtension().lastPathComponent }
            #expect(
                names == [
                    "rate", "latency-points", "latency-quantiles", "ownership", "recoveries", "latency-distribution",
                ]
            )
            let rate = try text(directory, "plots/rate.svg")
            #expect(rate.contains("kill worker-") && rate.contains("epoch 2"))
            #expect(try text(directory, "plots/ownership.svg").contains("worker-5"))
            #expect(try text(directory, "report.html").components(separatedBy: "<figure>").count == 7)
        }
    }

    @Test func aFolderWithoutAHistoryIsAnErrorThatNamesIt() throws {
        #expect(throws: ReportError.self) { try ChaosReport(reading: URL(filePath: "/nonexistent/run")) }
    }

    @Test func aScheduleReplaysExactlyAndBrokenFilesAreNamed() throws {
        try withFolder(Self.small.bytes, ["schedule.json": "{}", "run.json": "{"]) { directory in
            let report = try ChaosReport(reading: directory)
            #expect(
                report.facts.replay(in: "results/x")?.hasSuffix("chaos run --schedule results/x/schedule.json") == true
            )
            #expect(report.warnings == ["run.json cannot be read"])
        }
    }

    @Test func theOwnersOfNeighbouringSlotsAreOneBox() throws {
        let record = try Self.small.measures.record
        let boxes = OwnershipBoxes(record.ownership, until: ms(4000))
        #expect(boxes.series.map(\.title) == ["w1", "w2"])
        #expect(Set(boxes.series[0].boxes) == [.init(x: 0...4, y: 0...1), .init(x: 3.01...4, y: 1...2)])
        #expect(Set(boxes.series[1].boxes) == [.init(x: 0...3.01, y: 1...2), .init(x: 0...4, y: 2...4)])
    }
}
