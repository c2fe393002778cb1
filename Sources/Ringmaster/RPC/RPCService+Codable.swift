// Handlers of values: arguments and results of any Codable types, as MessagePack.

import RingmasterProtocol

extension RPCService {
    /// Adds a method that takes values and returns one. It runs as a task of its own, beside others.
    ///
    ///     service.handle("add") { (a: Int, b: Int) in a + b }
    ///
    /// What it throws is answered as an error: a `RemoteError` as it is, anything else as `handlerFailed` with its
    /// description. Its task is cancelled when its caller cancels or its caller's time is over.
    ///
    /// - Precondition: The service has no method of that name.
    public mutating func handle<each Argument: Decodable & SendableMetatype, Output: Encodable & SendableMetatype>(
        _ method: RPCMethod,
        _ body: @escaping @Sendable @concurrent (repeat each Argument) async throws -> Output
    ) {
        add(
            method,
            .value { params, _ in
                let arguments = try decoded((repeat (each Argument).self), method, params)
                return try encoded(try await body(repeat each arguments), method)
            }
        )
    }

    /// Adds a method that takes values and returns nothing: its callers get nil.
    public mutating func handle<each Argument: Decodable & SendableMetatype>(
        _ method: RPCMethod,
        _ body: @escaping @Sendable @concurrent (repeat each Argument) async throws -> Void
    ) {
        add(
            method,
            .value { params, _ in
                let arguments = try decoded((repeat (each Argument).self), method, params)
                try await body(repeat each arguments)
                return [0xc0]
            }
        )
    }

    /// Adds a method that takes values and what is known of the request, and returns a value.
    public mutating func handle<each Argument: Decodable & SendableMetatype, Output: Encodable & SendableMetatype>(
        _ method: RPCMethod,
        withContext body: @escaping @Sendable @concurrent (RequestContext, repeat each Argument) async throws -> Output
    ) {
        add(
            method,
            .value { params, context in
                let arguments = try decoded((repeat (each Argument).self), method, params)
                return try encoded(try await body(context, repeat each arguments), method)
            }
        )
    }
}

/// The arguments in an encoded array of params.
private func decoded<each Argument: Decodable>(
    _ types: (repeat (each Argument).Type),
    _ method: RPCMethod,
    _ params: [UInt8]
) throws -> (repeat each Argument) {
    var expected = 0
    for _ in repeat each types { expected += 1 }
    return try params.withUnsafeBytes { bytes in
        var reader = MessagePackReader(bytes)
        let count = try reader.readArrayHeader()
        guard count == expected else {
            throw RemoteError(code: .badParams, message: "'\(method)' takes \(expected) params; \(count) came")
        }
        var position = 0
        return (repeat try argument((each types), at: &position, in: &reader, bytes, method))
    }
}

private func argument<Argument: Decodable>(
    _ type: Argument.Type,
    at position: inout Int,
    in reader: inout MessagePackReader,
    _ bytes: UnsafeRawBufferPointer,
    _ method: RPCMethod
) throws -> Argument {
    position += 1
    let start = reader.offset
    do {
        try reader.skipValue()
        let value = UnsafeRawBufferPointer(rebasing: bytes[start..<reader.offset])
        return try MessagePackDecoder().decode(type, from: value)
    } catch {
        throw RemoteError(code: .badParams, message: "param \(position) of '\(method)' is no \(type): \(error)")
    }
}

private func encoded(_ output: some Encodable, _ method: RPCMethod) throws -> [UInt8] {
    do {
        return try MessagePackEncoder().encode(output)
    } catch {
        throw RemoteError(code: .handlerFailed, message: "the result of '\(method)' cannot be encoded: \(error)")
    }
}
