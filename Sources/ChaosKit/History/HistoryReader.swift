// history.jsonl read from the front, a large block at a time. A history of any length takes one buffer of memory.

import Glibc

/// Reads the events of a history one after the other.
///
/// Owned by whoever reads. Complexity: O(bytes of the file) for all of it; no allocation a line.
public struct HistoryReader: ~Copyable {
    /// Where the bytes come from, for errors.
    public let path: String
    /// The number of lines that were read.
    public private(set) var lineCount = 0
    /// How many bytes the lines had.
    public private(set) var byteCount = 0
    /// Whether the file ended in the middle of its last line, as one does whose writer was killed. That line counts among
    /// `lineCount` and is no event.
    public private(set) var isCutOff = false

    private var parser = LineParser()
    private let descriptor: Int32
    private let follows: Bool
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Of the buffer: read before `begin`, unread up to `end`, and without a line feed from `begin` up to `searched`.
    private var begin = 0, end = 0, searched = 0
    private var isAtEnd = false

    /// The names of the processes so far. "nemesis" is always the first.
    public var processes: NameTable { parser.processes }
    /// The names of the keys so far.
    public var keys: NameTable { parser.keys }

    /// Opens a file.
    /// - Parameters:
    ///   - follows: Whether the file is still being written: `next` then gives nil where there is no whole line yet, and
    ///     goes on when it is asked again.
    ///   - blockBytes: How much is read at once.
    /// - Throws: `.cannotOpen`.
    public init(path: String, follows: Bool = false, blockBytes: Int = 1 << 20) throws(HistoryError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: HistoryError.systemReason) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        self.descriptor = descriptor
        self.path = path
        self.follows = follows
        capacity = max(16, blockBytes)
        buffer = .allocate(capacity: capacity)
    }

    /// Reads events from memory.
    public init(_ bytes: [UInt8]) {
        descriptor = -1
        path = "(memory)"
        follows = false
        capacity = max(1, bytes.count)
        buffer = .allocate(capacity: capacity)
        bytes.withUnsafeBufferPointer { bytes in
            if let start = bytes.baseAddress { buffer.update(from: start, count: bytes.count) }
        }
        end = bytes.count
        isAtEnd = true
    }

    deinit {
        buffer.deallocate()
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// The next event; nil at the end. Lines of nothing but space are passed over.
    /// - Throws: `.malformed` for a line that is no event, `.cannotRead`. Nothing can be read after that.
    public mutating func next() throws(HistoryError) -> HistoryLine? {
        while true {
            if let feed = memchr(buffer + searched, 0x0a, end - searched) {
                let length = UnsafePointer(feed.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(buffer + begin)
                let line = UnsafeBufferPointer(start: UnsafePointer(buffer + begin), count: length)
                begin += length + 1
                searched = begin
                lineCount += 1
                byteCount += length + 1
                if Self.isBlank(line) { continue }
                do throws(ScanFailure) {
                    return try parser.parse(line, number: lineCount)
                } catch {
                    throw .malformed(line: lineCount, reason: error.reason)
                }
            }
            searched = end
            guard try fill() else { return follows ? nil : lastLine() }
        }
    }

    /// Reads more, after what is left. False at the end of the file.
    private mutating func fill() throws(HistoryError) -> Bool {
        if isAtEnd { return false }
        if begin > 0 {
            buffer.update(from: buffer + begin, count: end - begin)
            searched -= begin
            end -= begin
            begin = 0
        }
        if end == capacity { try grow() }
        while true {
            let count = read(descriptor, buffer + end, capacity - end)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .cannotRead(path: path, reason: HistoryError.systemReason) }
            end += count
            isAtEnd = count == 0 && !follows
            return count > 0
        }
    }

    private mutating func grow() throws(HistoryError) {
        guard capacity < HistoryLimits.lineBytesMax else {
            throw .malformed(line: lineCount + 1, reason: "it is longer than \(HistoryLimits.lineBytesMax) bytes")
        }
        capacity = min(capacity * 2, HistoryLimits.lineBytesMax)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: buffer, count: end)
        buffer.deallocate()
        buffer = larger
    }

    /// What stands after the last line feed. The object of an event ends with its last byte, so that no part of one can be
    /// taken for a whole.
    private mutating func lastLine() -> HistoryLine? {
        let line = UnsafeBufferPointer(start: UnsafePointer(buffer + begin), count: end - begin)
        byteCount += line.count
        begin = end
        if line.isEmpty { return nil }
        lineCount += 1
        if Self.isBlank(line) { return nil }
        if let event = try? parser.parse(line, number: lineCount) { return event }
        isCutOff = true
        return nil
    }

    @inline(__always) private static func isBlank(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = line.first else { return true }
        return first <= 0x20 && line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    }
}
