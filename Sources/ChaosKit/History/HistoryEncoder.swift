// From events to lines. It formats numbers and names itself and keeps its buffer, so that recording a job costs a fraction
// of a microsecond; Foundation's encoder takes a hundred times as long.

/// Writes events as lines of JSON, numbered from 0, into a buffer.
///
/// The field order is that of docs/HISTORY.md and there are no spaces, which is what readers are fastest at. Complexity of
/// each call: O(bytes written).
public struct HistoryEncoder: Sendable {
    /// The lines so far. Whoever took them calls `removeFirst`.
    public private(set) var bytes: [UInt8] = []
    /// The index of the next event.
    public private(set) var nextIndex: Int64 = 0

    public init() {}

    /// Forgets the first bytes, once somebody has them; not how many events there were.
    public mutating func removeFirst(_ count: Int) {
        if count == bytes.count { bytes.removeAll(keepingCapacity: true) } else { bytes.removeFirst(count) }
    }

    /// Writes one event as the next line.
    public mutating func encode(_ event: HistoryEvent) {
        switch event.action {
        case .append(let type, let process, let key, let value, let position):
            beginLine(event.timeNs, process, type)
            putText(#"append","key":"#)
            put(key)
            putText(#","value":"#)
            put(value)
            if let position {
                putText(#","position":"#)
                put(position)
            }
            endLine(intendedNs: event.intendedNs)
        case .read(let type, let process, let key, let list):
            beginLine(event.timeNs, process, type)
            putText(#"read","key":"#)
            put(key)
            putText(#","value":"#)
            if let list { put(list) } else { putText("null") }
            endLine(intendedNs: event.intendedNs)
        case .nemesis(let nemesis):
            beginLine(event.timeNs, .text("nemesis"), .info)
            putContents(of: nemesis.function)
            putText(#"","value":"#)
            putValue(of: nemesis)
            putText("}\n")
        }
    }

    private mutating func beginLine(_ timeNs: Int64, _ process: HistoryName, _ type: OperationType) {
        putText(#"{"index":"#)
        put(nextIndex)
        nextIndex += 1
        putText(#","time":"#)
        put(timeNs)
        putText(#","process":"#)
        put(process)
        switch type {
        case .invoke: putText(#","type":"invoke","f":""#)
        case .ok: putText(#","type":"ok","f":""#)
        case .fail: putText(#","type":"fail","f":""#)
        case .info: putText(#","type":"info","f":""#)
        }
    }

    private mutating func endLine(intendedNs: Int64?) {
        if let intendedNs {
            putText(#","intended":"#)
            put(intendedNs)
        }
        putText("}\n")
    }

    private mutating func putValue(of event: NemesisEvent) {
        switch event {
        case .faultBegan(let fault, let kind, let target, let isVerified):
            putText(#"{"fault":"#)
            put(fault.rawValue)
            putText(#","kind":"#)
            put(.text(kind))
            putText(#","target":"#)
            put(.text(target))
            putText(isVerified ? #","verified":true}"# : #","verified":false}"#)
        case .faultEnded(let fault, let isVerified):
            putText(#"{"fault":"#)
            put(fault.rawValue)
            putText(isVerified ? #","verified":true}"# : #","verified":false}"#)
        case .roundBegan(let epoch, let mode, let members):
            putEpoch(epoch.rawValue)
            putText(#","mode":"#)
            put(.text(mode))
            putText(#","members":["#)
            for (place, member) in members.enumerated() {
                if place > 0 { putText(",") }
                put(.text(member))
            }
            putText("]}")
        case .roundCommitted(let epoch):
            putEpoch(epoch.rawValue)
            putText("}")
        case .roundEnded(let epoch, let outcome):
            putEpoch(epoch.rawValue)
            putText(#","outcome":"#)
            put(.text(outcome))
            putText("}")
        case .epochSeen(let process, let incarnation, let epoch):
            putEpoch(epoch.rawValue)
            putText(#","process":"#)
            put(.text(process))
            putText(#","incarnation":"#)
            put(incarnation)
            putText("}")
        case .replicaHash(let process, let logIndex, let hash):
            putText(#"{"index":"#)
            put(logIndex)
            putText(#","process":"#)
            put(.text(process))
            putText(#","hash":"#)
            put(.text(hash))
            putText("}")
        case .healed(let boundNs):
            putText("{")
            if let boundNs {
                putText(#""bound":"#)
                put(boundNs)
            }
            putText("}")
        case .note(_, let json):
            // A line feed in JSON is only ever a space between tokens.
            for byte in json.utf8 { bytes.append(byte == 0x0a || byte == 0x0d ? 0x20 : byte) }
        }
    }

    private mutating func putEpoch(_ epoch: UInt64) {
        putText(#"{"epoch":"#)
        put(Int64(clamping: epoch))
    }
}

// The parts of a line.
extension HistoryEncoder {
    private mutating func putText(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(_ name: HistoryName) {
        switch name {
        case .number(let number): put(number)
        case .text(let text):
            bytes.append(0x22)
            putContents(of: text)
            bytes.append(0x22)
        }
    }

    private mutating func put(_ list: [Int64]) {
        bytes.append(0x5b)
        let piece = Self.numbersOfPiece
        var first = 0
        while first < list.count {
            let numbers = list[first..<min(first + piece, list.count)]
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: numbers.count * (Decimal.bytesMax + 1)) { text in
                let place = text.baseAddress!
                var end = 0
                for number in numbers {
                    end += Decimal.write(number, at: place + end)
                    place[end] = 0x2c
                    end += 1
                }
                if numbers.endIndex == list.endIndex { end -= 1 }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<end]))
            }
            first += piece
        }
        bytes.append(0x5d)
    }

    /// Of a list, so many numbers are written at a time: less than a page of text.
    private static let numbersOfPiece = 128

    private mutating func put(_ number: Int64) {
        Decimal.put(number, into: &bytes)
    }

    /// A string's characters, escaped where RFC 8259 has it so.
    private mutating func putContents(of text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5c:
                bytes.append(0x5c)
                bytes.append(byte)
            case 0..<0x20:
                putText("\\u00")
                bytes.append(0x30 + byte >> 4)
                bytes.append(Self.hexDigits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}

/// Integers in decimal.
enum Decimal {
    /// The longest number: that of `Int64.min`.
    static let bytesMax = 20

    /// Appends the number's digits. Up to 20 bytes.
    static func put(_ number: Int64, into bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytesMax) { digits in
            let count = write(number, at: digits.baseAddress!)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[..<count]))
        }
    }

    /// Writes the number's digits there, where `bytesMax` bytes are free.
    /// - Returns: how many bytes it took. O(digits), two of them a division.
    @inline(__always)
    static func write(_ number: Int64, at place: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = number.magnitude
        var count = digitCount(rest)
        if number < 0 {
            place[0] = 0x2d
            count += 1
        }
        var end = count
        while rest >= 100 {
            let quotient = rest / 100
            let pair = UInt32(truncatingIfNeeded: rest &- quotient &* 100)
            end -= 2
            place[end] = digit(pair / 10)
            place[end + 1] = digit(pair % 10)
            rest = quotient
        }
        let pair = UInt32(truncatingIfNeeded: rest)
        place[end - 1] = digit(pair % 10)
        if pair >= 10 { place[end - 2] = digit(pair / 10) }
        return count
    }

    @inline(__always)
    private static func digit(_ value: UInt32) -> UInt8 { 0x30 &+ UInt8(truncatingIfNeeded: value) }

    /// Source of the estimate by the logarithm to base 2: Warren, Hacker's Delight, section 11-4.
    @inline(__always)
    private static func digitCount(_ number: UInt64) -> Int {
        let bits = UInt64.bitWidth - (number | 1).leadingZeroBitCount
        let digits = (bits * 1233) >> 12
        return digits + (number >= power(digits) ? 1 : 0)
    }

    @inline(__always)
    private static func power(_ exponent: Int) -> UInt64 {
        switch exponent {
        case 0: 0
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        case 8: 100_000_000
        case 9: 1_000_000_000
        case 10: 10_000_000_000
        case 11: 100_000_000_000
        case 12: 1_000_000_000_000
        case 13: 10_000_000_000_000
        case 14: 100_000_000_000_000
        case 15: 1_000_000_000_000_000
        case 16: 10_000_000_000_000_000
        case 17: 100_000_000_000_000_000
        case 18: 1_000_000_000_000_000_000
        default: 10_000_000_000_000_000_000
        }
    }
}
