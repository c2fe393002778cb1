// A history as EDN, for checkers of Jepsen's list-append histories, as Elle.

import Glibc

/// Turns a history into Jepsen's: each append and each read is a transaction of one operation, `[[:append "k" 1]]` or
/// `[[:r "k" [1 2]]]`.
///
/// What differs: Jepsen takes the order of events from their indices alone, so they are put in order of time and numbered
/// anew; and a process of Jepsen's is over after an `info`, so it then goes on under another number. The position of an
/// append stands beside its value, where such checkers pass over it.
public enum EDNExport {
    /// Writes the EDN of a history. A history whose lines are not in order of time is held in memory.
    /// - Returns: How many events it has.
    /// - Throws: What reading throws; `.cannotOpen` and `.cannotWrite` for the EDN.
    @discardableResult
    public static func export(_ path: String, to ednPath: String) throws(HistoryError) -> Int {
        let order = try order(of: HistoryReader(path: path))
        guard let file = fopen(ednPath, "we") else {
            throw .cannotOpen(path: ednPath, reason: HistoryError.systemReason)
        }
        var (count, isWritten) = (0, true)
        do throws(HistoryError) {
            count = try events(HistoryReader(path: path), order) { text in
                text.withUnsafeBytes { if fwrite($0.baseAddress, 1, $0.count, file) < $0.count { isWritten = false } }
            }
        } catch {
            fclose(file)
            throw error
        }
        guard fclose(file) == 0, isWritten else {
            throw .cannotWrite(path: ednPath, reason: HistoryError.systemReason)
        }
        return count
    }

    /// The EDN of a history in memory.
    public static func text(_ history: [UInt8]) throws(HistoryError) -> String {
        var whole: [UInt8] = []
        _ = try events(HistoryReader(history), try order(of: HistoryReader(history))) { whole += $0 }
        return String(decoding: whole, as: UTF8.self)
    }

    /// The places of the events in order of time; nil where the lines are in that order.
    private static func order(of reader: consuming HistoryReader) throws(HistoryError) -> [Int]? {
        var times: [Int64] = []
        var isInOrder = true
        while let line = try reader.next() {
            if line.timeNs < times.last ?? .min { isInOrder = false }
            times.append(line.timeNs)
        }
        return isInOrder ? nil : times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    }

    private static func events(
        _ reader: consuming HistoryReader,
        _ order: [Int]?,
        put: ([UInt8]) -> Void
    ) throws(HistoryError) -> Int {
        var encoder = EDNEncoder()
        var (index, kept): (Int, [[UInt8]]) = (0, [])
        while let line = try reader.next() {
            try encoder.encode(line, reader)
            if order == nil {
                encoder.end(index: index)
                put(encoder.bytes)
            } else {
                kept.append(encoder.bytes)
            }
            index += 1
        }
        for (index, place) in (order ?? []).enumerated() {
            encoder.bytes = kept[place]
            encoder.end(index: index)
            put(encoder.bytes)
        }
        return index
    }
}

/// Writes one event at a time.
private struct EDNEncoder {
    /// The event.
    var bytes: [UInt8] = []
    /// The number under which each process goes at the moment.
    private var numbers: [NameID: Int] = [:]
    private var nextNumber = 0

    /// Writes all of an event but its index and its end.
    mutating func encode(_ line: HistoryLine, _ reader: borrowing HistoryReader) throws(HistoryError) {
        bytes.removeAll(keepingCapacity: true)
        put("{:type :\(line.type.rawValue), :time \(line.timeNs)")
        switch line.function {
        case .nemesis:
            put(", :process :nemesis, :f :\(line.nemesisFunction.string), :value ")
            do throws(ScanFailure) {
                var scanner = JSONScanner(line.nemesisValue)
                try putJSON(&scanner)
            } catch {
                throw .malformed(line: line.number, reason: error.reason)
            }
        case .append:
            put(", :process \(number(of: line)), :f :txn, :value [[:append ")
            put(reader.keys.name(line.key))
            put(" \(line.value)]]")
            if line.type == .ok { put(", :position \(line.position)") }
        case .read:
            put(", :process \(number(of: line)), :f :txn, :value [[:r ")
            put(reader.keys.name(line.key))
            if line.type == .ok {
                put(" [")
                for (place, value) in try line.list.elements(line: line.number).enumerated() {
                    if place > 0 { bytes.append(0x20) }
                    Decimal.put(value, into: &bytes)
                }
                put("]]]")
            } else {
                put(" nil]]")
            }
        }
    }

    mutating func end(index: Int) {
        put(", :index \(index)}\n")
    }

    private mutating func number(of line: HistoryLine) -> Int {
        let number = numbers[line.process] ?? nextNumber
        if numbers[line.process] == nil { nextNumber += 1 }
        numbers[line.process] = line.type == .info ? nil : number
        return number
    }

    /// The same value in EDN: no colons, `nil`, and fewer escapes.
    private mutating func putJSON(_ scanner: inout JSONScanner) throws(ScanFailure) {
        switch scanner.peek() {
        case 0x7b:
            try putItems(&scanner, "{", close: 0x7d, "}", isObject: true)
        case 0x5b:
            try putItems(&scanner, "[", close: 0x5d, "]", isObject: false)
        case 0x22: put(.text(try scanner.text().string))
        case 0x6e:
            try scanner.skipWord("null")
            put("nil")
        case 0: put("nil")
        default:
            let start = scanner.next
            try scanner.skipValue()
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: scanner.next - start))
        }
    }

    private mutating func putItems(
        _ scanner: inout JSONScanner,
        _ opening: String,
        close: UInt8,
        _ closing: String,
        isObject: Bool
    ) throws(ScanFailure) {
        scanner.advance(by: 1)
        put(opening)
        if !scanner.take(close) {
            repeat {
                if bytes.last != opening.utf8.last { bytes.append(0x20) }
                if isObject {
                    put(.text(try scanner.text().string))
                    try scanner.expect(0x3a, "':'")
                    bytes.append(0x20)
                }
                try putJSON(&scanner)
            } while scanner.take(0x2c)
            try scanner.expect(close, "the end of a list or object")
        }
        put(closing)
    }

    private mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func put(_ name: HistoryName) {
        guard case .text(let text) = name else { return put(name.description) }
        bytes.append(0x22)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": put("\\\(scalar)")
            case "\n": put("\\n")
            case "\r": put("\\r")
            case "\t": put("\\t")
            default: put(String(scalar))
            }
        }
        bytes.append(0x22)
    }
}
