// The escapes of JSON's strings, undone.

enum JSONEscapes {
    /// The bytes that a string's characters mean. Its escapes are valid, as `JSONScanner.text` saw to; half of a surrogate
    /// pair becomes U+FFFD. O(bytes).
    static func undo(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            guard text[place] == 0x5c else {
                bytes.append(text[place])
                place += 1
                continue
            }
            let escape = text[place + 1]
            place += 2
            switch escape {
            case 0x62: bytes.append(0x08)
            case 0x66: bytes.append(0x0c)
            case 0x6e: bytes.append(0x0a)
            case 0x72: bytes.append(0x0d)
            case 0x74: bytes.append(0x09)
            case 0x75: bytes.append(contentsOf: String(character(text, &place)).utf8)
            default: bytes.append(escape)
            }
        }
        return bytes
    }

    /// The character whose four digits begin at the place, with the second half of its pair where it has one.
    private static func character(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Character {
        let first = codeUnit(text, at: place)
        place += 4
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        if first < 0xdc00, place + 6 <= text.count, text[place] == 0x5c, text[place + 1] == 0x75 {
            let second = codeUnit(text, at: place + 2)
            if (0xdc00..<0xe000).contains(second) {
                place += 6
                let value = 0x1_0000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
                return Character(Unicode.Scalar(value) ?? "\u{fffd}")
            }
        }
        return "\u{fffd}"
    }

    private static func codeUnit(_ text: UnsafeBufferPointer<UInt8>, at place: Int) -> UInt16 {
        (0..<4).reduce(0) { $0 << 4 | UInt16(hexValue(text[place + $1]) ?? 0) }
    }

    static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
