import Foundation
import Measurement
import Testing

@testable import BenchResults

/// A directory that is gone when the test ends.
private final class TemporaryDirectory {
    let url = FileManager.default.temporaryDirectory.appending(path: "bench-results-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: url) }

    func text(_ name: String) throws -> String {
        try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }

    func has(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: url.appending(path: name).path(percentEncoded: false))
    }
}

@Suite("A run as files")
struct BenchRunFilesTests {
    private static let noGnuplot: Result<Gnuplot, GnuplotError> = .failure(.notFound)

    @Test func aRunReadBackIsTheOneThatWasWritten() throws {
        let directory = TemporaryDirectory()
        let run = SyntheticRun.usual
        try run.write(to: directory.url, formats: [.csv, .hgrm], gnuplot: Self.noGnuplot)
        let read = try BenchRun(reading: directory.url)
        #expect(read.rows == run.rows)
        #expect(read.openLoop == run.openLoop)
        #expect(read.targets == run.targets)
        #expect(read == run)
        var judgedAgain = read
        judgedAgain.judge()
        #expect(judgedAgain == run)
    }

    @Test func theColumnsOfBenchAreTheDocumentedOnes() {
        let documented = [
            "scenario,variant,transport,payload_bytes,in_flight,servers,clients,coalesced,requests,seconds,requests_per_s",
            "p50_us,p90_us,p99_us,p999_us,max_us,cpu_ns_per_request,allocs_per_request,ratio_to_raw",
            "replicas,durability,pause_p99_us,recovery_p50_us,recovery_p99_us",
        ]
        #expect(BenchRow.columns.joined(separator: ",") == documented.joined(separator: ","))
    }

    @Test(.enabled(if: (try? Gnuplot()) != nil))
    func everythingIsWrittenAndDrawnAgainFromTheFilesAlone() throws {
        let (first, second) = (TemporaryDirectory(), TemporaryDirectory())
        let written = try SyntheticRun.usual.write(to: first.url)
        #expect(written.warnings.isEmpty)
        let figures = [
            "ratios", "roundtrip", "percentiles", "throughput", "open-loop", "scaling", "ring", "jobs", "pauses",
            "recovery",
        ]
        for figure in figures {
            #expect(first.has("plots/\(figure).svg") && first.has("plots/\(figure).png"), "\(figure)")
        }
        for file in ["bench.csv", "machine.json", "run.json", "report.html", "notes.txt"] {
            #expect(first.has(file), "\(file)")
        }
        try BenchRun(reading: first.url).write(to: second.url, formats: .svg)
        for figure in figures {
            let again = try second.text("plots/\(figure).svg")
            #expect(again == (try first.text("plots/\(figure).svg")), "\(figure)")
        }
        let html = try first.text("report.html")
        #expect(html.components(separatedBy: "<svg").count - 1 == figures.count)
        #expect(html.contains("swift run bench --scenarios roundtrip"))
    }

    /// A quick run measures one point of each figure, and an interrupted one perhaps nothing.
    @Test(.enabled(if: (try? Gnuplot()) != nil))
    func aRunOfSinglePointsIsDrawnToo() throws {
        let directory = TemporaryDirectory()
        var run = BenchRun(machine: SyntheticRun.machine)
        #expect(try run.write(to: directory.url).warnings.isEmpty)
        var histogram = LatencyHistogram()
        histogram.record(50_000)
        let figures = try #require(LatencyFigures(histogram))
        for scenario in [Scenario.roundtrip, .throughput, .scaling] {
            let key = BenchKey(scenario, transport: .ipc, payloadBytes: 100, inFlight: 1)
            run.add(BenchRow(key, .swift, requests: 1, seconds: 1, latency: figures), latency: histogram)
        }
        let rate = OpenLoopRow(
            .swift,
            transport: .ipc,
            payloadBytes: 100,
            targetRate: 1000,
            requests: 1,
            seconds: 1,
            latency: figures
        )
        run.add(rate, latency: histogram)
        run.add(
            RingRow(workersFrom: 1, workersTo: 1, slots: 4096, planUs: 3, moved: 0, leastPossible: 0, balance: 1)
        )
        run.judge()
        let written = try run.write(to: directory.url)
        #expect(written.warnings == [])
        #expect(written.files.count { $0.pathExtension == "png" } == 6)
        #expect(try BenchRun(reading: directory.url) == run)
    }

