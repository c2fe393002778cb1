// A client of the workers on gRPC. What the library's retries do not mend is of unknown fate; with workers that know what they did,
// it is asked again until somebody answers.

final class GrpcServiceClient: ServiceClient {
    private let name: String
    private let target: String
    private let asksAgain: Bool
    private var client: GrpcClient?
    private var underWay: [UInt64: ServiceOperation] = [:]
    private(set) var resendCount = 0

    init(_ name: String, target: String, asksAgain: Bool) {
        self.name = name
        self.target = target
        self.asksAgain = asksAgain
    }

    func send(_ operation: ServiceOperation) {
        underWay[operation.id] = operation
        ask(operation)
    }

    func flush() {}

    func forget(_ id: UInt64) { underWay[id] = nil }

    func reconnect() throws {
        // The library keeps its connections.
        guard client == nil else { return }
        client = try GrpcClient(
            target,
            config: GrpcWorkers.config,
            timeoutMs: GrpcWorkers.deadlineMs,
            waitsIdly: true
        )
        for operation in underWay.values { ask(operation) }
    }

    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) throws {
        guard let client else { throw AlternativeError.failed("grpc: no client") }
        client.receive(until: deadlineNs) { id, reply in
            guard let operation = underWay[id] else { return }
            switch reply {
            case .message(let message):
                underWay[id] = nil
                let fields = ProtobufFields(message)
                take(
                    ServiceCompletion(
                        id,
                        operation.value == nil
                            ? .list(fields.bytes(1).map { Array($0) } ?? [])
                            : .appended(position: Int64(fields.number(1)))
                    )
                )
            case .failed where asksAgain || operation.value == nil:
                resendCount += 1
                ask(operation)
            case .failed:
                underWay[id] = nil
                take(ServiceCompletion(id, .unknown))
            }
        }
    }

    private func ask(_ operation: ServiceOperation) {
        guard let client else { return }
        var message = ProtobufMessage()
        message.add(1, bytes: operation.key)
        if let value = operation.value {
            message.add(2, number: UInt64(bitPattern: value))
            message.add(3, bytes: "\(name)/\(operation.id)".utf8)
        }
        client.send(operation.id, operation.value == nil ? GrpcWorkers.read : GrpcWorkers.append, message.bytes)
    }
}
