// What the recorder writes of what it is told: rounds, epochs, and clients' notes in an order that can be judged at any time.

import Foundation
import Ringmaster
import Testing

@testable import ChaosKit

final class RecorderTests {
    private let folder =
        FileManager.default.temporaryDirectory.path(percentEncoded: false) + "recorder-\(UUID().uuidString)"
    private let startNs = MonotonicTime.now.nanoseconds

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func recorder() throws -> Recorder {
        try Recorder(path: folder + "/history.jsonl", startNs: startNs)
    }

    private func events() throws -> [HistoryEvent] {
        var reader = try HistoryReader(path: folder + "/history.jsonl")
        var events: [HistoryEvent] = []
        while let line = try reader.next() { events.append(try reader.event(of: line)) }
        return events
    }

    private func report(_ content: NodeReport.Content, atNs: Int64 = 1) -> NodeReport {
        NodeReport(atNs: startNs + atNs, content: content)
    }

    @Test
    func aRoundWhoseLeaderDiesAfterTheCommitIsCommittedAllTheSame() async throws {
        let recorder = try recorder()
        let (one, two) = (NodeName(.coordinator, 1), NodeName(.coordinator, 2))
        _ = await recorder.took(report(.roundBegan(4, mode: "handoff", members: ["w1"])), from: one, life: 1)
        let seen = await recorder.took(report(.epoch(4, incarnation: 0), atNs: 9), from: two, life: 1)
        #expect(seen == 4)
        let again = await recorder.took(report(.epoch(4, incarnation: 0)), from: one, life: 1)
        #expect(again == nil, "the view is noted once")
        try await recorder.close()
        let nemesis = try events().map(\.action)
        #expect(nemesis.contains(.nemesis(.roundCommitted(Epoch(4)))))
        #expect(try HistoryChecker.check(path: folder + "/history.jsonl").anomalies.isEmpty)
    }

    @Test
    func aCoordinatorThatStartsAnewMayBeBehindAndAWorkerMayNot() async throws {
        let recorder = try recorder()
        for (life, epoch) in [(1, UInt64(5)), (2, 3)] {
            _ = await recorder.took(report(.epoch(epoch, incarnation: 0)), from: NodeName(.coordinator, 1), life: life)
        }
        for epoch in [UInt64(5), 3] {
            _ = await recorder.took(report(.epoch(epoch, incarnation: 8)), from: NodeName(.worker, 1), life: 1)
        }
        try await recorder.close()
        let verdict = try HistoryChecker.check(path: folder + "/history.jsonl")
        #expect(verdict.anomalies.map(\.kind) == [.epochWentBack])
        #expect(verdict.anomalies.first?.count == 1)
    }

    @Test
    func whatWasNotedWhileOthersWereReadStaysForTheNextTime() async throws {
        let recorder = try recorder()
        let file = try OperationFile(path: folder + "/notes")
        await recorder.follow(notes: folder + "/notes", process: "client-1.1")
        let now = recorder.nowNs
        for (lane, timeNs) in [(1, now + 3_600_000_000_000), (2, now)] {
            var record = OperationNote(
                type: .invoke,
                isRead: false,
                lane: lane,
                key: lane,
                timeNs: timeNs,
                intendedNs: timeNs
            )
            record.value = Int64(lane)
            file.begin(record)
        }
        file.flushInvocations()
        await recorder.collect()
        #expect(try events().count == 1)
        try await recorder.close()
        #expect(try events().map(\.timeNs) == [now, now + 3_600_000_000_000])
        #expect(await recorder.keyCount == 3)
    }
}
