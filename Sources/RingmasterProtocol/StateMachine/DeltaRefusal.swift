// Why a delta was not applied. The worker that ran the job decides by it what to tell the client.

/// Why the state machine refused a delta. Nothing of a refused delta is applied but its `acked`.
public enum DeltaRefusal: Hashable, Sendable {
    /// There is no such session: never opened, closed, or expired. The client opens another; what became of the job
    /// can no longer be told.
    case sessionUnknown
    /// The client has said that it is done with this sequence. A late copy; nobody waits for a reply.
    case alreadyAcknowledged
    /// The job has been done before: its id, the version that it made, and its reply, which the client is to get.
    case duplicate(job: JobID, version: UInt64, reply: [UInt8])
    /// The worker does not own the key's slot, not in this life, or is fenced. Nothing that it ran since counts.
    case staleOwner
    /// The job ran on another version of the key than this, which is in force. It has to be run again.
    case staleBase(version: UInt64)
    /// The session holds `StateLimits.recordsPerSessionMax` records. The client must acknowledge replies first.
    case sessionFull
}

// [offset: uint, reason: uint] and what the reason carries: job, version and reply, or version
extension DeltaRefusal {
    private enum Reason: UInt64 {
        case sessionUnknown = 0
        case alreadyAcknowledged
        case duplicate
        case staleOwner
        case staleBase
        case sessionFull

        var elementCount: Int {
            switch self {
            case .sessionUnknown, .alreadyAcknowledged, .staleOwner, .sessionFull: 2
            case .staleBase: 3
            case .duplicate: 5
            }
        }
    }

    private var reason: Reason {
        switch self {
        case .sessionUnknown: .sessionUnknown
        case .alreadyAcknowledged: .alreadyAcknowledged
        case .duplicate: .duplicate
        case .staleOwner: .staleOwner
        case .staleBase: .staleBase
        case .sessionFull: .sessionFull
        }
    }

    func write(offset: Int, into writer: inout MessagePackWriter) {
        writer.writeArrayHeader(count: reason.elementCount)
        writer.write(offset)
        writer.write(reason.rawValue)
        switch self {
        case .duplicate(let job, let version, let reply):
            writer.write(job.rawValue)
            writer.write(version)
            writer.writeBinary(reply)
        case .staleBase(let version):
            writer.write(version)
        case .sessionUnknown, .alreadyAcknowledged, .staleOwner, .sessionFull:
            break
        }
    }

    static func read(
        _ reader: inout MessagePackReader
    ) throws(CommandError) -> (offset: Int, reason: DeltaRefusal) {
        let elementCount = try reader.arrayHeader()
        let offset = Int(try reader.number(max: UInt64(StateLimits.deltasPerBatchMax)))
        let number = try reader.number()
        guard let reason = Reason(rawValue: number) else { throw .refusalUnknown(number) }
        guard elementCount == reason.elementCount else {
            throw .elementCount(expected: reason.elementCount, found: elementCount, offset: reader.offset)
        }
        switch reason {
        case .sessionUnknown: return (offset, .sessionUnknown)
        case .alreadyAcknowledged: return (offset, .alreadyAcknowledged)
        case .duplicate:
            let job = try reader.jobID()
            let version = try reader.number(max: StateLimits.versionMax)
            return (offset, .duplicate(job: job, version: version, reply: Array(try reader.binary())))
        case .staleOwner: return (offset, .staleOwner)
        case .staleBase: return (offset, .staleBase(version: try reader.number(max: StateLimits.versionMax)))
        case .sessionFull: return (offset, .sessionFull)
        }
    }
}
