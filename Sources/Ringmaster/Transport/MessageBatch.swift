// Messages taken from a socket in one go, for the sockets that are not on the request path.

import CShim

/// Room for received messages, made once and used again and again. The bytes are libzmq's and live until `release`, the
/// next `receive` or the end of the batch. Confined to the thread of the socket.
struct MessageBatch: ~Copyable {
    private let raw: OpaquePointer

    /// Room for `messages` (1...65,536) of `parts` (1...16) parts each; further parts are dropped, but counted.
    init(messages: Int, parts: Int) {
        var batch: OpaquePointer?
        let status = rm_batch_create(UInt32(messages), UInt32(parts), &batch)
        guard status == 0, let batch else {
            fatalError("cannot make a message batch: \(String(cString: rm_error_text(status)))")
        }
        raw = batch
    }

    deinit {
        rm_batch_destroy(raw)
    }

    /// Releases what it holds and takes what the socket has, without waiting. Returns the number of messages: 0 where
    /// there is none or the socket failed.
    func receive(from socket: LoopSocket) -> Int {
        rm_batch_release(raw)
        let count = rm_batch_receive(raw, socket.raw, socket.expectedMessages, Limits.batchBytesMax)
        socket.loop.touch(socket)
        return Int(max(0, count))
    }

    /// How many parts message `index` had on the wire.
    func partCount(_ index: Int) -> Int {
        Int(rm_batch_part_count(raw, UInt32(index)))
    }

    /// Part `part` of message `index`; empty where the message has no such part.
    func part(_ part: Int, of index: Int) -> UnsafeRawBufferPointer {
        let view = rm_batch_parts(raw, UInt32(index))[part]
        return UnsafeRawBufferPointer(start: view.bytes, count: view.length)
    }

    /// Gives the messages back.
    func release() {
        rm_batch_release(raw)
    }
}

extension LoopSocket {
    /// Sends one part of a message, copied, without waiting. Returns 0 or a negative code: RM_EAGAIN at the high-water
    /// mark. `more` tells that another part follows.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Int32 {
        loop.touch(self)
        return rm_send_part(raw, bytes.baseAddress, bytes.count, more ? 1 : 0)
    }

    /// As above.
    func send(_ bytes: [UInt8], more: Bool = false) -> Int32 {
        bytes.withUnsafeBytes { send($0, more: more) }
    }
}
