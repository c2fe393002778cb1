// Bytes as hexadecimal text, for golden encodings.

/// Reads bytes such as "82 a4 7479 70"; spaces are for the reader only.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    precondition(digits.count.isMultiple(of: 2), "bytes are pairs of digits")
    return stride(from: 0, to: digits.count, by: 2).map { position in
        let start = digits.index(digits.startIndex, offsetBy: position)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)!
    }
}

/// Bytes as such text, without spaces.
func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
