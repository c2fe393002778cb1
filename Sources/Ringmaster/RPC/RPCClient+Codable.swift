// Calls with values: arguments and results of any Codable types, as MessagePack.

import RingmasterProtocol

extension RPCClient {
    /// Calls `method` with `arguments` and returns its result.
    ///
    ///     let sum: Int = try await client.call("add", 2, 3)
    ///
    /// - Throws: `RPCError`; `.unexpectedReply` where the result is of another type than `Output`.
    public func call<each Argument: Encodable, Output: Decodable & Sendable>(
        _ method: RPCMethod,
        _ argument: repeat each Argument,
        options: CallOptions = .standard,
        returning: Output.Type = Output.self
    ) async throws(RPCError) -> Output {
        let params = try encodedParams(method, repeat each argument)
        let bytes = try await valueBytes(method, params, options)
        do {
            return try MessagePackDecoder().decode(Output.self, from: bytes)
        } catch {
            throw .unexpectedReply(method: method.name, reason: "\(error)")
        }
    }

    /// Calls `method` with `arguments` and waits for its end; whatever it answers is dropped.
    public func call<each Argument: Encodable>(
        _ method: RPCMethod,
        _ argument: repeat each Argument,
        options: CallOptions = .standard
    ) async throws(RPCError) {
        let params = try encodedParams(method, repeat each argument)
        _ = try await valueBytes(method, params, options)
    }

    /// Sends `method` with `arguments` and does not wait: there is no reply, and no word of a failure.
    public func notify<each Argument: Encodable>(
        _ method: RPCMethod,
        _ argument: repeat each Argument
    ) throws(RPCError) {
        let params = try encodedParams(method, repeat each argument)
        loop.post { [core] in core.notify(method, params: params) }
    }

    private func valueBytes(
        _ method: RPCMethod,
        _ params: [UInt8],
        _ options: CallOptions
    ) async throws(RPCError) -> [UInt8] {
        let call = SubmittedCall(method, .params(params), options, form: .value, startedAt: .now)
        let outcome = await outcome(call)
        switch outcome.kind {
        case .value, .payload: return outcome.bytes
        default: throw outcome.error(method: method, options: options)
        }
    }

    private func encodedParams<each Argument: Encodable>(
        _ method: RPCMethod,
        _ argument: repeat each Argument
    ) throws(RPCError) -> [UInt8] {
        var count = 0
        for _ in repeat (each Argument).self { count += 1 }
        var writer = MessagePackWriter(capacity: 64)
        writer.writeArrayHeader(count: count)
        let encoder = MessagePackEncoder()
        do {
            // The array of params is around each. A server could not read a frame that nests deeper than the limit, and
            // would lose the rest of its message, other callers' frames, with it.
            for argument in repeat each argument { try encoder.encode(argument, into: &writer, inside: 1) }
        } catch {
            throw .unencodable(method: method.name, reason: "\(error)")
        }
        guard writer.bytes.count <= Limits.payloadBytesMax else {
            throw .payloadTooLarge(bytes: writer.bytes.count, limit: Limits.payloadBytesMax)
        }
        return writer.bytes
    }
}

extension RemoteError {
    /// The error in the bytes of a response; nil where they are none.
    init?(encoded bytes: UnsafeRawBufferPointer) {
        guard let error = try? WireError(decoding: bytes) else { return nil }
        self.init(code: error.code, message: error.message)
    }
}
