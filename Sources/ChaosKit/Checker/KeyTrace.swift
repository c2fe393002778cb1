// What the checker keeps of one key while it reads the history: the orders that reads showed, and a few marks.

/// The reads of one key, and when it was last used.
struct KeyTrace {
    /// The orders of the key's list that reads showed; one in a right history.
    private(set) var orders = [ListOrder()]
    /// The read that was invoked last, of those that are ok.
    private(set) var lastRead: LastRead?
    /// The invocation of an append that has the highest time.
    var lastAppendNs = Int64.min
    var lastAppendLine = 0
    var service = ServiceTrace()

    struct LastRead {
        var order: Int
        var length: Int
        var mark: ReadMark
    }

    /// Takes the `ok` of a read.
    /// - Throws: `.malformed`, if its list is none.
    mutating func note(_ list: IntegerList, invokedNs: Int64, invokeLine: Int, okNs: Int64, okLine: Int)
        throws(HistoryError)
    {
        let (order, length) = try place(list, line: okLine)
        orders[order].note(
            length: length,
            invokedNs: invokedNs,
            invokeLine: invokeLine,
            okNs: okNs,
            okLine: okLine
        )
        if invokedNs >= lastRead?.mark.timeNs ?? .min {
            let mark = ReadMark(timeNs: invokedNs, invokeLine: invokeLine, okLine: okLine)
            lastRead = LastRead(order: order, length: length, mark: mark)
        }
    }

    /// The order that a list is a beginning of, which grows where the list is longer; or a new one.
    private mutating func place(_ list: IntegerList, line: Int) throws(HistoryError) -> (order: Int, length: Int) {
        for order in orders.indices {
            if let length = try orders[order].lengthByText(list, line: line) { return (order, length) }
        }
        let values = try list.elements(line: line)
        for order in orders.indices {
            if let length = orders[order].lengthByValues(values) { return (order, length) }
        }
        if orders.count < HistoryLimits.ordersMax {
            orders.append(ListOrder(values))
            return (orders.count - 1, values.count)
        }
        // There are anomalies enough already. The order that was used least recently makes room, but that of the last read.
        let others = orders.indices.filter { $0 != lastRead?.order }
        let least = others.min { orders[$0].usedLine < orders[$1].usedLine }!
        orders[least] = ListOrder(values)
        return (least, values.count)
    }
}
