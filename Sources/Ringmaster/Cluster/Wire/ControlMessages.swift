// What coordinators, workers and clients ask each other, but for jobs and the messages of a resize: MessagePack arrays,
// described in docs/PROTOCOL.md.

import RingmasterProtocol

/// Reads a value that fills the bytes, and turns whatever is wrong with it into an error for the sender.
func readMessage<T>(
    _ bytes: UnsafeRawBufferPointer,
    _ body: (inout MessagePackReader) throws -> T
) throws(RemoteError) -> T {
    do {
        var reader = MessagePackReader(bytes)
        let value = try body(&reader)
        try reader.finish()
        return value
    } catch let error as RemoteError {
        throw error
    } catch {
        throw RemoteError(code: .badParams, message: "the params are not what the method takes: \(error)")
    }
}

extension MessagePackReader {
    /// Reads the header of an array of exactly `count`, or more, elements: later versions may add some.
    mutating func readFields(atLeast count: Int) throws -> Int {
        let present = try readArrayHeader()
        guard present >= count else {
            throw RemoteError(code: .badParams, message: "\(count) fields were expected, \(present) came")
        }
        return present - count
    }

    /// Passes over fields that this version does not know.
    mutating func skipFields(_ count: Int) throws {
        for _ in 0..<count { try skipValue() }
    }
}

/// Who a coordinator is, what it knows of the others, and where it publishes.
struct Hello: Sendable {
    struct Coordinator: Sendable {
        let raftID: UInt64
        let endpoint: String
    }

    let clusterID: UInt64
    let name: String
    let raftID: UInt64
    let isLeader: Bool
    /// Empty where it knows of none.
    let leaderEndpoint: String
    let publisherEndpoint: String
    let coordinators: [Coordinator]

    func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 256)
        writer.writeArrayHeader(count: 7)
        writer.write(clusterID)
        writer.write(name)
        writer.write(raftID)
        writer.write(isLeader)
        writer.write(leaderEndpoint)
        writer.write(publisherEndpoint)
        writer.writeArrayHeader(count: coordinators.count)
        for coordinator in coordinators {
            writer.writeArrayHeader(count: 2)
            writer.write(coordinator.raftID)
            writer.write(coordinator.endpoint)
        }
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> Hello {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 7)
            let clusterID = try reader.readInteger(UInt64.self)
            let name = try reader.readString()
            let raftID = try reader.readInteger(UInt64.self)
            let isLeader = try reader.readBool()
            let leader = try reader.readString()
            let publisher = try reader.readString()
            var coordinators: [Coordinator] = []
            for _ in 0..<(try reader.readArrayHeader()) {
                let more = try reader.readFields(atLeast: 2)
                coordinators.append(
                    Coordinator(raftID: try reader.readInteger(UInt64.self), endpoint: try reader.readString())
                )
                try reader.skipFields(more)
            }
            try reader.skipFields(more)
            return Hello(
                clusterID: clusterID,
                name: name,
                raftID: raftID,
                isLeader: isLeader,
                leaderEndpoint: leader,
                publisherEndpoint: publisher,
                coordinators: coordinators
            )
        }
    }
}

/// A worker's name and which of its lives it is in.
struct WorkerIdentity: Hashable, Sendable {
    let id: WorkerID
    let incarnation: Incarnation
}

/// A worker asks for its lease, and says whether it is well: `[name, incarnation, is healthy]`.
struct Heartbeat: Sendable {
    let identity: WorkerIdentity
    let isHealthy: Bool

    func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 80)
        writer.writeArrayHeader(count: 3)
        writer.write(identity.id.name)
        writer.write(identity.incarnation.rawValue)
        writer.write(isHealthy)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> Heartbeat {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 3)
            let id = try WorkerID(validating: reader.readString())
            let incarnation = Incarnation(rawValue: try reader.readInteger(UInt64.self))
            let heartbeat = Heartbeat(
                identity: WorkerIdentity(id: id, incarnation: incarnation),
                isHealthy: try reader.readBool()
            )
            try reader.skipFields(more)
            return heartbeat
        }
    }
}

/// A worker asks to become a member.
enum JoinRequest {
    static func encode(_ record: MemberRecord) -> [UInt8] {
        var writer = MessagePackWriter(capacity: 128)
        writer.writeArrayHeader(count: 4)
        writer.write(record.member.id.name)
        writer.write(record.member.weight)
        writer.write(record.incarnation.rawValue)
        writer.write(record.endpoint)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> MemberRecord {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 4)
            let id = try WorkerID(validating: reader.readString())
            let member = try Member(id, weight: reader.readInteger(Int.self))
            let incarnation = Incarnation(rawValue: try reader.readInteger(UInt64.self))
            let endpoint = try Endpoint(reader.readString())
            try reader.skipFields(more)
            return MemberRecord(member: member, incarnation: incarnation, endpoint: endpoint.text)
        }
    }
}

/// A single unsigned integer, as several requests and replies are.
enum NumberMessage {
    static func encode(_ number: UInt64) -> [UInt8] {
        var writer = MessagePackWriter(capacity: 9)
        writer.write(number)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> UInt64 {
        try readMessage(bytes) { try $0.readInteger(UInt64.self) }
    }
}

/// A worker asks for the state of slots that it gains: the next chunk from a cursor on.
struct FetchRequest: Sendable {
    let epoch: Epoch
    /// A bit a slot.
    let slots: [UInt8]
    let cursor: UInt64

    func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: slots.count + 40)
        writer.writeArrayHeader(count: 3)
        writer.write(epoch.rawValue)
        writer.writeBinary(slots)
        writer.write(cursor)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> FetchRequest {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 3)
            let request = FetchRequest(
                epoch: Epoch(try reader.readInteger(UInt64.self)),
                slots: Array(try reader.readBinary()),
                cursor: try reader.readInteger(UInt64.self)
            )
            try reader.skipFields(more)
            return request
        }
    }
}
