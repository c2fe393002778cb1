// An order of one key's values, as reads showed it. A right history has one a key: each read's list is a beginning of it.

import Glibc

/// A read that is ok: when one end of it was, and its lines.
struct ReadMark {
    var timeNs: Int64
    var invokeLine: Int
    var okLine: Int

    /// No read. Its time is to be above or below all others.
    static func none(_ timeNs: Int64) -> ReadMark { ReadMark(timeNs: timeNs, invokeLine: 0, okLine: 0) }

    var isSome: Bool { okLine > 0 }
}

/// The longest list that was read so far, and which of its beginnings were.
///
/// Of all reads of one length only two matter to the checker, the one that was over first and the one that began last: what
/// holds for these in time holds for those between. So however many reads there are, the memory is that of one list.
struct ListOrder {
    private(set) var values: [Int64] = []
    /// By length, of the reads that had it: the one that was over first, and the one that began last.
    private(set) var firstOver: [ReadMark] = [.none(.max)]
    private(set) var lastBegun: [ReadMark] = [.none(.min)]
    /// The line of the last read that had this order, to know which order is used least.
    private(set) var usedLine = 0

    /// The list as the reads' lines have it, and where each value ends in it: a list is mostly the beginning of one that was
    /// read before, which a comparison of bytes tells at once.
    private var text: [UInt8] = []
    private var ends: [Int] = []

    init() {}

    init(_ values: [Int64]) {
        extend(by: values)
    }

    mutating func note(length: Int, invokedNs: Int64, invokeLine: Int, okNs: Int64, okLine: Int) {
        if okNs < firstOver[length].timeNs {
            firstOver[length] = ReadMark(timeNs: okNs, invokeLine: invokeLine, okLine: okLine)
        }
        // At least: in a history whose reads all begin at once there is a last one too.
        if invokedNs >= lastBegun[length].timeNs {
            lastBegun[length] = ReadMark(timeNs: invokedNs, invokeLine: invokeLine, okLine: okLine)
        }
        usedLine = okLine
    }

    /// The length of a list whose text is the beginning of this order's text, or goes on where that ends; then the order
    /// grows. Nil if it is neither: that may still be for its spaces.
    /// - Throws: `.malformed`, where the text is no list.
    @inline(__always) mutating func lengthByText(_ list: IntegerList, line: Int) throws(HistoryError) -> Int? {
        let count = list.text.count
        if count == 0 { return 0 }
        if count <= text.count {
            guard memcmp(list.text.baseAddress!, text.withUnsafeBufferPointer { $0.baseAddress! }, count) == 0 else {
                return nil
            }
            return place(ofEnd: count)
        }
        if !text.isEmpty {
            guard memcmp(list.text.baseAddress!, text.withUnsafeBufferPointer { $0.baseAddress! }, text.count) == 0,
                list.text[text.count] == 0x2c
            else { return nil }
        }
        let known = text.count
        var last = known
        try list.forEach(from: known, line: line) { value, end in
            add(value)
            ends.append(end)
            last = end
        }
        text.append(contentsOf: list.text[known..<last])
        return values.count
    }

    /// The length of a list that is a beginning of this order, or goes on where it ends; then the order grows. Nil if it is
    /// neither. O(elements of the list).
    mutating func lengthByValues(_ list: [Int64]) -> Int? {
        let common = commonLength(list)
        if common == list.count { return common }
        guard common == values.count else { return nil }
        extend(by: list[common...])
        return values.count
    }

    /// How many values both lists begin with.
    func commonLength(_ list: [Int64]) -> Int {
        let shorter = min(list.count, values.count)
        return (0..<shorter).first { list[$0] != values[$0] } ?? shorter
    }

    private mutating func extend(by more: some Sequence<Int64>) {
        for value in more {
            if !text.isEmpty { text.append(0x2c) }
            Decimal.put(value, into: &text)
            ends.append(text.count)
            add(value)
        }
    }

    private mutating func add(_ value: Int64) {
        values.append(value)
        firstOver.append(.none(.max))
        lastBegun.append(.none(.min))
    }

    /// How many values end at or before this offset, if one ends right there.
    private func place(ofEnd offset: Int) -> Int? {
        var (low, high) = (0, ends.count)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < ends.count && ends[low] == offset ? low + 1 : nil
    }
}
