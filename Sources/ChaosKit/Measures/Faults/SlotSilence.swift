// How long each slot of a fault's victim did not answer.

/// The silences of the slots that were asked something in a fault's aftermath.
struct SlotSilence {
    /// From the first operation's being meant to be asked, or the beginning of the fault where that is later, to the first
    /// acknowledgement of one that was asked after the fault's beginning. Ascending, one a slot that answered.
    let silencesNs: [Int64]
    /// How many slots did not answer.
    let silentCount: Int

    private struct Silence {
        var beganNs: Int64
        var endedNs = Int64.max
    }

    /// - Parameter aftermath: From the fault's beginning to the time after which no further slot is looked at.
    init(_ aftermath: TimeSpan, _ record: RunRecord, _ isVictim: (MeasuredOperation) -> Bool) {
        let slotOfKey = record.ownership.slotOfKey
        var silences: [Int32: Silence] = [:]
        guard !slotOfKey.isEmpty else {
            (silencesNs, silentCount) = ([], 0)
            return
        }
        let operations = record.operations
        let giveUpNs = aftermath.beginNs + MeasureLimits.recoveryNs
        /// Slots whose first acknowledgement is not known yet, and the latest one that is.
        var silentCount = 0
        var latestNs = Int64.min
        for operation in operations.all[operations.place(ofUnderWay: aftermath.beginNs)...] {
            let startNs = operation.startNs
            if startNs > max(aftermath.endNs, giveUpNs) { break }
            // Whatever is acknowledged before those that are known has begun by then.
            if startNs > aftermath.endNs, silentCount == 0, startNs > latestNs { break }
            guard operation.askedNs >= aftermath.beginNs, isVictim(operation) else { continue }
            let slot = slotOfKey[Int(operation.key)]
            if silences[slot] == nil {
                if startNs > aftermath.endNs { continue }
                silences[slot] = Silence(beganNs: max(startNs, aftermath.beginNs))
                silentCount += 1
            }
            guard operation.outcome == .ok else { continue }
            let endedNs = silences[slot]!.endedNs
            if endedNs == .max { silentCount -= 1 }
            if operation.endNs < endedNs {
                silences[slot]!.endedNs = operation.endNs
                latestNs = max(latestNs, operation.endNs)
            }
        }
        silencesNs = silences.values.filter { $0.endedNs != .max }.map { $0.endedNs - $0.beganNs }.sorted()
        self.silentCount = silences.count - silencesNs.count
    }
}
