// One key judged: what its lists have in them, and whether its reads agree on an order.

/// A key with its final list, to be judged. Each check is O(length of the final list), but where there are other orders.
struct KeyCheck {
    let name: HistoryName
    let key: NameID
    let trace: KeyTrace
    let list: FinalList
    let appends: AppendTable

    /// Dirty reads, duplicated appends and wrong positions in the final list.
    func judgeContents(_ places: Places, _ judgement: inout Judgement) {
        for (place, append) in list.appends.enumerated() {
            judgeValue(list.values[place], append, list.firstSeen[place], &judgement)
            guard let append, places[append] == place else { continue }
            judgePosition(appends.records[append], place, &judgement)
        }
        for (place, first) in list.repeated {
            judgeRepetition(list.appends[place]!, places: (first, place), list.firstSeen[place], &judgement)
        }
    }

    /// A value in a list, which the read `seen` was the first to have.
    private func judgeValue(_ value: Int64, _ append: Int?, _ seen: ReadMark, _ judgement: inout Judgement) {
        guard let append else {
            judgement.anomalies.add(.dirtyRead, key: name, lines: [seen.okLine]) {
                "the read has \(value), which nobody appended to \(name)"
            }
            return
        }
        let record = appends.records[append]
        if record.outcome == .failed {
            judgement.anomalies.add(.dirtyRead, key: name, lines: [record.completionLine, seen.okLine]) {
                "the read has \(value), whose append failed"
            }
        } else if seen.timeNs < record.invokedNs {
            judgement.anomalies.add(.dirtyRead, key: name, lines: [seen.okLine, record.invokeLine]) {
                "the read has \(value), and was over before its append was invoked"
            }
        }
    }

    private func judgePosition(_ record: AppendRecord, _ place: Int, _ judgement: inout Judgement) {
        guard record.isAcknowledged, record.position != Int64(place) else { return }
        let lines = [record.completionLine, list.firstSeen[place].okLine]
        judgement.anomalies.add(.wrongPosition, key: name, lines: lines) {
            "the append of \(record.value) was told position \(record.position), and is at \(place)"
        }
    }

    private func judgeRepetition(
        _ append: Int,
        places: (first: Int, again: Int),
        _ seen: ReadMark,
        _ judgement: inout Judgement
    ) {
        let record = appends.records[append]
        let lines = [record.invokeLine, record.completionLine, seen.okLine]
        judgement.anomalies.add(.duplicatedAppend, key: name, lines: lines) {
            "\(record.value) was appended once, and is at the positions \(places.first) and \(places.again)"
        }
    }

    /// Incompatible orders: reads whose list is no beginning of the final one; and what such lists have in them.
    func judgeOtherOrders(_ judgement: inout Judgement) {
        for other in trace.orders.indices where other != list.order {
            let order = trace.orders[other]
            let common = order.commonLength(list.values)
            guard common < order.values.count else { continue }
            let seen = FinalList.firstSeen(order.firstOver)
            // A list longer than what is common has the value after that.
            guard seen[common].isSome else { continue }
            // The final list has a value there too: if it ended where this order goes on, this order would be the final list.
            let lines = [seen[common].okLine, list.firstSeen[common].okLine]
            judgement.anomalies.add(.incompatibleOrder, key: name, lines: lines) {
                "at position \(common) one read has \(order.values[common]), and the other \(list.values[common])"
            }
            judgeContents(of: order, from: common, seen, &judgement)
        }
    }

    private func judgeContents(of order: ListOrder, from common: Int, _ seen: [ReadMark], _ judgement: inout Judgement)
    {
        var places: [Int64: Int] = [:]
        for (place, value) in order.values.enumerated() {
            let append = appends.place(key: key, value: value)
            // What no read of this order shows is the rest of a list that made room, or of the final one.
            if place >= common, seen[place].isSome {
                judgeValue(value, append, seen[place], &judgement)
                if let append, let first = places[value] {
                    judgeRepetition(append, places: (first, place), seen[place], &judgement)
                }
            }
            places[value] = places[value] ?? place
        }
    }

    /// Whether the key was read after its last append.
    func judgeLastRead(_ judgement: inout Judgement) {
        guard trace.lastAppendLine > 0 else { return }
        guard let last = trace.lastRead else {
            judgement.problems.add(.keyNotRead, key: name, lines: [trace.lastAppendLine]) {
                "\(name) has no read that is ok"
            }
            return
        }
        guard last.mark.timeNs < trace.lastAppendNs else { return }
        judgement.problems.add(.keyNotRead, key: name, lines: [last.mark.invokeLine, trace.lastAppendLine]) {
            "the last read of \(name) that is ok was invoked before its last append"
        }
    }
}
