// What the checker promises beside its verdicts: what it refuses, how it goes on, and that many anomalies cost no more.

import ChaosKit
import HistoryTrials
import Testing

struct HistoryCheckerTests {
    private static func append(
        _ timeNs: Int64,
        _ type: OperationType,
        _ process: HistoryName,
        _ value: Int64,
        at position: Int64? = nil
    ) -> HistoryEvent {
        HistoryEvent(timeNs: timeNs, .append(type, by: process, key: "x", value: value, position: position))
    }

    /// Histories that no processes can have written, and what is said of them.
    static let impossible: [(events: [HistoryEvent], error: HistoryError)] = [
        (
            [append(0, .invoke, 1, 1), append(1, .invoke, 1, 2)],
            .malformed(line: 2, reason: "its process has an operation open, invoked on line 1")
        ),
        (
            [append(0, .ok, 1, 1, at: 0)],
            .malformed(line: 1, reason: "it completes nothing: its process has no operation open")
        ),
        (
            [append(0, .invoke, 1, 1), append(1, .ok, 1, 2, at: 0)],
            .malformed(line: 2, reason: "it does not complete what its process invoked on line 1")
        ),
        (
            [append(0, .invoke, 1, 1), HistoryEvent(timeNs: 1, .read(.ok, by: 1, key: "x", list: []))],
            .malformed(line: 2, reason: "it does not complete what its process invoked on line 1")
        ),
        (
            [append(0, .invoke, 1, 1), append(1, .invoke, 2, 1)],
            .malformed(line: 2, reason: "1 was appended to its key before, on line 1: values are to be unique")
        ),
        (
            [append(5, .invoke, 1, 1), append(4, .ok, 1, 1, at: 0)],
            .malformed(line: 2, reason: "its process did something at a higher time on a line before")
        ),
        (
            [HistoryEvent(timeNs: 0, .nemesis(.faultEnded(FaultID(3), isVerified: true)))],
            .malformed(line: 1, reason: "fault 3 ends, and is not on")
        ),
    ]

    @Test(arguments: impossible) func aHistoryThatCannotBeIsRefused(events: [HistoryEvent], error: HistoryError) {
        #expect(throws: error) { try Judging.verdict(events) }
    }

    @Test func aListThatIsNoneIsRefusedByItsLine() {
        let text = """
            {"index":0,"time":0,"process":1,"type":"invoke","f":"read","key":"x","value":null}
            {"index":1,"time":1,"process":1,"type":"ok","f":"read","key":"x","value":[1,,2]}

            """
        let error = HistoryError.malformed(line: 2, reason: "the list: an element of the list expected at byte 2")
        #expect(throws: error) { try HistoryChecker.check(HistoryReader(Array(text.utf8))) }
    }

    @Test func aVerdictCanBeHadAtAnyTime() throws {
        let history = try WrittenHistory.all("appends")[0]
        var reader = HistoryReader(history.lines)
        var checker = HistoryChecker()
        var outcomes: [Verdict.Outcome] = []
        while let line = try reader.next() {
            try checker.take(line)
            outcomes.append(checker.verdict(of: reader).outcome)
        }
        #expect(outcomes == [.undecided, .undecided, .undecided, .violation])
    }

    @Test func whatTheHistoryIsMadeOfIsCounted() throws {
        var shape = RunShape()
        shape.operations = 200
        let events = SimulatedRun.events(shape, SplitMix64(seed: 3))
        let counts = try Judging.verdict(events).counts
        func count(_ matches: (HistoryEvent.Action) -> Bool) -> Int { events.count { matches($0.action) } }
        #expect(counts.lines == events.count)
        #expect(counts.appends == count { if case .append(.invoke, _, _, _, _) = $0 { true } else { false } })
        #expect(counts.reads == count { if case .read(.invoke, _, _, _) = $0 { true } else { false } })
        #expect(counts.faults == count { if case .nemesis(.faultBegan) = $0 { true } else { false } })
        #expect(counts.rounds == count { if case .nemesis(.roundBegan) = $0 { true } else { false } })
        #expect(counts.ok + counts.fail + counts.info + counts.open == counts.operations)
        #expect(counts.open == 0 && counts.fail > 0 && counts.info > 0)
        #expect(counts.keys == shape.keys)
    }

    @Test func allCasesAreCountedAndTheShortestShown() throws {
        // Ten appends that were told the wrong position, the read of each nearer than that of the one before.
        var events: [HistoryEvent] = []
        for value in Int64(0)..<10 { events.append(Self.append(value, .invoke, .number(value), value)) }
        for value in Int64(0)..<10 {
            events.append(Self.append(10 + value, .ok, .number(value), value, at: value + 1))
        }
        events.append(HistoryEvent(timeNs: 30, .read(.invoke, by: 0, key: "x")))
        events.append(HistoryEvent(timeNs: 31, .read(.ok, by: 0, key: "x", list: Array(0..<10))))
        let verdict = try Judging.verdict(events)
        #expect(verdict.anomalies.map(\.kind) == [.wrongPosition])
        #expect(verdict.anomalies[0].count == 10)
        #expect(verdict.anomalies[0].examples.map(\.lines) == [[20, 22], [19, 22], [18, 22], [17, 22], [16, 22]])
        #expect(verdict.evidenceLines == [16, 17, 18, 19, 20, 22])
    }

    /// More orders of one list than are kept: the last read's is among them, and the verdict names it.
    @Test func whereEveryReadHasAnotherOrderTheLastOneCounts() throws {
        var events: [HistoryEvent] = []
        var timeNs: Int64 = 0
        func put(_ action: HistoryEvent.Action) {
            events.append(HistoryEvent(timeNs: timeNs, action))
            timeNs += 1
        }
        for value in Int64(0)..<20 { put(.append(.invoke, by: .number(value), key: "x", value: value)) }
        for value in Int64(0)..<20 { put(.append(.info, by: .number(value), key: "x", value: value)) }
        for first in Int64(0)..<20 {
            put(.read(.invoke, by: 99, key: "x"))
            put(.read(.ok, by: 99, key: "x", list: [first, (first + 1) % 20, (first + 2) % 20]))
        }
        let verdict = try Judging.verdict(events)
        #expect(verdict.anomalies.map(\.kind) == [.incompatibleOrder])
        #expect(verdict.anomalies[0].count == HistoryLimits.ordersMax - 1)
        #expect(verdict.anomalies[0].examples.allSatisfy { $0.lines.last == events.count })
    }
}
