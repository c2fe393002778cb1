// A job on its way from a client to the worker that owns its key, and the reply. docs/PROTOCOL.md describes both.

import RingmasterProtocol

/// A durable job: `[client, sequence, acked, method, key, argument, attempt]`. It borrows the bytes that it was read from.
struct JobRequest {
    let client: ClientID
    let sequence: UInt64
    /// Every job of the client below this sequence is done with.
    let acked: UInt64
    /// The bytes of the job's name.
    let method: UnsafeRawBufferPointer
    let key: UnsafeRawBufferPointer
    let argument: UnsafeRawBufferPointer
    /// 1 for the first attempt. From the second on another worker may have run the job already.
    let attempt: UInt64

    func write(into writer: inout MessagePackWriter) {
        writer.writeArrayHeader(count: 7)
        writer.write(client.rawValue)
        writer.write(sequence)
        writer.write(acked)
        writer.writeString(method)
        writer.writeBinary(key)
        writer.writeBinary(argument)
        writer.write(attempt)
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> JobRequest {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 7)
            let request = JobRequest(
                client: ClientID(rawValue: try reader.readUnsigned()),
                sequence: try reader.readUnsigned(),
                acked: try reader.readUnsigned(),
                method: try reader.readStringBytes(),
                key: try reader.readBinary(),
                argument: try reader.readBinary(),
                attempt: try reader.readUnsigned()
            )
            try reader.skipFields(more)
            guard request.key.count <= ClusterLimits.keyBytesMax else {
                throw RemoteError(
                    code: .payloadTooLarge,
                    message: "the key of \(request.key.count) bytes is above the limit of \(ClusterLimits.keyBytesMax)"
                )
            }
            return request
        }
    }
}

/// What a job or call came to. On the wire and in the log it is a byte that says how it went, then the result or the error's
/// text.
enum JobReply {
    case success([UInt8])
    /// A handler's own failure is a reply like any other: every resend of the job gets the same.
    case failure([UInt8])

    private static let succeeded: UInt8 = 0
    private static let failed: UInt8 = 1

    static func thrown(_ error: any Error) -> JobReply {
        let message = (error as? RemoteError)?.message ?? "\(error)"
        return .failure(Array(message.utf8.prefix(MessageLimits.errorMessageBytesMax)))
    }

    /// Hands over the reply's bytes, which lie in `scratch` meanwhile: nothing is allocated for one that fits it.
    @inline(__always)
    func withBytes<Value>(in scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        scratch.removeAll(keepingCapacity: true)
        switch self {
        case .success(let result):
            scratch.append(Self.succeeded)
            scratch.append(contentsOf: result)
        case .failure(let text):
            scratch.append(Self.failed)
            scratch.append(contentsOf: text)
        }
        return scratch.withUnsafeBytes(body)
    }

    static func result(_ reply: UnsafeRawBufferPointer) throws(RemoteError) -> [UInt8] {
        switch reply.first {
        case succeeded: return Array(UnsafeRawBufferPointer(rebasing: reply.dropFirst()))
        case failed:
            throw RemoteError(code: .handlerFailed, message: String(decoding: reply.dropFirst(), as: UTF8.self))
        default: throw RemoteError(code: .malformed, message: "the worker's reply is none")
        }
    }
}

/// A call or read of a key: `[method, key, argument]`; a read has no method.
struct KeyRequest: Sendable {
    let method: String
    let key: [UInt8]
    let argument: [UInt8]

    static func write(
        _ method: UnsafeRawBufferPointer,
        _ key: UnsafeRawBufferPointer,
        _ argument: UnsafeRawBufferPointer,
        into writer: inout MessagePackWriter
    ) {
        writer.writeArrayHeader(count: 3)
        writer.writeString(method)
        writer.writeBinary(key)
        writer.writeBinary(argument)
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> KeyRequest {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 3)
            let request = KeyRequest(
                method: try reader.readString(),
                key: Array(try reader.readBinary()),
                argument: Array(try reader.readBinary())
            )
            try reader.skipFields(more)
            return request
        }
    }
}

/// The state of one key with its version: `[version, state]`, a nil state where the key is not there.
struct KeyState: Sendable {
    let version: UInt64
    let state: [UInt8]?

    func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 16 + (state?.count ?? 0))
        writer.writeArrayHeader(count: 2)
        writer.write(version)
        if let state { writer.writeBinary(state) } else { writer.writeNil() }
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(RemoteError) -> KeyState {
        try readMessage(bytes) { reader in
            let more = try reader.readFields(atLeast: 2)
            let version = try reader.readInteger(UInt64.self)
            let state = reader.readNilIfNext() ? nil : Array(try reader.readBinary())
            try reader.skipFields(more)
            return KeyState(version: version, state: state)
        }
    }
}
