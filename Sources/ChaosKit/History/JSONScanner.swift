// JSON read in place: one pass over the bytes of a line, nothing copied or allocated where the text is plain.

import Glibc

/// Why some bytes are no JSON, or not the JSON that was expected.
struct ScanFailure: Error {
    let reason: String
}

/// A string's characters as they stand between its quotes.
struct ScannedText {
    let bytes: UnsafeBufferPointer<UInt8>
    let hasEscapes: Bool

    @inline(__always) func equals(_ text: StaticString) -> Bool {
        if hasEscapes { return string == text.description }
        return bytes.count == text.utf8CodeUnitCount && memcmp(bytes.baseAddress!, text.utf8Start, bytes.count) == 0
    }

    /// The text with its escapes undone. O(bytes).
    var string: String { String(decoding: hasEscapes ? JSONEscapes.undo(bytes) : Array(bytes), as: UTF8.self) }
}

/// Reads tokens of RFC 8259 from the front of some bytes, which outlive it.
struct JSONScanner {
    private let start: UnsafePointer<UInt8>
    private(set) var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        // No bytes at all have no address; the scanner then is at its end at once.
        start = bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
        next = start
        end = start + bytes.count
    }

    /// The next byte that is no space; 0, which begins no token, where there is none.
    @inline(__always) mutating func peek() -> UInt8 {
        while next < end {
            let byte = next.pointee
            if byte > 0x20 { return byte }
            guard byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a else { return byte == 0 ? 1 : byte }
            next += 1
        }
        return 0
    }

    @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        next += 1
        return true
    }

    @inline(__always) mutating func expect(_ byte: UInt8, _ what: StaticString) throws(ScanFailure) {
        guard take(byte) else { throw failure("\(what) expected") }
    }

    @inline(__always) mutating func advance(by count: Int) {
        next += count
    }

    func failure(_ reason: String) -> ScanFailure {
        next >= end
            ? ScanFailure(reason: reason + " where it ends") : ScanFailure(reason: reason + " at byte \(next - start)")
    }

    /// A string.
    @inline(__always) mutating func text() throws(ScanFailure) -> ScannedText {
        try expect(0x22, "a string")
        let first = next
        var hasEscapes = false
        while next < end {
            let byte = next.pointee
            if byte == 0x22 {
                let text = UnsafeBufferPointer(start: first, count: next - first)
                next += 1
                return ScannedText(bytes: text, hasEscapes: hasEscapes)
            }
            guard byte >= 0x20 else { throw failure("a control character stands in a string") }
            if byte == 0x5c {
                hasEscapes = true
                try skipEscape()
            } else {
                next += 1
            }
        }
        throw failure("'\"' expected")
    }

    private mutating func skipEscape() throws(ScanFailure) {
        next += 1
        guard next < end else { throw failure("an escape expected") }
        switch next.pointee {
        case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: next += 1
        case 0x75:
            next += 1
            for _ in 0..<4 {
                guard next < end, JSONEscapes.hexValue(next.pointee) != nil else {
                    throw failure("four hexadecimal digits expected")
                }
                next += 1
            }
        default: throw failure("no escape begins")
        }
    }

    /// An integer that 64 bits hold. `1.0` and `1e3` are integers too.
    @inline(__always) mutating func integer(_ what: StaticString) throws(ScanFailure) -> Int64 {
        let isNegative = take(0x2d)
        if !isNegative { _ = peek() }
        let first = next
        var magnitude: UInt64 = 0
        while next < end {
            let digit = next.pointee &- 0x30
            guard digit < 10 else { break }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            next += 1
        }
        let digits = next - first
        // 18 digits cannot overflow. What begins with 0 and goes on, or goes on after its digits, is seldom and read again.
        let isPlain = digits > 0 && digits <= 18 && (first.pointee != 0x30 || digits == 1)
        if isPlain, next == end || !(next.pointee == 0x2e || next.pointee | 0x20 == 0x65) {
            return isNegative ? 0 &- Int64(magnitude) : Int64(magnitude)
        }
        next = isNegative ? first - 1 : first
        return try unusualInteger(what)
    }

    private mutating func unusualInteger(_ what: StaticString) throws(ScanFailure) -> Int64 {
        let first = next
        guard peek() == 0x2d || (0x30...0x39).contains(peek()) else { throw failure("\(what) expected") }
        try skipNumber()
        let text = String(decoding: UnsafeBufferPointer(start: first, count: next - first), as: UTF8.self)
        if let number = Int64(text) { return number }
        if let number = Double(text), let exact = Int64(exactly: number), exact.magnitude <= 1 << 53 { return exact }
        next = first
        throw failure("\(what), an integer of 64 bits, expected")
    }

    /// Passes over any value, and checks that it is one.
    mutating func skipValue(depth: Int = 0) throws(ScanFailure) {
        guard depth < HistoryLimits.nestingMax else { throw failure("nesting deeper than \(HistoryLimits.nestingMax)") }
        switch peek() {
        case 0x22: _ = try text()
        case 0x7b:
            next += 1
            if take(0x7d) { return }
            repeat {
                _ = try text()
                try expect(0x3a, "':'")
                try skipValue(depth: depth + 1)
            } while take(0x2c)
            try expect(0x7d, "',' or '}'")
        case 0x5b:
            next += 1
            if take(0x5d) { return }
            repeat { try skipValue(depth: depth + 1) } while take(0x2c)
            try expect(0x5d, "',' or ']'")
        case 0x74: try skipWord("true")
        case 0x66: try skipWord("false")
        case 0x6e: try skipWord("null")
        default: try skipNumber()
        }
    }

    mutating func skipWord(_ word: StaticString) throws(ScanFailure) {
        let count = word.utf8CodeUnitCount
        guard end - next >= count, memcmp(next, word.utf8Start, count) == 0 else { throw failure("a value expected") }
        next += count
    }

    private mutating func skipNumber() throws(ScanFailure) {
        if next < end, next.pointee == 0x2d { next += 1 }
        let first = next
        try skipDigits()
        if first.pointee == 0x30, next - first > 1 {
            next = first
            throw failure("a number begins with 0")
        }
        if next < end, next.pointee == 0x2e {
            next += 1
            try skipDigits()
        }
        if next < end, next.pointee | 0x20 == 0x65 {
            next += 1
            if next < end, next.pointee == 0x2b || next.pointee == 0x2d { next += 1 }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(ScanFailure) {
        let first = next
        while next < end, next.pointee &- 0x30 < 10 { next += 1 }
        guard next > first else { throw failure("a value expected") }
    }

    /// Passes over a list that is known to hold integers, and gives what stands between its brackets, unread.
    @inline(__always) mutating func skipIntegerList() throws(ScanFailure) -> UnsafeBufferPointer<UInt8> {
        try expect(0x5b, "'['")
        guard let close = memchr(next, 0x5d, end - next) else {
            next = end
            throw failure("']' expected")
        }
        let inside = UnsafeBufferPointer(
            start: next,
            count: UnsafePointer(close.assumingMemoryBound(to: UInt8.self)) - next
        )
        next += inside.count + 1
        return inside
    }

    /// Whether nothing but space is left.
    mutating func isAtEnd() -> Bool {
        peek() == 0 && next == end
    }
}
