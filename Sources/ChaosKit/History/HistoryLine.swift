// One event as it lies in the file: names by number, lists unread.

/// An event of a history, in place.
///
/// Valid until its reader reads the next one: a list, and the value of a nemesis, are bytes of the reader's buffer.
public struct HistoryLine {
    /// The line's number in the file, from 1.
    public internal(set) var number = 0
    public internal(set) var index: Int64 = 0
    public internal(set) var timeNs: Int64 = 0
    /// When an operation was meant to be asked, where its line says so. Of an invocation alone.
    public internal(set) var intendedNs: Int64?
    /// Who, among `HistoryReader.processes`.
    public internal(set) var process = NameID(rawValue: 0)
    public internal(set) var type = OperationType.info
    public internal(set) var function = Function.nemesis
    /// Which key, among `HistoryReader.keys`. Of an append or a read alone.
    public internal(set) var key = NameID(rawValue: 0)
    /// What is appended. Of an append alone.
    public internal(set) var value: Int64 = 0
    /// Where it was appended, from 0. Of an append's `ok` alone.
    public internal(set) var position: Int64 = 0
    /// What was read. Of a read's `ok` alone.
    public internal(set) var list = IntegerList()

    /// `f` and `value` of a nemesis, unread.
    var nemesisFunction = ScannedText(bytes: UnsafeBufferPointer(start: nil, count: 0), hasEscapes: false)
    var nemesisValue = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    public enum Function: Sendable {
        case append, read, nemesis
    }
}

/// A list of integers as JSON has it, without its brackets. It is only read, and only checked, by whoever wants its elements.
public struct IntegerList {
    let text: UnsafeBufferPointer<UInt8>

    init(_ text: UnsafeBufferPointer<UInt8> = UnsafeBufferPointer(start: nil, count: 0)) {
        self.text = text
    }

    /// The elements. O(bytes).
    /// - Throws: `.malformed`.
    public func elements(line: Int) throws(HistoryError) -> [Int64] {
        var elements: [Int64] = []
        try forEach(line: line) { value, _ in elements.append(value) }
        return elements
    }

    /// Calls `body` with every element and the offset at which it ends in `text`, beginning at the element after `offset`,
    /// where an element ends, or 0.
    @inline(__always) func forEach(
        from offset: Int = 0,
        line: Int,
        _ body: (Int64, Int) -> Void
    ) throws(HistoryError) {
        guard text.count > offset, let start = text.baseAddress else { return }
        var scanner = JSONScanner(text)
        if offset == 0 {
            if scanner.isAtEnd() { return }
        } else {
            scanner.advance(by: offset)
        }
        do throws(ScanFailure) {
            if offset > 0 { try scanner.expect(0x2c, "','") }
            repeat {
                let value = try scanner.integer("an element of the list")
                body(value, scanner.next - start)
            } while scanner.take(0x2c)
            guard scanner.isAtEnd() else { throw scanner.failure("',' expected") }
        } catch {
            throw .malformed(line: line, reason: "the list: \(error.reason)")
        }
    }
}
