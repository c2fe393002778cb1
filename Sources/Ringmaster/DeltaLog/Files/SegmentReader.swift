// Files of entries: batches with checksums, one after the other.

import CShimDeltaLog

/// Reads segments in order, and counts entries as libraft does.
struct SegmentReader {
    typealias Visitor = (LogEntryRecord) throws(DeltaLogError) -> Void

    /// The index of the next entry.
    private(set) var nextIndex: UInt64
    private(set) var lastTerm: UInt64 = 0
    /// Where entries of the last open file stopped in the middle of a write.
    private(set) var torn: (file: String, bytes: Int)?
    private(set) var hasRead = false
    /// Where the next entries go: in the last open file with entries, or the first without.
    private(set) var end: (file: String, offset: Int)?
    /// The last batch that is whole.
    private(set) var lastBatch: [UInt8] = []
    /// An open file that nothing was written to.
    private var unused: String?
    private let termMax: UInt64
    private let visit: Visitor

    /// - Parameter termMax: The term of the server, which none of its entries is above.
    init(from index: UInt64, termMax: UInt64, visit: @escaping Visitor) {
        nextIndex = index
        self.termMax = termMax
        self.visit = visit
    }

    /// Reads a closed file: it has all the entries that its name says, and nothing else.
    mutating func readClosed(_ file: LogFile, last: UInt64) throws(DeltaLogError) {
        hasRead = true
        let end = try readBatches(of: file, upTo: file.bytes.count)
        guard end == file.bytes.count else {
            throw file.damaged("the batch of entries at byte \(end) is damaged or cut")
        }
        guard nextIndex == last + 1 else {
            throw file.damaged("its entries end at \(nextIndex - 1), and by its name at \(last)")
        }
    }

    /// Reads an open file, whose last write may have been cut short by a crash.
    mutating func readOpen(_ file: LogFile) throws(DeltaLogError) {
        let used = file.bytes.withUnsafeBytes { rm_log_used_bytes($0.baseAddress, $0.count) }
        guard used > 0 else {
            unused = unused ?? file.path
            end = end ?? (file.path, 0)
            return
        }
        if let torn {
            throw .corrupt(file: torn.file, reason: "its last entries are damaged, and a later file has entries")
        }
        if let unused { throw .corrupt(file: unused, reason: "it is empty, and a later file has entries") }
        hasRead = true
        guard file.bytes.count >= RaftLogSettings.segmentBytesMin else {
            // libraft cuts a file to its batches and then gives it its closed name: a crash may come between the two.
            guard try readBatches(of: file, upTo: file.bytes.count) == file.bytes.count else {
                throw file.damaged("it was cut to \(file.bytes.count) bytes")
            }
            return
        }
        let end = try readBatches(of: file, upTo: used)
        self.end = (file.path, end)
        guard end < used else { return }
        try file.withBytes { bytes throws(DeltaLogError) in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[end...])
            var batch = rm_log_batch()
            // A batch whose header is good says where the next one begins; what it carries is nobody's batch.
            let isHeaderGood = rm_log_check_batch(rest.baseAddress, rest.count, &batch) == Int32(RM_LOG_BAD_DATA)
            let from = isHeaderGood ? batch.end : 8
            guard from < rest.count else { return }
            let found = from + rm_log_find_batch(rest.baseAddress! + from, rest.count - from)
            guard found == rest.count else {
                throw file.damaged(
                    "the batch of entries at byte \(end) is damaged, and there is a good one at byte \(end + found)"
                )
            }
        }
        torn = (file.path, used - end)
    }

    /// Reads good batches and returns where they end.
    private mutating func readBatches(of file: LogFile, upTo limit: Int) throws(DeltaLogError) -> Int {
        try file.withBytes { bytes throws(DeltaLogError) in
            guard bytes.count >= 8 else { throw file.damaged("it has \(bytes.count) bytes") }
            let format = bytes.number(UInt64.self, at: 0)
            guard format == 1 else { throw file.damaged("it has the unknown format \(format)") }
            guard bytes.count > 8 else { throw file.damaged("it has no entries") }
            var offset = 8
            var last = offset
            defer { if last < offset { lastBatch = Array(bytes[last..<offset]) } }
            while offset < limit {
                var batch = rm_log_batch()
                guard rm_log_check_batch(bytes.baseAddress! + offset, bytes.count - offset, &batch) == 0 else { break }
                try read(batch, UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + batch.end]), of: file)
                (last, offset) = (offset, offset + batch.end)
            }
            return offset
        }
    }

    private mutating func read(
        _ batch: rm_log_batch,
        _ bytes: UnsafeRawBufferPointer,
        of file: LogFile
    ) throws(DeltaLogError) {
        var data = batch.data
        for number in 0..<Int(batch.count) {
            let head = batch.headers + 16 * number
            let term = bytes.number(UInt64.self, at: head)
            let length = Int(bytes.number(UInt32.self, at: head + 12))
            guard term >= lastTerm else {
                throw file.damaged("entry \(nextIndex) is of term \(term), behind one of term \(lastTerm)")
            }
            guard term <= termMax else {
                throw file.damaged("entry \(nextIndex) is of term \(term), above the server's own, \(termMax)")
            }
            lastTerm = term
            var content = UnsafeRawBufferPointer(rebasing: bytes[data..<data + length])
            let kind: LogEntryRecord.Kind
            switch bytes[head + 8] {
            case 1:
                kind = .command
                content = try proposed(content, of: file)
            case 2: kind = .barrier
            default: kind = .change
            }
            try visit(
                LogEntryRecord(index: nextIndex, term: term, kind: kind, content: content, file: file.path)
            )
            data += length
            nextIndex += 1
        }
    }

    private func proposed(
        _ entry: UnsafeRawBufferPointer,
        of file: LogFile
    ) throws(DeltaLogError) -> UnsafeRawBufferPointer {
        var content: UnsafePointer<UInt8>?
        var length = 0
        switch rm_log_open_entry(entry.baseAddress, entry.count, nextIndex, &content, &length) {
        case 0: return UnsafeRawBufferPointer(start: content, count: length)
        case Int32(RM_RAFT_EINVAL):
            throw file.damaged("an entry is where \(nextIndex) should be and is another: a file before it is missing")
        default: throw file.damaged("entry \(nextIndex) is none that was proposed")
        }
    }
}
