// Whether what was acknowledged is there.

extension HistoryChecker {
    /// Lost appends, and acknowledged ones that no read can show. O(appends).
    func judgeAcknowledgements(_ places: Places, _ names: NameTable, _ judgement: inout Judgement) {
        for (append, record) in appends.records.enumerated() where record.isAcknowledged {
            let place = places[append]
            let last = keys[record.key.place].lastRead
            if let last, place < 0 || place >= last.length, record.acknowledgedNs < last.mark.timeNs {
                addLost(record, last, names, &judgement)
            } else if place < 0, last != nil {
                judgement.problems.add(.keyNotRead, key: names.name(record.key), lines: [record.completionLine]) {
                    "no read was invoked after \(record.value) was acknowledged, and none has it"
                }
            }
        }
    }

    private func addLost(
        _ record: AppendRecord,
        _ last: KeyTrace.LastRead,
        _ names: NameTable,
        _ judgement: inout Judgement
    ) {
        let key = names.name(record.key)
        let lines = [record.completionLine, last.mark.invokeLine, last.mark.okLine]
        judgement.anomalies.add(.lostAppend, key: key, lines: lines) {
            "\(record.value) was acknowledged, and the last read of \(key), invoked after that, does not have it"
        }
    }
}
