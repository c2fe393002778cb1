// The term and vote: libraft's two files, which have no checksum, and the log's own record beside them, which has one.
//
// The record is written before libraft's. So libraft's equals the newest record, or, after a crash between the two, the one
// before; anything else is damage. libraft's two files are written in turn, each with a version one higher than the other's.

import CShimDeltaLog

struct TermAndVote {
    let term: UInt64
    /// The server that was voted for in that term; 0: none.
    let vote: UInt64
    /// Whether libraft's files have the record before this one: nobody has heard of this one yet.
    let isAheadOfLibraft: Bool
    /// The log on disk goes at least so far.
    let lastIndexMin: UInt64

    private struct Metadata {
        let path: String
        let version: UInt64
        let term: UInt64
        let vote: UInt64
    }

    static let recordFile = "vote"

    /// Reads both.
    /// - Throws: `.corrupt`, `.system`.
    init(directory: String) throws(DeltaLogError) {
        let metadata = try Self.metadata(in: directory)
        let path = "\(directory)/\(Self.recordFile)"
        let records = Self.records(try LogFile(ifThere: path)?.bytes ?? [])
        guard let newest = records.first else {
            if let metadata {
                throw .corrupt(file: path, reason: "it is missing or damaged, yet there is \(metadata.path)")
            }
            (term, vote, isAheadOfLibraft, lastIndexMin) = (0, 0, false, 0)
            return
        }
        (term, vote, lastIndexMin) = (newest.term, newest.vote, newest.last_index)
        guard let metadata else {
            guard newest.number == 1 else {
                throw .corrupt(file: "\(directory)/metadata1", reason: "the term and vote are missing")
            }
            isAheadOfLibraft = true
            return
        }
        if (metadata.term, metadata.vote) == (newest.term, newest.vote) {
            isAheadOfLibraft = false
        } else if records.count == 2, (metadata.term, metadata.vote) == (records[1].term, records[1].vote) {
            isAheadOfLibraft = true
        } else {
            throw .corrupt(
                file: metadata.path,
                reason: """
                    it says term \(metadata.term) and vote \(metadata.vote), and \(Self.recordFile) beside it term \
                    \(newest.term) and vote \(newest.vote)
                    """
            )
        }
    }

    /// libraft's newest; nil: it has written none.
    private static func metadata(in directory: String) throws(DeltaLogError) -> Metadata? {
        let first = try metadata(1, in: directory)
        let second = try metadata(2, in: directory)
        // Only the first write of a file can be cut short; before that of the second one the other has version 1.
        for (own, other) in [(first, second), (second, first)] where own?.version == 0 {
            guard (other?.version ?? 0) <= 1 else {
                throw .corrupt(file: own!.path, reason: "it is shorter than 32 bytes")
            }
        }
        let written = [first, second].compactMap { $0 }.filter { $0.version > 0 }.sorted { $0.version > $1.version }
        if written.count == 2, written[0].version != written[1].version + 1 {
            throw .corrupt(
                file: written[0].path,
                reason: "its version is \(written[0].version), and that of the one before it \(written[1].version)"
            )
        }
        return written.first
    }

    /// A file of libraft's; version 0: it is too short.
    private static func metadata(_ number: UInt64, in directory: String) throws(DeltaLogError) -> Metadata? {
        guard let file = try LogFile(ifThere: "\(directory)/metadata\(number)") else { return nil }
        guard file.bytes.count <= 32 else { throw file.damaged("it has \(file.bytes.count) bytes instead of 32") }
        guard file.bytes.count == 32 else { return Metadata(path: file.path, version: 0, term: 0, vote: 0) }
        let fields = file.bytes.withUnsafeBytes { bytes in (0..<4).map { bytes.number(UInt64.self, at: $0 * 8) } }
        guard fields[0] == 1 else { throw file.damaged("it has the unknown format \(fields[0])") }
        guard fields[1] > 0, fields[1] % 2 == number % 2 else {
            throw file.damaged("its version \(fields[1]) cannot be in this file")
        }
        return Metadata(path: file.path, version: fields[1], term: fields[2], vote: fields[3])
    }

    /// The good records, the newer one first.
    private static func records(_ bytes: [UInt8]) -> [rm_log_vote] {
        var first = rm_log_vote()
        var second = rm_log_vote()
        var both = (first, second)
        let count = bytes.withUnsafeBytes { bytes in
            withUnsafeMutablePointer(to: &both) {
                $0.withMemoryRebound(to: rm_log_vote.self, capacity: 2) {
                    rm_log_decode_votes(bytes.baseAddress, bytes.count, $0)
                }
            }
        }
        (first, second) = both
        return Array([first, second].prefix(Int(count)))
    }
}
