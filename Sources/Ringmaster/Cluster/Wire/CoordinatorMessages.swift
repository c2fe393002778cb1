// What coordinators say to each other for the log's sake, and what they are asked about each other.

import RingmasterProtocol

/// A message of Raft on its way: who sent it, and where the sender listens. A follower answers a leader that its own log
/// does not know of yet.
///
///     raft id u64 little-endian, mark of its directory u64, length of the endpoint u8, endpoint, message
///
/// One without a message introduces its sender.
struct RaftEnvelope {
    private static let headBytes = 17

    let sender: UInt64
    /// See `PeerDirectories`.
    let mark: UInt64
    let endpoint: String
    let message: UnsafeRawBufferPointer

    static func encode(_ message: [UInt8], from sender: UInt64, mark: UInt64, at endpoint: String) -> [UInt8] {
        let address = Array(endpoint.utf8.prefix(255))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headBytes + address.count + message.count)
        withUnsafeBytes(of: sender.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: mark.littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(address.count))
        bytes.append(contentsOf: address)
        bytes.append(contentsOf: message)
        return bytes
    }

    /// nil: it is none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headBytes else { return nil }
        let begin = Self.headBytes + Int(bytes[Self.headBytes - 1])
        guard bytes.count >= begin else { return nil }
        sender = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        mark = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        endpoint = String(decoding: bytes[Self.headBytes..<begin], as: UTF8.self)
        message = UnsafeRawBufferPointer(rebasing: bytes[begin...])
    }
}

/// A coordinator to be added: `[raft id, endpoint]`.
struct AddCoordinatorRequest {
    let raftID: UInt64
    let endpoint: Endpoint

    func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 64)
        writer.writeArrayHeader(count: 2)
        writer.write(raftID)
        writer.write(endpoint.text)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> AddCoordinatorRequest {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 2)
            let request = AddCoordinatorRequest(
                raftID: try reader.readInteger(UInt64.self),
                endpoint: try Endpoint(reader.readString())
            )
            try reader.skipFields(more)
            return request
        }
    }
}

/// A leader's word that a coordinator is none any more: `[term, index of the configuration]`.
enum RemovedMessage {
    static func encode(_ stamp: LogConfigurationStamp) -> [UInt8] {
        var writer = MessagePackWriter(capacity: 24)
        writer.writeArrayHeader(count: 2)
        writer.write(stamp.term)
        writer.write(stamp.index)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> LogConfigurationStamp {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 2)
            let stamp = LogConfigurationStamp(
                term: try reader.readInteger(UInt64.self),
                index: try reader.readInteger(UInt64.self)
            )
            try reader.skipFields(more)
            return stamp
        }
    }
}