    @Test func withoutGnuplotOnlyTheFiguresAreMissing() throws {
        let directory = TemporaryDirectory()
        let written = try SyntheticRun.single.write(to: directory.url, gnuplot: Self.noGnuplot)
        #expect(written.warnings.count == 1)
        #expect(written.warnings[0].contains("gnuplot"))
        #expect(directory.has("report.html") && directory.has("bench.csv") && !directory.has("plots"))
    }

    @Test func onlyTheFormatsAskedForAreWritten() throws {
        let directory = TemporaryDirectory()
        let run = SyntheticRun.single
        try run.write(to: directory.url, formats: .json, gnuplot: Self.noGnuplot)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path(percentEncoded: false))
        #expect(names.sorted() == ["machine.json", "run.json"])
        let json = try JSONSerialization.jsonObject(with: Data(directory.text("run.json").utf8)) as? [String: Any]
        let rows = try #require(json?["bench"] as? [[String: Any]])
        #expect(rows.count == run.rows.count)
        #expect(rows[0]["scenario"] as? String == "roundtrip")
        #expect(rows[0]["coalesced"] as? Bool == false)
        #expect(rows[1]["ratio_to_raw"] is NSNull)
    }

    @Test func filesOfAnEarlierRunDoNotLinger() throws {
        let directory = TemporaryDirectory()
        try SyntheticRun.usual.write(to: directory.url, formats: [.csv, .hgrm], gnuplot: Self.noGnuplot)
        let small = BenchRun(machine: SyntheticRun.machine)
        try small.write(to: directory.url, formats: [.csv, .hgrm], gnuplot: Self.noGnuplot)
        #expect(try BenchRun(reading: directory.url) == small)
    }

    @Test func aBadFieldIsNamedWithFileLineAndColumn() throws {
        let directory = TemporaryDirectory()
        try SyntheticRun.single.write(to: directory.url, formats: .csv, gnuplot: Self.noGnuplot)
        let broken = try directory.text("bench.csv").replacing("throughput,swift,tcp", with: "throughput,swift,udp")
        try Data(broken.utf8).write(to: directory.url.appending(path: "bench.csv"))
        do {
            _ = try BenchRun(reading: directory.url)
            Issue.record("udp was taken for a transport")
        } catch {
            let text = "\(error)"
            #expect(text.contains("bench.csv, line 38: transport is \"udp\", expected one of tcp, ipc, inproc"))
        }
    }

    @Test func aVerdictThatTheNumbersDoNotBearOutIsAnError() throws {
        let directory = TemporaryDirectory()
        try SyntheticRun.single.write(to: directory.url, formats: .csv, gnuplot: Self.noGnuplot)
        let forged = try directory.text("targets.csv").replacing(",yes,", with: ",no,")
        try Data(forged.utf8).write(to: directory.url.appending(path: "targets.csv"))
        #expect(throws: BenchRunError.self) { try BenchRun(reading: directory.url) }
    }

    @Test func aMissingDirectoryAndAPathThatCannotBeMadeAreNamed() throws {
        let nowhere = URL(filePath: "/nonexistent-\(UUID().uuidString)")
        do {
            _ = try BenchRun(reading: nowhere)
            Issue.record("a run was read from nowhere")
        } catch {
            #expect("\(error)".contains(nowhere.path(percentEncoded: false)))
        }
        #expect(throws: BenchRunError.self) {
            try BenchRun(machine: SyntheticRun.machine).write(to: URL(filePath: "/dev/null/run"), formats: .csv)
        }
    }

    @Test func formatsAreReadFromTheirNames() {
        #expect(OutputFormats(names: "csv, svg") == [.csv, .svg])
        #expect(OutputFormats(names: OutputFormats.allNames.joined(separator: ",")) == .all)
        #expect(OutputFormats(names: "csv,pdf") == nil)
        #expect(OutputFormats(names: "") == nil)
    }
}
