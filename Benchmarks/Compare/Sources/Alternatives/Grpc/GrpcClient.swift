// A client of one method of a gRPC service, on C++ gRPC's completion queue.

import CGrpc

/// Confined to one thread at a time, which does its input and output while it waits.
final class GrpcClient {
    private static let timeoutMs: Int64 = 20_000
    private let client: OpaquePointer

    static var version: String { "gRPC C++ \(String(cString: compare_grpc_version()))" }

    /// - Parameter method: As "/package.Service/Method".
    init(port: Int, method: String) throws {
        guard let client = compare_grpc_open("127.0.0.1:\(port)", method, Self.timeoutMs) else {
            throw AlternativeError.failed("grpc: no memory for a client")
        }
        self.client = client
    }

    deinit { compare_grpc_close(client) }

    func send(_ id: UInt64, _ message: [UInt8]) {
        compare_grpc_send(client, id, message, message.count)
    }

    /// Waits for the first answer as `PolledLine.receive` does, and takes all that are there. What an answer holds is gone after
    /// `take`.
    func receive(until deadlineNs: Int64?, _ take: (UInt64, Reply) -> Void) {
        var reply = compare_grpc_reply()
        var waitNs = deadlineNs.map { max(0, $0 - Clock.nowNs) } ?? -1
        while compare_grpc_receive(client, waitNs, &reply) != 0 {
            let bytes = UnsafeRawBufferPointer(start: reply.bytes, count: reply.size)
            if reply.status == 0 {
                take(reply.id, .message(bytes))
            } else {
                take(reply.id, .failed("grpc: status \(reply.status): \(String(decoding: bytes, as: UTF8.self))"))
            }
            waitNs = 0
        }
    }

    enum Reply {
        case message(UnsafeRawBufferPointer)
        case failed(String)
    }
}
