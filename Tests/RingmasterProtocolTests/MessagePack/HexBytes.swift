// Bytes as hexadecimal text, for golden encodings.

/// Reads bytes such as "82 a4 7479 70"; spaces are for the reader only.
func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.filter { $0 != UInt8(ascii: " ") }.map { digit in
        UInt8(String(UnicodeScalar(digit)), radix: 16)!
    }
    precondition(digits.count.isMultiple(of: 2), "bytes are pairs of digits")
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Bytes as such text, without spaces.
func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
