// Reads the fields of a CSV text, row by row, for CSVTable.

/// A cursor in a CSV text. Reading all rows is O(text).
struct CSVParser {
    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1

    private static let (quote, comma, lineFeed, carriageReturn): (UInt8, UInt8, UInt8, UInt8) = (0x22, 0x2C, 0x0A, 0x0D)

    init(_ text: String, file: String) {
        bytes = Array(text.utf8)
        self.file = file
    }

    /// The next row and the line at which it begins; nil at the end. Empty lines are passed over.
    mutating func nextRow() throws(CSVError) -> (line: Int, fields: [String])? {
        while atLineEnd, position < bytes.count { passLineEnd() }
        guard position < bytes.count else { return nil }
        let start = line
        var fields = [try nextField()]
        while position < bytes.count, bytes[position] == Self.comma {
            position += 1
            fields.append(try nextField())
        }
        guard atLineEnd else { throw CSVError(file, line: start, .badQuote) }
        passLineEnd()
        return (start, fields)
    }

    private var atLineEnd: Bool {
        guard position < bytes.count else { return true }
        if bytes[position] == Self.lineFeed { return true }
        return bytes[position] == Self.carriageReturn && position + 1 < bytes.count
            && bytes[position + 1] == Self.lineFeed
    }

    private mutating func passLineEnd() {
        guard position < bytes.count else { return }
        position += bytes[position] == Self.carriageReturn ? 2 : 1
        line += 1
    }

    private mutating func nextField() throws(CSVError) -> String {
        if position < bytes.count, bytes[position] == Self.quote { return try quotedField() }
        let start = position
        while !atLineEnd, bytes[position] != Self.comma {
            guard bytes[position] != Self.quote else { throw CSVError(file, line: line, .badQuote) }
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quotedField() throws(CSVError) -> String {
        let start = line
        var field: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard position < bytes.count, bytes[position] == Self.quote else {
                    return String(decoding: field, as: UTF8.self)
                }
                position += 1
            } else if byte == Self.lineFeed {
                line += 1
            }
            field.append(byte)
        }
        throw CSVError(file, line: start, .badQuote)
    }
}
