// What became of a fault: how long until it was noticed, until its victim's keys were served again, and until the throughput
// was what it had been. docs/MEASURES.md, "Faults", defines each.

import Measurement

/// The measures of one verified fault.
public struct Recovery: Sendable {
    public let fault: FaultRecord
    public let victims: Victims
    /// From the fault's beginning until it was noticed.
    public let detectionNs: Measured<Int64>
    /// From the fault's beginning to the first acknowledgement of an operation on a victim's key that was asked after it.
    public let recoveryNs: Measured<Int64>
    /// From the fault's beginning to the beginning of the first bin in which the throughput is back.
    public let fullRecoveryNs: Measured<Int64>
    /// Of each slot of the victim that was asked something: how long it did not answer. Ascending.
    public let unavailabilityNs: Measured<[Int64]>
    /// Slots that were asked something after the fault began and never answered.
    public let silentSlotCount: Int
    /// The longest that an operation on a victim's key waited that was under way between the fault's beginning and the later
    /// of its end and its recovery, and was acknowledged.
    public let longestNs: Int64?
    /// Of those operations: how they ended.
    public let okCount: Int
    public let failedCount: Int
    public let unknownCount: Int

    /// O(operations under way in the fault's time and after it, 60 s at most).
    init(_ fault: FaultRecord, _ record: RunRecord, everyWorker: Set<String>) {
        self.fault = fault
        victims = Victims(fault, record.ownership, everyWorker: everyWorker)
        detectionNs =
            fault.detectedNs.map { .value($0 - fault.span.beginNs) } ?? .missing("nothing notes that it was noticed")
        fullRecoveryNs = FullRecovery.measure(fault.span.beginNs, record)
        let isVictim: (MeasuredOperation) -> Bool
        switch victims {
        case .none(let reason):
            recoveryNs = .missing(reason)
            unavailabilityNs = .missing(reason)
            (silentSlotCount, longestNs, okCount, failedCount, unknownCount) = (0, nil, 0, 0, 0)
            return
        case .everyKey: isVictim = { _ in true }
        case .slots(let slots):
            let slotOfKey = record.ownership.slotOfKey
            isVictim = { slots[Int(slotOfKey[Int($0.key)])] }
        }
        let firstNs = Self.firstAcknowledgement(after: fault.span.beginNs, record.operations, isVictim)
        recoveryNs =
            firstNs.map { .value($0 - fault.span.beginNs) }
            ?? .missing("no operation on a victim's key that was asked after it was acknowledged")
        let aftermath = TimeSpan(fault.span.beginNs, max(fault.span.endNs, firstNs ?? record.load.endNs))
        let slots = SlotSilence(aftermath, record, isVictim)
        unavailabilityNs =
            record.ownership.slotOfKey.isEmpty
            ? .missing("no view of the ring was noted, so that slots are not known") : .value(slots.silencesNs)
        silentSlotCount = slots.silentCount
        var waits = LatencyGroup()
        record.operations.forEachUnderWay(in: aftermath) { if isVictim($0) { waits.take($0) } }
        longestNs = waits.histogram.isEmpty ? nil : waits.histogram.maxNs
        (okCount, failedCount, unknownCount) = (waits.histogram.count, waits.failedCount, waits.unknownCount)
    }

    /// When the first of the victim's operations that were asked at `beginNs` or later was acknowledged.
    private static func firstAcknowledgement(
        after beginNs: Int64,
        _ operations: OperationLog,
        _ isVictim: (MeasuredOperation) -> Bool
    ) -> Int64? {
        var firstNs = Int64.max
        let giveUpNs = beginNs + MeasureLimits.recoveryNs
        for operation in operations.all[operations.place(ofUnderWay: beginNs)...] {
            // Nothing ends before it starts: what is left cannot be acknowledged sooner.
            if operation.startNs > min(firstNs, giveUpNs) { break }
            guard operation.outcome == .ok, operation.askedNs >= beginNs, isVictim(operation) else { continue }
            firstNs = min(firstNs, operation.endNs)
        }
        return firstNs == .max ? nil : firstNs
    }
}

extension OperationLog {
    /// Calls `body` with each operation that was under way at some time of a span. One without an end is where it begins.
    /// O(those, and what was asked while the longest of them lasted).
    func forEachUnderWay(in span: TimeSpan, _ body: (MeasuredOperation) -> Void) {
        for operation in all[place(ofUnderWay: span.beginNs)...] {
            if operation.startNs > span.endNs { break }
            let endNs = operation.outcome == .open ? operation.askedNs : operation.endNs
            if endNs >= span.beginNs { body(operation) }
        }
    }
}
