// Messages of Raft on their way between coordinators: a snapshot may be larger than any one ZeroMQ message.

import RingmasterProtocol

/// The parts of one message: `sender's raft id, number of the message, part, parts`, 24 bytes little-endian, then bytes.
enum RaftParcel {
    static let headBytes = 24

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

    /// Takes a part and calls `deliver` with its message, once that is complete.
    mutating func take(_ part: UnsafeRawBufferPointer, deliver: (UnsafeRawBufferPointer) -> Void) {
        guard part.count >= RaftParcel.headBytes else { return }
        let number = UInt64(littleEndian: part.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let index = UInt32(littleEndian: part.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        let count = UInt32(littleEndian: part.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
        let body = UnsafeRawBufferPointer(rebasing: part[RaftParcel.headBytes...])
        guard count != 1 else { return deliver(body) }
        if index == 0 {
            self.number = number
            next = 0
            gathered = []
        }
        guard number == self.number, index == next, index < count,
            gathered.count + body.count <= ClusterLimits.raftMessageBytesMax
        else { return gathered = [] }
        gathered.append(contentsOf: body)
        next += 1
        guard next == count else { return }
        let message = gathered
        gathered = []
        message.withUnsafeBytes(deliver)
    }
}
