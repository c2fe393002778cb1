// JSON (RFC 8259) read into a PlainValue. Of its own because integers of 64 bits, the order of keys and repeated keys are
// to stay what was written; Foundation's reader keeps none of them.

import Ringmaster

/// Why a text is no JSON.
struct JSONError: Error, Equatable, CustomStringConvertible {
    let reason: String
    /// Bytes from the start.
    let offset: Int

    var description: String { "\(reason) at byte \(offset)" }
}

extension PlainValue {
    /// Reads a JSON value that fills the text. O(bytes).
    init(json: String) throws(JSONError) {
        var parser = JSONParser(Array(json.utf8))
        self = try parser.document()
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func document() throws(JSONError) -> PlainValue {
        let value = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw error("more text than one value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> PlainValue {
        guard depth < MessagePackLimits.depthMax else {
            throw error("nesting deeper than \(MessagePackLimits.depthMax)")
        }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"): return try number()
        case let byte? where (0x30...0x39).contains(byte): return try number()
        case nil: throw error("the text ends early")
        default: throw error("no JSON value begins")
        }
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> PlainValue {
        offset += 1
        var entries: [(key: String, value: PlainValue)] = []
        if take("}") { return .map([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a key in quotes is expected") }
            let key = try string()
            guard take(":") else { throw error("':' is expected") }
            entries.append((key, try value(depth: depth + 1)))
            if take("}") { return .map(entries) }
            guard take(",") else { throw error("',' or '}' is expected") }
        }
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> PlainValue {
        offset += 1
        var values: [PlainValue] = []
        if take("]") { return .array([]) }
        while true {
            values.append(try value(depth: depth + 1))
            if take("]") { return .array(values) }
            guard take(",") else { throw error("',' or ']' is expected") }
        }
    }

    private mutating func number() throws(JSONError) -> PlainValue {
        let start = offset
        while let byte = next, "+-.0123456789eE".utf8.contains(byte) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let hasLeadingZero = digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true
        if !hasLeadingZero, digits.first?.isNumber == true, digits.last?.isNumber == true,
            !digits.contains("+") || digits.contains("e") || digits.contains("E")
        {
            if let value = Int64(text) { return .integer(value) }
            if let value = UInt64(text) { return .unsigned(value) }
            if let value = Double(text), value.isFinite { return .double(value) }
        }
        offset = start
        throw error("'\(text)' is no number that can be kept")
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = next {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw error("the text is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += Array(try escape().utf8)
            case 0..<0x20: throw error("a control character in a text")
            default: text.append(byte)
            }
        }
        throw error("the text ends within quotes")
    }

    private mutating func escape() throws(JSONError) -> String {
        guard let byte = next else { throw error("the text ends within quotes") }
        offset += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if (0xd800..<0xdc00).contains(units[0]), bytes[offset...].starts(with: [0x5c, 0x75]) {
                offset += 2
                units.append(try unit())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw error("half a surrogate pair") }
            return text
        default: throw error("an unknown escape")
        }
    }

    private mutating func unit() throws(JSONError) -> UInt16 {
        let digits = bytes[offset..<min(offset + 4, bytes.count)]
        guard digits.count == 4, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw error("four hexadecimal digits are expected")
        }
        offset += 4
        return unit
    }

    private mutating func word(_ word: String, _ value: PlainValue) throws(JSONError) -> PlainValue {
        guard bytes[offset...].starts(with: word.utf8) else { throw error("no JSON value begins") }
        offset += word.utf8.count
        return value
    }

    private mutating func take(_ character: UnicodeScalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { offset += 1 }
    }

    private func error(_ reason: String) -> JSONError {
        JSONError(reason: reason, offset: offset)
    }
}
