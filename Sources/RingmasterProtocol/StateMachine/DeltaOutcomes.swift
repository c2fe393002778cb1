// What became of a batch of deltas: how the leader answers the worker that sent it.

/// The outcomes of one batch. Deltas that are not among the refusals were accepted.
public struct DeltaOutcomes: Sendable {
    /// How many deltas the batch had.
    public let count: Int
    /// The id of the last job of all after the batch. The accepted deltas have consecutive ids that end here.
    public let lastJob: JobID
    /// What was refused, by ascending offset in the batch.
    public let refusals: [(offset: Int, reason: DeltaRefusal)]

    /// - Precondition: The offsets ascend within 0..<count, and there are at least as many jobs as accepted deltas.
    public init(count: Int, lastJob: JobID, refusals: [(offset: Int, reason: DeltaRefusal)]) {
        precondition(Self.isLawful(count: count, lastJob: lastJob, refusals: refusals), "offsets ascend within a batch")
        self.count = count
        self.lastJob = lastJob
        self.refusals = refusals
    }

    /// How many deltas were accepted.
    public var acceptedCount: Int { count - refusals.count }

    /// The id of the first accepted delta; beyond `lastJob` when none was.
    public var firstJob: JobID { JobID(lastJob.rawValue - UInt64(acceptedCount) + 1) }

    private static func isLawful(
        count: Int,
        lastJob: JobID,
        refusals: [(offset: Int, reason: DeltaRefusal)]
    ) -> Bool {
        var next = 0
        for (offset, _) in refusals {
            guard offset >= next, offset < count else { return false }
            next = offset + 1
        }
        return count >= 0 && UInt64(count - refusals.count) <= lastJob.rawValue
    }
}

extension DeltaOutcomes: Equatable {
    public static func == (lhs: DeltaOutcomes, rhs: DeltaOutcomes) -> Bool {
        lhs.count == rhs.count && lhs.lastJob == rhs.lastJob
            && lhs.refusals.elementsEqual(rhs.refusals) { $0.offset == $1.offset && $0.reason == $1.reason }
    }
}

// On the wire: [count: uint, lastJob: uint, [refusal...]]
extension DeltaOutcomes {
    /// The outcomes as MessagePack. O(refusals and their replies).
    public func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 20 + 4 * refusals.count)
        writer.writeArrayHeader(count: 3)
        writer.write(count)
        writer.write(lastJob.rawValue)
        writer.writeArrayHeader(count: refusals.count)
        for (offset, reason) in refusals { reason.write(offset: offset, into: &writer) }
        return writer.bytes
    }

    /// Reads outcomes that fill the bytes. O(bytes).
    /// - Throws: `CommandError`: what is wrong with them. The sender made the mistake.
    public init(decoding bytes: [UInt8]) throws(CommandError) {
        self = try bytes.span.bytes.withUnsafeBytes { bytes throws(CommandError) in try DeltaOutcomes(decoding: bytes) }
    }

    /// Reads outcomes that fill the bytes; see `init(decoding:)` of an array. The bytes are used only during the call.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var reader = MessagePackReader(bytes)
        try reader.arrayHeader(of: 3)
        count = Int(try reader.number(max: UInt64(StateLimits.deltasPerBatchMax)))
        lastJob = try reader.jobID()
        var refusals: [(offset: Int, reason: DeltaRefusal)] = []
        for _ in 0..<(try reader.arrayHeader()) { refusals.append(try DeltaRefusal.read(&reader)) }
        try reader.end()
        guard Self.isLawful(count: count, lastJob: lastJob, refusals: refusals) else {
            throw .inconsistent(offset: reader.offset)
        }
        self.refusals = refusals
    }
}
