// A client of a gRPC server, on C++ gRPC's completion queue.

import CGrpc

/// Confined to one thread at a time, which does its input and output while it waits.
final class GrpcClient {
    private static let timeoutMs: Int64 = 20_000
    private let client: OpaquePointer

    static var version: String { "gRPC C++ \(String(cString: compare_grpc_version()))" }

    convenience init(port: Int) throws { try self.init("127.0.0.1:\(port)") }

    /// - Parameters:
    ///   - target: As "127.0.0.1:1234", or "ipv4:127.0.0.1:1234,127.0.0.1:1235".
    ///   - config: gRPC's service config. With one, calls wait for a connection.
    ///   - waitsIdly: Whether waits may end up to 1 ms late, and cost nothing.
    init(_ target: String, config: String? = nil, timeoutMs: Int64 = timeoutMs, waitsIdly: Bool = false) throws {
        guard let client = compare_grpc_open(target, config, timeoutMs) else {
            throw AlternativeError.failed("grpc: no memory for a client")
        }
        self.client = client
        if waitsIdly { compare_grpc_wait_idly(client) }
    }

    deinit { compare_grpc_close(client) }

    /// - Parameter method: As "/package.Service/Method".
    func send(_ id: UInt64, _ method: String, _ message: [UInt8]) {
        compare_grpc_send(client, id, method, message, message.count)
    }

    /// Begins a call with many messages either way, and its first one. What comes has its id.
    func begin(_ id: UInt64, _ method: String, _ message: [UInt8]) -> Stream {
        Stream(pointer: compare_grpc_stream_begin(client, id, method, message, message.count))
    }

    /// Not to be used once its end has come.
    struct Stream {
        fileprivate let pointer: OpaquePointer

        func send(_ message: [UInt8]) { compare_grpc_stream_write(pointer, message, message.count) }
    }

    /// Waits for the first answer as `PolledLine.receive` does, and takes all that are there. What an answer holds is gone after
    /// `take`.
    func receive(until deadlineNs: Int64?, _ take: (UInt64, Reply) throws -> Void) rethrows {
        var reply = compare_grpc_reply()
        var waitNs = deadlineNs.map { max(0, $0 - Clock.nowNs) } ?? -1
        while compare_grpc_receive(client, waitNs, &reply) != 0 {
            let bytes = UnsafeRawBufferPointer(start: reply.bytes, count: reply.size)
            if reply.status == 0, reply.is_end == 0 {
                try take(reply.id, .message(bytes))
            } else {
                try take(
                    reply.id,
                    .failed("grpc: status \(reply.status): \(String(decoding: bytes, as: UTF8.self))")
                )
            }
            waitNs = 0
        }
    }

    enum Reply {
        case message(UnsafeRawBufferPointer)
        /// A call failed, or a stream has ended.
        case failed(String)
    }
}
