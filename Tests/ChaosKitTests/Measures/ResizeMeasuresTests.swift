import Testing

@testable import ChaosKit

@Suite("Measures of resizes")
struct ResizeMeasuresTests {
    /// Slot 1 goes from w1 to w2 in a round from 100 to 130 ms, committed at 120 ms.
    private static var resized: WrittenRun {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w1", "w2", "w2"])
        run.nemesis(100, "resize-begin", #"{"epoch":2,"mode":"handoff","members":["w1","w2"]}"#)
        run.nemesis(120, "resize-commit", #"{"epoch":2}"#)
        run.nemesis(130, "resize-end", #"{"epoch":2,"outcome":"committed"}"#)
        run.view(121, epoch: 2, ["w1", "w2", "w2", "w2"])
        run.nemesis(131, "moved", #"{"epoch":2,"slots":1,"bytes":4096}"#)
        // Under way in the round: of the moved key 25 ms, of the others 1, 3 and 2 ms. Outside it: longer ones.
        run.append(keyOfSlot[1], from: 101, to: 126)
        run.append(keyOfSlot[1], from: 127, to: 128)
        run.append(keyOfSlot[0], from: 99.5, to: 100.5)
        run.append(keyOfSlot[2], from: 110, to: 113)
        run.append(keyOfSlot[3], from: 129, to: 131)
        run.append(keyOfSlot[0], from: 10, to: 90)
        run.append(keyOfSlot[1], from: 140, to: 240)
        return run
    }

    @Test func aRoundHasItsPhasesAndPauses() throws {
        let resize = try #require(try Self.resized.measures.resizes.first)
        #expect(resize.untilCommitNs == .value(ms(20)))
        #expect(resize.afterCommitNs == .value(ms(10)))
        #expect(resize.lengthNs == .value(ms(30)))
        #expect(resize.movedSlots == .value(1))
        #expect(resize.movedBytes == .value(4096))
        #expect(resize.movedPausesNs == .value([ms(25)]))
        #expect(resize.unmovedPausesNs == .value([ms(1), ms(2), ms(3)]))
    }

    @Test func aPauseCountsFromTheIntendedTime() throws {
        var run = Self.resized
        run.append(keyOfSlot[1], from: 126, to: 127, intended: 95)
        #expect(try run.measures.resizes[0].movedPausesNs == .value([ms(32)]))
    }

    @Test func withoutANoteTheSlotsAreCountedFromTheViews() throws {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w1", "w2", "w2"])
        run.nemesis(1, "resize-begin", #"{"epoch":3,"mode":"barrier","members":["w3"]}"#)
        run.nemesis(2, "resize-commit", #"{"epoch":3}"#)
        // All notes in one line.
        run.nemesis(3, "note", #"{"view":{"epoch":3,"owners":[[0,2,"w3"],[2,2,"w2"]]},"counters":{"retries":3}}"#)
        let measures = try run.measures
        #expect(measures.resizes[0].movedSlots == .value(2))
        #expect(measures.resizes[0].movedBytes.value == nil)
        #expect(measures.resizes[0].lengthNs == .missing("the round has no end"))
        #expect(measures.counter(.retries) == .value(3))
    }

    @Test func aSupersededRoundEndsWhereTheNextBegins() throws {
        var run = Self.resized
        run.nemesis(200, "resize-begin", #"{"epoch":3,"mode":"handoff","members":["w1"]}"#)
        run.nemesis(250, "resize-begin", #"{"epoch":4,"mode":"handoff","members":["w1"]}"#)
        run.nemesis(260, "resize-end", #"{"epoch":4,"outcome":"given up"}"#)
        let resizes = try run.measures.resizes
        #expect(resizes.map(\.round.epoch.rawValue) == [2, 3, 4])
        #expect(resizes[1].lengthNs == .value(ms(50)))
        #expect(resizes[1].movedSlots == .missing("the round was not committed"))
        #expect(resizes[2].lengthNs == .value(ms(10)))
    }

    @Test func aRoundBegunAgainByANewLeaderIsOneRound() throws {
        var run = Self.resized
        run.nemesis(110, "resize-begin", #"{"epoch":2,"mode":"handoff","members":["w1","w2"]}"#)
        #expect(try run.measures.resizes.map(\.round.beganNs) == [ms(100)])
    }
}
