// A member as the cluster knows it: what the ring knows, which life of the worker it is, and where it listens. Intents
// and views list these, by ascending name.

/// A member of the ring with what is needed to reach it and to tell it from its former self.
public struct MemberRecord: Hashable, Sendable {
    /// Its name and weight.
    public let member: Member
    /// Which life of the worker is a member. Deltas of any other are refused.
    public let incarnation: Incarnation
    /// Where it listens, in the transport's own notation: at most `StateLimits.endpointBytesMax` bytes of UTF-8.
    public let endpoint: String

    public init(member: Member, incarnation: Incarnation, endpoint: String) {
        self.member = member
        self.incarnation = incarnation
        self.endpoint = endpoint
    }
}

// On the wire: [name: str, weight: uint, incarnation: uint, endpoint: str]
extension MessagePackWriter {
    /// Appends a list of members. O(bytes).
    mutating func write(_ members: [MemberRecord]) {
        writeArrayHeader(count: members.count)
        for record in members {
            writeArrayHeader(count: 4)
            write(record.member.id.name)
            write(record.member.weight)
            write(record.incarnation.rawValue)
            write(record.endpoint)
        }
    }
}

extension MessagePackReader {
    /// Reads a list of members in whatever order. O(bytes).
    mutating func readMembers() throws(CommandError) -> [MemberRecord] {
        let count = try arrayHeader()
        guard count <= RingLimits.membersMax else { throw .ring(.tooManyMembers(count: count)) }
        var members: [MemberRecord] = []
        for _ in 0..<count {
            try arrayHeader(of: 4)
            let worker = try workerName()
            let weight = try Int(clamping: number())
            let incarnation = Incarnation(try number())
            let endpoint = try text(bytesMax: StateLimits.endpointBytesMax)
            do {
                let member = try Member(worker, weight: weight)
                members.append(MemberRecord(member: member, incarnation: incarnation, endpoint: endpoint))
            } catch {
                throw .ring(error)
            }
        }
        return members
    }
}
