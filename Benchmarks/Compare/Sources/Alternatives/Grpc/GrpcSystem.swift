// C++ gRPC: unary calls between its asynchronous server and client. Jobs are not its business: it keeps nothing.

import CGrpc

struct GrpcSystem: Alternative {
    let name = "grpc-cpp"
    /// As many as the machine's processors, of which the client takes one: more only change places.
    private static let threads: Int32 = 1

    func find() -> Description {
        Description(
            version: GrpcClient.version,
            settings: [
                .calls:
                    "asynchronous server with \(Self.threads) completion queue, client with one; no TLS; messages as bytes"
            ]
        )
    }

    func promise(_ work: Work) -> Promise? {
        work == .calls
            ? Promise(.atMostOnce, isSynced: false, replicas: 0, "a call is sent once; every call has a deadline") : nil
    }

    /// The definition of the service, a line or two in protoc's language, is not counted.
    func userSources(_ work: Work) -> [String] { ["../CGrpc/echo_service.cc"] }

    func start(_ instance: Instance) throws {
        _ = try instance.takePort("worker")
        try instance.startRole("worker")
    }

    func serve(role: String, at address: Address, ready: () -> Void) throws {
        try withoutActuallyEscaping(ready) { ready in
            var ready = ready
            let status = withUnsafeMutablePointer(to: &ready) { ready in
                compare_grpc_serve_echo(
                    "127.0.0.1:\(address.port("worker"))",
                    Self.threads,
                    { $0!.assumingMemoryBound(to: (() -> Void).self).pointee() },
                    ready
                )
            }
            throw AlternativeError.failed("grpc: the server has ended with \(status)")
        }
    }

    func line(_ order: LineOrder) throws -> any ClientLine { try GrpcEchoLine(order) }
}

/// Calls of `Echo`, whose message is `{ bytes payload = 1; }`.
private final class GrpcEchoLine: PolledLine {
    private let client: GrpcClient

    init(_ order: LineOrder) throws {
        client = try GrpcClient(port: order.address.port("worker"))
    }

    func send(_ request: Request) {
        var message = ProtobufMessage()
        message.add(1, bytes: request.payload)
        client.send(request.id, "/compare.Echo/Echo", message.bytes)
    }

    func flush() {}

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) {
        client.receive(until: deadlineNs) { id, reply in
            switch reply {
            case .message(let message):
                take(Completion(id, .replied(bytes: ProtobufFields(message).bytes(1)?.count ?? 0)))
            case .failed(let reason): take(Completion(id, .failed(reason)))
            }
        }
    }

    func close() async {}
}
