import Testing

@testable import ChaosKit

@Suite("Measures of a made-up run")
struct SyntheticRunTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func whatWasPutInIsMeasured(seed: UInt64) throws {
        var settings = SyntheticSettings()
        settings.seed = seed
        let run = try SyntheticRun(settings)
        let (record, verdict) = try RunRecord.read(HistoryReader(run.bytes))
        let measures = RunMeasures(record)
        #expect(verdict.outcome == .valid)
        // Reads that came after the last append are taken for some of those at the end.
        #expect(record.operations.all.count + record.finalReadCount == run.operationCount + settings.keys)
        #expect((settings.keys..<settings.keys + 10).contains(record.finalReadCount))

        try #require(run.faults.count >= 5 && measures.recoveries.count == run.faults.count)
        for (planted, recovery) in zip(run.faults, measures.recoveries) {
            #expect(recovery.fault.target == planted.target)
            #expect(recovery.detectionNs == .value(planted.detectionNs))
            #expect(recovery.recoveryNs == .value(planted.recoveryNs))
            #expect(recovery.unavailabilityNs.value?.max() == planted.longestNs)
            #expect(recovery.silentSlotCount == 0)
        }
        try #require(run.rounds.count >= 5 && measures.resizes.count == run.rounds.count)
        for (planted, resize) in zip(run.rounds, measures.resizes) {
            #expect(resize.untilCommitNs == .value(planted.untilCommitNs))
            #expect(resize.lengthNs == .value(planted.lengthNs))
            #expect(resize.movedSlots == .value(Int64(planted.movedSlots)))
        }
    }

    /// The same measures by their definitions, operation by operation, without any order or index.
    @Test(arguments: [4, 5] as [UInt64])
    func theMeasuresAreThoseOfTheirDefinitions(seed: UInt64) throws {
        var settings = SyntheticSettings()
        settings.seed = seed
        settings.seconds = 10
        let run = try SyntheticRun(settings)
        let record = try RunRecord.read(HistoryReader(run.bytes)).record
        let measures = RunMeasures(record)
        let all = record.operations.all
        for recovery in measures.recoveries {
            guard case .slots(let slots) = recovery.victims else { continue }
            let beginNs = recovery.fault.span.beginNs
            let own = all.filter { slots[Int(record.ownership.slotOfKey[Int($0.key)])] }
            let after = own.filter { $0.askedNs >= beginNs && $0.outcome == .ok }
            let firstNs = try #require(after.map(\.endNs).min())
            #expect(recovery.recoveryNs == .value(firstNs - beginNs))
            let untilNs = max(recovery.fault.span.endNs, firstNs)
            let silences = Dictionary(grouping: after) { record.ownership.slotOfKey[Int($0.key)] }.values
                .compactMap { operations -> Int64? in
                    let first = operations.map(\.startNs).min()!
                    return first > untilNs ? nil : operations.map(\.endNs).min()! - max(first, beginNs)
                }
            #expect(recovery.unavailabilityNs == .value(silences.sorted()))
            let underWay = own.filter { $0.startNs <= untilNs && $0.endNs >= beginNs }
            #expect(recovery.longestNs == underWay.map(\.latencyNs).max())
            #expect(recovery.okCount == underWay.count)
        }
        for resize in measures.resizes {
            let span = resize.round.span
            let underWay = all.filter { $0.startNs <= span.endNs && $0.endNs >= span.beginNs }
            let pauses = Dictionary(grouping: underWay, by: \.key).values.map { $0.map(\.latencyNs).max()! }
            let measured = (resize.movedPausesNs.value ?? []) + (resize.unmovedPausesNs.value ?? [])
            #expect(measured.sorted() == pauses.sorted())
        }
        let inFault = all.filter { operation in
            record.faults.contains { $0.span.beginNs <= operation.endNs && operation.startNs <= $0.span.endNs }
        }
        #expect(measures.latencies[.duringFaults].count == inFault.count)
        #expect(measures.latencies[.outsideFaults].count == all.count - inFault.count)
        #expect(measures.throughput.bins.map(\.ok).reduce(0, +) == all.count)
        #expect(measures.throughput.bins.map(\.asked).reduce(0, +) == all.count)
    }
}
