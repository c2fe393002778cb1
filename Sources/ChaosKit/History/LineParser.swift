// From the bytes of a line to a HistoryLine. The fields may come in any order, with any spaces and escapes, and with other
// fields among them.

/// Reads lines, and numbers the names in them.
struct LineParser {
    var processes = NameTable()
    var keys = NameTable()
    private var nemesis: NameID

    init() {
        let name = Array("nemesis".utf8)
        // Number 0, whether it ever acts or not.
        var table = NameTable()
        nemesis = name.withUnsafeBufferPointer { table.id(of: $0, isNumber: false) }
        processes = table
    }

    /// The fields that a line has, and what stands in them where that can only be judged with the others known.
    private struct Fields {
        var line = HistoryLine()
        var hasIndex = false, hasTime = false, hasProcess = false, hasType = false, hasPosition = false, hasKey = false
        var function: ScannedText?
        var value = Value.absent
    }

    private enum Value {
        case absent, null
        case integer(Int64)
        /// A list, with or without its being known to hold integers.
        case list(UnsafeBufferPointer<UInt8>)
        case other
    }

    mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>, number: Int) throws(ScanFailure) -> HistoryLine {
        var scanner = JSONScanner(bytes)
        var fields = Fields()
        fields.line.number = number
        try scanner.expect(0x7b, "'{'")
        if !scanner.take(0x7d) {
            repeat {
                let name = try scanner.text()
                try scanner.expect(0x3a, "':'")
                try parseField(name, &scanner, &fields)
            } while scanner.take(0x2c)
            try scanner.expect(0x7d, "',' or '}'")
        }
        guard scanner.isAtEnd() else { throw scanner.failure("more than one value stands on the line") }
        return try complete(&fields)
    }

    @inline(__always) private mutating func parseField(
        _ name: ScannedText,
        _ scanner: inout JSONScanner,
        _ fields: inout Fields
    ) throws(ScanFailure) {
        if name.equals("value") {
            try parseValue(&scanner, &fields)
        } else if name.equals("index") {
            fields.line.index = try scanner.integer("'index'")
            fields.hasIndex = true
        } else if name.equals("time") {
            fields.line.timeNs = try scanner.integer("'time'")
            fields.hasTime = true
        } else if name.equals("process") {
            fields.line.process = try Self.name("'process'", &scanner, &processes)
            fields.hasProcess = true
        } else if name.equals("type") {
            fields.line.type = try Self.type(&scanner)
            fields.hasType = true
        } else if name.equals("f") {
            fields.function = try scanner.text()
        } else if name.equals("key") {
            if scanner.peek() == 0x6e {
                try scanner.skipWord("null")
            } else {
                fields.line.key = try Self.name("'key'", &scanner, &keys)
                fields.hasKey = true
            }
        } else if name.equals("position") {
            if scanner.peek() == 0x6e {
                try scanner.skipWord("null")
            } else {
                fields.line.position = try scanner.integer("'position'")
                fields.hasPosition = true
            }
        } else if name.equals("intended") {
            if scanner.peek() == 0x6e {
                try scanner.skipWord("null")
            } else {
                fields.line.intendedNs = try scanner.integer("'intended'")
            }
        } else {
            try scanner.skipValue()
        }
    }

    @inline(__always) private mutating func parseValue(
        _ scanner: inout JSONScanner,
        _ fields: inout Fields
    ) throws(ScanFailure) {
        let byte = scanner.peek()
        let start = scanner.next
        switch byte {
        case 0x5b:
            // Of a read it can only be a list of integers, whose end is found at once. Where `f` comes later it is not known
            // yet that it is a read.
            if let function = fields.function, function.equals("read") {
                fields.value = .list(try scanner.skipIntegerList())
            } else {
                try scanner.skipValue()
                fields.value = .list(UnsafeBufferPointer(start: start + 1, count: scanner.next - start - 2))
            }
        case 0x6e:
            try scanner.skipWord("null")
            fields.value = .null
        case 0x2d, 0x30...0x39:
            fields.value = .integer(try scanner.integer("'value'"))
        default:
            try scanner.skipValue()
            fields.value = .other
        }
        fields.line.nemesisValue = UnsafeBufferPointer(start: start, count: scanner.next - start)
    }

    private static func name(
        _ what: StaticString,
        _ scanner: inout JSONScanner,
        _ table: inout NameTable
    ) throws(ScanFailure) -> NameID {
        if scanner.peek() == 0x22 {
            let text = try scanner.text()
            if !text.hasEscapes { return table.id(of: text.bytes, isNumber: false) }
            return JSONEscapes.undo(text.bytes).withUnsafeBufferPointer { table.id(of: $0, isNumber: false) }
        }
        let start = scanner.next
        let number = try scanner.integer(what)
        let digits = UnsafeBufferPointer(start: start, count: scanner.next - start)
        if number > 0, digits.allSatisfy({ $0 &- 0x30 < 10 }) { return table.id(of: digits, isNumber: true) }
        // 0, -7, 1e3: in the form that each number has one of.
        var canonical: [UInt8] = []
        Decimal.put(number, into: &canonical)
        return canonical.withUnsafeBufferPointer { table.id(of: $0, isNumber: true) }
    }

    private static func type(_ scanner: inout JSONScanner) throws(ScanFailure) -> OperationType {
        let text = try scanner.text()
        if text.equals("ok") { return .ok }
        if text.equals("invoke") { return .invoke }
        if text.equals("info") { return .info }
        if text.equals("fail") { return .fail }
        throw ScanFailure(reason: "'type' is '\(text.string)': invoke, ok, fail or info expected")
    }

    /// Judges the fields together.
    @inline(__always) private func complete(_ fields: inout Fields) throws(ScanFailure) -> HistoryLine {
        guard fields.hasIndex else { throw ScanFailure(reason: "'index' is missing") }
        guard fields.hasTime else { throw ScanFailure(reason: "'time' is missing") }
        guard fields.hasProcess else { throw ScanFailure(reason: "'process' is missing") }
        guard fields.hasType else { throw ScanFailure(reason: "'type' is missing") }
        guard let function = fields.function else { throw ScanFailure(reason: "'f' is missing") }
        if fields.line.process == nemesis {
            fields.line.function = .nemesis
            fields.line.nemesisFunction = function
            return fields.line
        }
        guard fields.hasKey else { throw ScanFailure(reason: "'key' is missing") }
        if function.equals("append") {
            fields.line.function = .append
            guard case .integer(let value) = fields.value else {
                throw ScanFailure(reason: "the 'value' of an append is an integer")
            }
            fields.line.value = value
            if fields.line.type == .ok {
                guard fields.hasPosition else { throw ScanFailure(reason: "the ok of an append has no 'position'") }
                guard fields.line.position >= 0 else {
                    throw ScanFailure(reason: "'position' is \(fields.line.position): it counts from 0")
                }
            }
        } else if function.equals("read") {
            fields.line.function = .read
            if fields.line.type == .ok {
                guard case .list(let text) = fields.value else {
                    throw ScanFailure(reason: "the 'value' of a read's ok is a list of integers")
                }
                fields.line.list = IntegerList(text)
            }
        } else {
            throw ScanFailure(reason: "'f' is '\(function.string)': append or read expected of a client")
        }
        return fields.line
    }
}
