// Messages of Raft on their way between coordinators: a snapshot may be larger than any one ZeroMQ message.

import RingmasterProtocol

/// A part of a message: `sender's raft id, number of the message, part, parts`, 24 bytes little-endian, then bytes.
struct RaftParcel {
    static let headBytes = 24

    let sender: UInt64
    let number: UInt64
    let index: UInt32
    /// The parts of its message.
    let count: UInt32
    /// Valid as long as the bytes that it was read from.
    let body: UnsafeRawBufferPointer

    /// nil: it is none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= RaftParcel.headBytes else { return nil }
        sender = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        index = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        count = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
        body = UnsafeRawBufferPointer(rebasing: bytes[RaftParcel.headBytes...])
        guard index < count else { return nil }
    }

    /// Cuts a message into parts of at most `ClusterLimits.raftPartBytesMax` bytes. O(bytes).
    static func parts(of message: [UInt8], number: UInt64, from sender: UInt64) -> [[UInt8]] {
        let partBytes = ClusterLimits.raftPartBytesMax
        let count = max(1, (message.count + partBytes - 1) / partBytes)
        return (0..<count).map { part in
            let range = part * partBytes..<min(message.count, (part + 1) * partBytes)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(headBytes + range.count)
            withUnsafeBytes(of: sender.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: UInt32(part).littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: UInt32(count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: message[range])
            return bytes
        }
    }
}

/// Puts the parts of one sender's messages together again. Parts of a message come in order; where one is missing, the
/// message is dropped, as a network may, and Raft sends it again.
struct RaftParcels {
    private var number: UInt64 = 0
    private var next: UInt32 = 0
    private var gathered: [UInt8] = []

    /// Takes a part; returns its message once that is complete.
    mutating func take(_ part: RaftParcel) -> [UInt8]? {
        if part.index == 0 {
            number = part.number
            next = 0
            gathered = []
        }
        guard part.number == number, part.index == next,
            gathered.count + part.body.count <= ClusterLimits.raftMessageBytesMax
        else {
            gathered = []
            return nil
        }
        gathered.append(contentsOf: part.body)
        next += 1
        guard next == part.count else { return nil }
        let message = gathered
        gathered = []
        return message
    }
}
