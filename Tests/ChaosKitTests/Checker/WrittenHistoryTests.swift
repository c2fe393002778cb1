// Each kind of anomaly and problem in the shortest history that has it, and what must not be taken for one.

import ChaosKit
import Testing

struct WrittenHistoryTests {
    @Test(arguments: try WrittenHistory.all("sound")) func aSoundHistoryIsValid(_ history: WrittenHistory) throws {
        #expect(try HistoryChecker.check(HistoryReader(history.lines)).written == history.verdict)
    }

    @Test(arguments: try WrittenHistory.all("appends")) func whatBefellAnAppendIsNamed(_ history: WrittenHistory) throws
    {
        #expect(try HistoryChecker.check(HistoryReader(history.lines)).written == history.verdict)
    }

    @Test(arguments: try WrittenHistory.all("reads")) func whatAReadShouldNotSeeIsNamed(_ history: WrittenHistory)
        throws
    {
        #expect(try HistoryChecker.check(HistoryReader(history.lines)).written == history.verdict)
    }

    @Test(arguments: try WrittenHistory.all("run")) func whatTheRunItselfShowsIsNamed(_ history: WrittenHistory) throws
    {
        #expect(try HistoryChecker.check(HistoryReader(history.lines)).written == history.verdict)
    }

    @Test func everyKindIsInOneOfThem() throws {
        let all = try ["appends", "reads", "run"].flatMap { try WrittenHistory.all($0) }.flatMap(\.verdict)
        for kind in AnomalyKind.allCases { #expect(all.contains { $0.hasPrefix(kind.rawValue) }, "\(kind.rawValue)") }
        let others: [ProblemKind] = [.cutOff]
        for kind in ProblemKind.allCases where !others.contains(kind) {
            #expect(all.contains { $0.hasPrefix("problem: \(kind.rawValue)") }, "\(kind.rawValue)")
        }
    }
}
