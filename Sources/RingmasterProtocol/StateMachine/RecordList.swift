// The records of one session's jobs, by sequence. Clients number their jobs upwards and acknowledge from below, so a
// record nearly always comes last and leaves first; but any order must stay cheap, as a client may send what it likes.

/// What is kept of a job that was done: enough to answer each copy of it.
struct JobRecord: Sendable {
    let sequence: UInt64
    let job: JobID
    /// The version of the key that the job made.
    let version: UInt64
    let reply: [UInt8]
}

/// Records by ascending sequence, in chunks: a change moves no more than one chunk and the list of them, and a copy of
/// the list that lives costs no more than the chunks that are changed.
struct RecordList: Sendable {
    /// None is empty.
    private var chunks: [[JobRecord]] = []
    private(set) var count = 0

    /// The record of the highest sequence.
    var newest: JobRecord? { chunks.last?.last }

    /// The record of a sequence. O(log records).
    func record(of sequence: UInt64) -> JobRecord? {
        guard let last = chunks.last?.last, sequence <= last.sequence else { return nil }
        let chunk = chunkIndex(for: sequence)
        let position = chunks[chunk].firstPosition(notBelow: sequence)
        guard position < chunks[chunk].count, chunks[chunk][position].sequence == sequence else { return nil }
        return chunks[chunk][position]
    }

    /// Adds a record of a sequence that has none. O(1) when it is the highest, else O(log records + chunks).
    mutating func insert(_ record: JobRecord) {
        count += 1
        guard let last = chunks.last else {
            chunks.append([record])
            return
        }
        if last[last.count - 1].sequence < record.sequence {
            if last.count < StateLimits.recordsPerChunkMax {
                chunks[chunks.count - 1].append(record)
            } else {
                chunks.append([record])
            }
            return
        }
        let chunk = chunkIndex(for: record.sequence)
        chunks[chunk].insert(record, at: chunks[chunk].firstPosition(notBelow: record.sequence))
        if chunks[chunk].count > StateLimits.recordsPerChunkMax {
            let upper = Array(chunks[chunk].suffix(StateLimits.recordsPerChunkMax / 2))
            chunks[chunk].removeLast(upper.count)
            chunks.insert(upper, at: chunk + 1)
        }
    }

    /// Removes the records below a sequence and hands each over. O(records removed + chunks); O(1) when there are none.
    @inline(__always)
    mutating func removeBelow(_ sequence: UInt64, removed: (JobRecord) -> Void) {
        guard let first = chunks.first, first[0].sequence < sequence else { return }
        var whole = 0
        while whole < chunks.count, let last = chunks[whole].last, last.sequence < sequence {
            chunks[whole].forEach(removed)
            count -= chunks[whole].count
            whole += 1
        }
        chunks.removeFirst(whole)
        guard !chunks.isEmpty else { return }
        let part = chunks[0].firstPosition(notBelow: sequence)
        guard part > 0 else { return }
        chunks[0][..<part].forEach(removed)
        chunks[0].removeFirst(part)
        count -= part
    }

    /// Hands over every record, by ascending sequence. O(records).
    func forEach(_ body: (JobRecord) -> Void) {
        for chunk in chunks { chunk.forEach(body) }
    }

    /// The last chunk that begins at or below a sequence, or the first of all.
    private func chunkIndex(for sequence: UInt64) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle][0].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }
}

extension Array<JobRecord> {
    /// The first position whose record has a sequence no lower than this. O(log records).
    fileprivate func firstPosition(notBelow sequence: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
