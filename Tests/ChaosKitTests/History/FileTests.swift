// Histories in files: written by blocks, read by blocks of any size, followed while they grow.

import ChaosKit
import Foundation
import HistoryTrials
import Testing

final class FileTests {
    private let folder: String
    private var path: String { folder + "/history.jsonl" }

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.path(percentEncoded: false)
            + "chaos-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func events(_ operations: Int) -> [HistoryEvent] {
        var shape = RunShape()
        shape.operations = operations
        return SimulatedRun.events(shape, SplitMix64(seed: 8))
    }

    @Test(arguments: [1, 100, 256 << 10]) func aFileHasWhatWasWrittenWhateverTheBuffer(bufferBytesMax: Int) throws {
        let events = events(100)
        let writer = try HistoryWriter(path: path, bufferBytesMax: bufferBytesMax)
        for event in events { try writer.append(event) }
        try writer.close()
        #expect(writer.eventCount == events.count)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(Judging.lines(events)))
    }

    @Test func whatWasFlushedIsThereBeforeTheEnd() throws {
        let events = events(10)
        let writer = try HistoryWriter(path: path)
        try writer.append(events[0])
        #expect(try countEvents(HistoryReader(path: path)) == 0)
        try writer.flush()
        #expect(try countEvents(HistoryReader(path: path)) == 1)
        try writer.append(events[1])
        try writer.close()
        #expect(try countEvents(HistoryReader(path: path)) == 2)
    }

    @Test func aHistoryIsNeverOverwritten() throws {
        try HistoryWriter(path: path).close()
        #expect(throws: HistoryError.cannotOpen(path: path, reason: "File exists")) { try HistoryWriter(path: path) }
    }

    @Test func nothingIsWrittenAfterTheEnd() throws {
        let writer = try HistoryWriter(path: path)
        try writer.close()
        try writer.append(events(1)[0])
        #expect(throws: HistoryError.cannotWrite(path: path, reason: "it was closed")) { try writer.flush() }
        try writer.close()
    }

    @Test func aFileThatIsNotThereIsNamed() {
        let missing = folder + "/none"
        #expect(throws: HistoryError.cannotOpen(path: missing, reason: "No such file or directory")) {
            try HistoryChecker.check(path: missing)
        }
        #expect(throws: HistoryError.cannotRead(path: folder, reason: "Is a directory")) {
            try HistoryChecker.check(path: folder)
        }
    }

    /// Lines that end at every place of a block, and lines longer than one.
    @Test(arguments: [16, 17, 100, 1000, 1 << 20]) func aFileIsReadWhateverTheBlocks(blockBytes: Int) throws {
        let events = events(300)
        try Data(Judging.lines(events)).write(to: URL(filePath: path))
        var reader = try HistoryReader(path: path, blockBytes: blockBytes)
        var read: [HistoryEvent] = []
        while let line = try reader.next() { read.append(try reader.event(of: line)) }
        #expect(read == events)
        let byteCount = reader.byteCount
        #expect(byteCount == Judging.lines(events).count)
    }

    @Test func aFileIsFollowedWhileItGrows() throws {
        let events = events(20)
        let lines = Judging.lines(events)
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        var reader = try HistoryReader(path: path, follows: true)
        var read: [HistoryEvent] = []
        for start in stride(from: 0, to: lines.count, by: 37) {
            try file.write(contentsOf: lines[start..<min(start + 37, lines.count)])
            while let line = try reader.next() { read.append(try reader.event(of: line)) }
            let whole = lines.prefix(start + 37).count { $0 == 0x0a }
            #expect(read.count == whole)
        }
        #expect(read == events)
        let isCutOff = reader.isCutOff
        #expect(!isCutOff)
    }

    @Test func aPlaceIsADirectoryOrAFile() throws {
        let ofRun = HistoryPlace(folder)
        #expect(ofRun.historyPath == folder + "/history.jsonl")
        #expect(ofRun.verdictPath == folder + "/verdict.json")
        #expect(ofRun.ednPath == folder + "/history.edn")
        let ofFile = HistoryPlace(folder + "/mine.jsonl")
        #expect(ofFile.historyPath == folder + "/mine.jsonl")
        #expect(ofFile.verdictPath == nil)
        #expect(ofFile.ednPath == folder + "/mine.edn")
    }

    @Test func excerptsAreLinesCutToMeasure() throws {
        let long = String(repeating: "x", count: 1000)
        try "one\n\n\(long)y\nlast".write(toFile: path, atomically: true, encoding: .utf8)
        let excerpts = try HistoryPlace.excerpts(of: path, lines: [1, 2, 3, 4, 9])
        #expect(excerpts[1] == "one" && excerpts[2] == "" && excerpts[4] == "last" && excerpts[9] == nil)
        let cut = try #require(excerpts[3])
        #expect(cut.hasPrefix("xxx") && cut.hasSuffix("xy") && cut.contains(" ... "))
        #expect(cut.count == HistoryLimits.excerptCharactersMax + 5)
    }
}
