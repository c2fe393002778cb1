// A ZeroMQ socket that sends whatever it is given, with nothing of the library between it and the wire.

import CShim
import Glibc

/// The hostile side of a connection, in a context of its own. Used by one task at a time.
///
/// @unchecked Sendable: tasks hand it over by awaiting, which is a full memory barrier.
final class HostileSocket: @unchecked Sendable {
    private let context: OpaquePointer
    private let socket: OpaquePointer
    private let batch: OpaquePointer
    let endpoint: String

    /// Binds an ipc socket where `endpoint` is nil, else connects to it.
    init(kind: Int, connectingTo endpoint: String? = nil) {
        var context: OpaquePointer?
        var socket: OpaquePointer?
        var batch: OpaquePointer?
        let made =
            rm_context_create(1, &context) == 0 && rm_socket_open(context, Int32(kind), &socket) == 0
            && rm_batch_create(256, 3, &batch) == 0 && rm_socket_set_int(socket, ZMQ_LINGER, 0) == 0
        guard made, let context, let socket, let batch else { fatalError("cannot make a socket") }
        (self.context, self.socket, self.batch) = (context, socket, batch)
        if let endpoint {
            self.endpoint = endpoint
            guard rm_socket_connect(socket, endpoint) == 0 else { fatalError("cannot connect to \(endpoint)") }
        } else {
            self.endpoint = Self.freeEndpoint()
            // A publisher's socket drops what its queue has no room for, and does not say so.
            _ = rm_socket_set_int(socket, ZMQ_SNDHWM, 0)
            guard rm_socket_bind(socket, self.endpoint) == 0 else { fatalError("cannot bind \(self.endpoint)") }
        }
    }

    deinit {
        rm_batch_destroy(batch)
        rm_socket_close(socket)
        rm_context_destroy(context)
    }

    /// An endpoint that nobody else has, and that leaves no file behind.
    static func freeEndpoint() -> String {
        "ipc://@ringmaster.fuzz.\(getpid()).\(UInt32.random(in: .min ... .max))"
    }

    /// Sends a message. What the queue has no room for is sent once it has.
    func send(_ parts: [[UInt8]]) async throws {
        for (index, part) in parts.enumerated() {
            while rm_send_part(socket, part, part.count, index + 1 < parts.count ? 1 : 0) == -EAGAIN {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    /// The messages that are there, three parts of each at the most.
    func receive() -> [[[UInt8]]] {
        let count = rm_batch_receive(batch, socket, 256, 1 << 20)
        defer { rm_batch_release(batch) }
        return (0..<UInt32(max(0, count))).map { index in
            let parts = rm_batch_parts(batch, index)!
            return (0..<Int(min(3, rm_batch_part_count(batch, index)))).map {
                Array(UnsafeBufferPointer(start: parts[$0].bytes, count: parts[$0].length))
            }
        }
    }

    /// The messages that come next, if any come within five seconds.
    func nextMessages() async throws -> [[[UInt8]]] {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            let messages = receive()
            if !messages.isEmpty { return messages }
            try await Task.sleep(for: .milliseconds(1))
        }
        return []
    }
}
