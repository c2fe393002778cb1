// `chaos check` and `chaos export` as processes: what they print, what they leave, and their exit statuses.

import ChaosKit
import Foundation
import Testing

final class CommandTests {
    private let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.path(percentEncoded: false)
            + "chaos-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "chaos")
        process.arguments = arguments
        let files = ["out", "err"].map { "\(folder)/\($0)" }
        for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: files[0]))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: files[1]))
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        return (process.terminationStatus, texts[0], texts[1])
    }

    private func write(_ history: WrittenHistory) throws {
        try Data(history.lines).write(to: URL(filePath: folder + "/history.jsonl"))
    }

    @Test func aValidHistoryIsStatus0() throws {
        try write(WrittenHistory.all("sound")[0])
        let result = try run("check", folder)
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(result.output.hasPrefix("VALID: 2 operations"))
        #expect(try String(contentsOfFile: folder + "/verdict.json", encoding: .utf8).contains(#""outcome" : "valid""#))
    }

    @Test func aViolationIsStatus1AndShowsItsLines() throws {
        try write(WrittenHistory.all("appends")[0])
        let result = try run("check", folder)
        #expect(result.status == 1)
        #expect(result.output.contains("lost-append"))
        #expect(
            result.output.contains(
                #"line 2: {"index":1,"time":1,"process":"a","type":"ok","f":"append","key":"x","value":1,"#
            )
        )
        let json = try run("check", "--json", folder + "/history.jsonl")
        #expect(json.status == 1)
        #expect(json.output == (try String(contentsOfFile: folder + "/verdict.json", encoding: .utf8)))
    }

    @Test func aWrongCommandLineIsStatus2() throws {
        #expect(try run("check").status == 2)
        #expect(try run("check", folder, "--frob").status == 2)
        #expect(try run("export", folder).status == 2)
        #expect(try run("frob").status == 2)
        #expect(try run("--help").status == 0)
    }

    @Test func noVerdictIsStatus3() throws {
        let missing = try run("check", folder)
        #expect(missing.status == 3)
        #expect(missing.errors == "chaos: '\(folder)/history.jsonl' cannot be opened: No such file or directory\n")
        try "{}\n".write(toFile: folder + "/history.jsonl", atomically: true, encoding: .utf8)
        let malformed = try run("check", folder)
        #expect(malformed.status == 3)
        #expect(malformed.errors == "chaos: line 1: 'index' is missing\n")
        try write(WrittenHistory.all("run").last!)
        let undecided = try run("check", folder)
        #expect(undecided.status == 3)
        #expect(undecided.output.hasPrefix("UNDECIDED"))
    }

    @Test func aHistoryIsExported() throws {
        let history = try WrittenHistory.all("sound")[0]
        try write(history)
        let result = try run("export", folder, "--edn")
        #expect(result.status == 0)
        #expect(result.output == "\(folder)/history.edn: 4 events\n")
        #expect(try String(contentsOfFile: folder + "/history.edn", encoding: .utf8) == EDNExport.text(history.lines))
        #expect(try run("export", folder, "--edn", "--out", folder + "/no/where").status == 3)
    }
}
