// One worker on gRPC, as a user writes it.

import CGrpc

/// Takes the calls that have come, does them in one transaction, and answers them. Owned by one thread.
final class GrpcWorkerService {
    private static let batchMax = 16
    private static let waitMs: Int64 = 50
    private let server: OpaquePointer
    private let lists: SQLiteLists
    private let isIdempotent: Bool

    init(port: Int, _ lists: SQLiteLists, isIdempotent: Bool) throws {
        guard let server = compare_grpc_server_open("127.0.0.1:\(port)") else {
            throw AlternativeError.failed("grpc: cannot listen on port \(port)")
        }
        self.server = server
        self.lists = lists
        self.isIdempotent = isIdempotent
    }

    deinit { compare_grpc_server_close(server) }

    func run() throws {
        while !StopRequest.hasCome {
            var calls: [compare_grpc_request] = []
            var call = compare_grpc_request()
            while calls.count < Self.batchMax,
                compare_grpc_server_next(server, calls.isEmpty ? Self.waitMs : 0, &call) != 0
            {
                calls.append(call)
            }
            guard !calls.isEmpty else { continue }
            var answers: [[UInt8]] = []
            try lists.transaction { answers = try calls.map(answer) }
            for (call, answer) in zip(calls, answers) {
                compare_grpc_server_answer(server, call.id, answer, answer.count)
            }
        }
    }

    /// `Append { bytes key = 1; uint64 value = 2; bytes job = 3; }` is answered with `{ uint64 position = 1; }`, and `Read { bytes key = 1;
    /// }` with `{ bytes list = 1; }`.
    private func answer(_ call: compare_grpc_request) throws -> [UInt8] {
        let fields = ProtobufFields(UnsafeRawBufferPointer(start: call.bytes, count: call.size))
        func text(_ field: UInt64) -> String { fields.bytes(field).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        var answer = ProtobufMessage()
        if String(cString: call.method) == GrpcWorkers.append {
            let value = Int64(bitPattern: fields.number(2))
            let position = try lists.append(text(1), value, job: isIdempotent ? text(3) : nil)
            answer.add(1, number: UInt64(position))
        } else {
            answer.add(1, bytes: try lists.list(text(1)))
        }
        return answer.bytes
    }
}
