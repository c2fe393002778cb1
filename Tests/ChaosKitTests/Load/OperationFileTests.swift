// What a client noted is what the recorder reads, up to the last whole note.

import Foundation
import Testing

@testable import ChaosKit

struct OperationFileTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "notes-\(UUID().uuidString)")
        .path(percentEncoded: false)

    private func append(_ type: OperationType, lane: Int, timeNs: Int64) -> OperationNote {
        OperationNote(
            type: type,
            isRead: false,
            lane: lane,
            key: 3,
            timeNs: timeNs,
            intendedNs: 5,
            value: 8,
            position: 2
        )
    }

    @Test
    func notesAreReadAsTheyWereWritten() throws {
        let file = try OperationFile(path: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let tail = OperationTail(path: path, process: "client-1.1")
        #expect(tail.take().isEmpty)
        let invocation = append(.invoke, lane: 1, timeNs: 10)
        let second = append(.invoke, lane: 2, timeNs: 11)
        file.begin(invocation)
        file.begin(second)
        #expect(tail.take().isEmpty)
        file.flushInvocations()
        #expect(tail.take() == [invocation, second])
        var read = OperationNote(type: .ok, isRead: true, lane: 2, key: 4, timeNs: .max, intendedNs: 6)
        read.list = AppendJob.bytes(of: -1) + AppendJob.bytes(of: 7)
        file.end(read)
        file.flushInvocations()
        #expect(tail.take().isEmpty, "a completion waits for company")
        file.flush()
        #expect(tail.take() == [read])
        #expect(tail.take().isEmpty)
    }

    @Test
    func aNoteThatWasCutOffIsNone() throws {
        var bytes: [UInt8] = []
        append(.invoke, lane: 1, timeNs: 10).write(into: &bytes)
        append(.ok, lane: 1, timeNs: 11).write(into: &bytes)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes.dropLast()).write(to: URL(filePath: path))
        let tail = OperationTail(path: path, process: "client-1.1")
        #expect(tail.take() == [append(.invoke, lane: 1, timeNs: 10)])
        try Data(bytes).write(to: URL(filePath: path))
        #expect(tail.take() == [append(.ok, lane: 1, timeNs: 11)])
    }

    @Test
    func anInvocationThatCameLateSaysWhenItWasToCome() throws {
        var encoder = HistoryEncoder()
        encoder.encode(append(.invoke, lane: 1, timeNs: 10).event(by: "client-1.1.1", key: "k3"))
        var punctual = append(.invoke, lane: 2, timeNs: 5)
        punctual.value = 9
        encoder.encode(punctual.event(by: "client-1.1.1", key: "k3"))
        encoder.encode(append(.ok, lane: 1, timeNs: 11).event(by: "client-1.1.1", key: "k3"))
        let lines = String(decoding: encoder.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines[0].contains(#""intended":5"#))
        #expect(!lines[1].contains("intended"))
        #expect(!lines[2].contains("intended"))
        // Readers pass over it.
        var reader = HistoryReader(encoder.bytes)
        let line = try #require(try reader.next())
        #expect(line.value == 8 && line.timeNs == 10)
    }
}
