// Whether a key's order is consistent with time: what was over before something else began comes before it.

extension KeyCheck {
    /// Reordered appends and stale reads.
    ///
    /// From the end of the final list to its front, with the earliest end of all that comes later in it: each operation is to
    /// have begun no later than that.
    func judgeRealTime(_ places: Places, _ judgement: inout Judgement) {
        var overFirst: AppendRecord?
        var overFirstPlace = 0
        var readFirst = ReadMark.none(.max)
        for length in stride(from: list.values.count, through: 0, by: -1) {
            // What failed is a dirty read wherever it stands.
            if length < list.values.count, let append = list.appends[length], places[append] == length,
                appends.records[append].outcome != .failed
            {
                let record = appends.records[append]
                if let later = overFirst, later.acknowledgedNs < record.invokedNs {
                    addReordered(later, list.firstSeen[overFirstPlace], record, &judgement)
                }
                if record.acknowledgedNs < overFirst?.acknowledgedNs ?? .max {
                    (overFirst, overFirstPlace) = (record, length)
                }
            }
            // Here `overFirst` is of the appends that a list of this length misses.
            let begun = list.lastBegun[length]
            if begun.isSome { judgeRead(begun, length, overFirst, readFirst, &judgement) }
            if list.firstOver[length].timeNs < readFirst.timeNs { readFirst = list.firstOver[length] }
        }
    }

    private func addReordered(
        _ later: AppendRecord,
        _ seen: ReadMark,
        _ record: AppendRecord,
        _ judgement: inout Judgement
    ) {
        let lines = [later.completionLine, record.invokeLine, seen.okLine]
        judgement.anomalies.add(.reordered, key: name, lines: lines) {
            "the append of \(later.value) was over before that of \(record.value) was invoked, and is behind it in the list"
        }
    }

    /// The read of a length that began last: whether it misses what an append or another read had shown to be there.
    private func judgeRead(
        _ read: ReadMark,
        _ length: Int,
        _ missed: AppendRecord?,
        _ longer: ReadMark,
        _ judgement: inout Judgement
    ) {
        let missesAppend = (missed?.acknowledgedNs ?? .max) < read.timeNs
        // What the last read misses is lost, and said by `judgeAcknowledgements`.
        if missesAppend, read.okLine == trace.lastRead?.mark.okLine { return }
        if missesAppend, let missed {
            let lines = [missed.completionLine, read.invokeLine, read.okLine]
            judgement.anomalies.add(.staleRead, key: name, lines: lines) {
                "the read has \(length) values, and misses \(missed.value), acknowledged before the read was invoked"
            }
        } else if longer.timeNs < read.timeNs {
            let lines = [longer.okLine, read.invokeLine, read.okLine]
            judgement.anomalies.add(.staleRead, key: name, lines: lines) {
                "the read has \(length) values, fewer than a read that was over before it was invoked"
            }
        }
    }
}
