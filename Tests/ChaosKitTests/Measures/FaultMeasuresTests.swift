import Testing

@testable import ChaosKit

@Suite("Measures of faults")
struct FaultMeasuresTests {
    /// Worker w1 owns the slots 0 and 1 and is killed at 1000 ms. Each slot is asked every 10 ms and answers in 1 ms, but for
    /// slot 0 from 1000 to 1040 ms and slot 1 from 1000 to 1070 ms: what is asked then is answered at their ends.
    private static var killed: WrittenRun {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w1", "w2", "w2"])
        for step in 0..<200 {
            let time = Double(step) * 10
            for slot in 0..<4 {
                let back = [1040.0, 1070, 0, 0][slot]
                let end = time >= 1000 && time < back ? back : time + 1
                run.append(keyOfSlot[slot], from: time, to: end)
            }
        }
        run.fault(7, "kill", "w1", from: 1000, to: 1500)
        run.nemesis(1005, "detected", #"{"fault":7}"#)
        return run
    }

    @Test func recoveryIsTheFirstAcknowledgementOnAVictimsKey() throws {
        let recovery = try #require(try Self.killed.measures.recoveries.first)
        #expect(recovery.fault.id == FaultID(7))
        #expect(recovery.victims == .slots([true, true, false, false]))
        #expect(recovery.detectionNs == .value(ms(5)))
        #expect(recovery.recoveryNs == .value(ms(40)))
        #expect(recovery.unavailabilityNs == .value([ms(40), ms(70)]))
        #expect(recovery.silentSlotCount == 0)
        #expect(recovery.longestNs == ms(70))
        // Two slots, asked each 10 ms from 1000 to 1500 ms, both ends among them.
        #expect(recovery.okCount == 102)
        // 40 in each bin before, and as many in the first after it: what waited is done by its end.
        #expect(recovery.fullRecoveryNs == .value(0))
    }

    @Test func anAcknowledgementOfWhatWasAskedBeforeIsNoRecovery() throws {
        var run = Self.killed
        run.append(keyOfSlot[0], from: 999, to: 1002)
        #expect(try run.measures.recoveries[0].recoveryNs == .value(ms(40)))
        // Meant to be asked before, and asked after: it cannot have been done before.
        run.append(keyOfSlot[0], from: 1001, to: 1003, intended: 990)
        #expect(try run.measures.recoveries[0].recoveryNs == .value(ms(3)))
    }

    @Test func anAcknowledgementOnAnotherWorkersKeyIsNoRecovery() throws {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w2", "w2", "w2"])
        run.append(keyOfSlot[1], from: 0, to: 1)
        run.fault(1, "pause", "w1", from: 10, to: 20)
        run.append(keyOfSlot[1], from: 11, to: 12)
        run.append(keyOfSlot[0], from: 11, to: 19, "info")
        let recovery = try run.measures.recoveries[0]
        #expect(recovery.recoveryNs.value == nil)
        #expect(recovery.silentSlotCount == 1)
        #expect(recovery.unavailabilityNs == .value([]))
        #expect(recovery.unknownCount == 1)
    }

    @Test func theOwnersAreThoseOfTheTimeOfTheFault() throws {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w1", "w2", "w2"])
        run.nemesis(5, "resize-begin", #"{"epoch":2,"mode":"handoff","members":["w1","w2"]}"#)
        run.nemesis(8, "resize-commit", #"{"epoch":2}"#)
        run.fault(1, "kill", "w1", from: 10, to: 20)
        // It was noted after the fault, and held from its commit on.
        run.view(15, epoch: 2, ["w2", "w1", "w1", "w2"])
        run.append(keyOfSlot[0], from: 11, to: 12)
        run.append(keyOfSlot[2], from: 11, to: 17)
        let recovery = try run.measures.recoveries[0]
        #expect(recovery.victims == .slots([false, true, true, false]))
        #expect(recovery.recoveryNs == .value(ms(7)))
    }

    @Test func everyKeyNeedsTheCoordinatorsAndAClientOwnsNone() throws {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w1", "w1", "w1"])
        run.fault(1, "kill", "coordinator-1", from: 10, to: 20)
        run.fault(2, "kill", "client-3", from: 10, to: 20)
        run.append(keyOfSlot[3], from: 10, to: 14)
        let recoveries = try run.measures.recoveries
        #expect(recoveries[0].victims == .everyKey)
        #expect(recoveries[0].recoveryNs == .value(ms(4)))
        #expect(recoveries[1].recoveryNs == .missing("a client owns no keys"))
    }

    @Test func aFaultThatWasNeverSeenToWorkIsNotMeasured() throws {
        var run = Self.killed
        run.nemesis(1600, "fault-begin", #"{"fault":8,"kind":"kill","target":"w2","verified":false}"#)
        run.nemesis(1700, "fault-end", #"{"fault":8,"verified":false}"#)
        let measures = try run.measures
        #expect(measures.recoveries.map(\.fault.id) == [FaultID(7)])
        #expect(measures.record.faults.count == 2)
    }

    @Test func withoutViewsAWorkersRecoveryIsMissingWithItsReason() throws {
        var run = WrittenRun()
        run.append("a", from: 0, to: 1)
        run.fault(1, "kill", "worker-1", from: 10, to: 20)
        run.append("a", from: 11, to: 12)
        let recovery = try run.measures.recoveries[0]
        #expect(recovery.recoveryNs.reason?.contains("no view") == true)
        #expect(recovery.detectionNs.reason?.contains("nothing notes") == true)
    }

    /// 100 operations a second, one each 10 ms; nothing is answered from 2000 to 2250 ms, and at 2250 ms all that waited.
    private func outage(intended: Bool, _ after: (Double) -> Bool = { _ in true }) throws -> Recovery {
        var run = WrittenRun()
        run.view(0, epoch: 1, ["w1", "w1", "w1", "w1"])
        for step in 0..<500 {
            let time = Double(step) * 10
            if time >= 2250, !after(time) { continue }
            let end = time >= 2000 && time < 2250 ? 2250 : time + 1
            run.append(
                keyOfSlot[step % 4],
                from: intended ? min(time + 0.5, end) : time,
                to: end,
                intended: intended ? time : nil
            )
        }
        run.fault(1, "kill", "w1", from: 2000, to: 2500)
        return try run.measures.recoveries[0]
    }

    @Test func theThroughputIsBackWhereABinAndTheHalfSecondFromItAre() throws {
        // The burst of what waited falls into the third bin, and what follows is as before.
        #expect(try outage(intended: false).fullRecoveryNs == .value(ms(200)))
        #expect(try outage(intended: true).fullRecoveryNs == .value(ms(200)))
    }

    @Test func aBurstOfWhatWaitedIsNoRecovery() throws {
        // After it nothing is asked until 3000 ms, as of a load that waits for replies. The burst is 30 of the 50 that half a
        // second had before.
        #expect(try outage(intended: false) { $0 >= 3000 || $0 < 2300 }.fullRecoveryNs == .value(ms(1000)))
    }

    @Test func whatWasNotAskedIsNotMissedInALoadThatDoesNotWait() throws {
        #expect(try outage(intended: true) { $0 >= 3000 || $0 < 2300 }.fullRecoveryNs == .value(ms(200)))
    }
}
