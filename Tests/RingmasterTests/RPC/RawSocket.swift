// The other side without this library: a bare ZeroMQ socket, and the frames of the protocol as bytes.

import CShim
import RingmasterProtocol
import Testing

@testable import Ringmaster

/// A ROUTER or DEALER that says whatever a test wants.
///
/// @unchecked Sendable: one task uses it at a time, and a task changes threads only across a memory barrier.
final class RawSocket: @unchecked Sendable {
    private let context: MessagingContext
    private let raw: OpaquePointer
    private let batch: OpaquePointer
    private var isClosed = false
    /// Messages that were received and not yet taken.
    private var inbox: [[[UInt8]]] = []

    /// - Parameters:
    ///   - kind: `RM_ROUTER` or `RM_DEALER`.
    ///   - identity: The routing id towards ROUTERs; nil lets libzmq choose one for each connection.
    ///   - receiveHighWaterMark: Messages that wait to be received.
    init(
        _ kind: Int,
        identity: [UInt8]? = nil,
        receiveHighWaterMark: Int = 1000,
        context: MessagingContext = .shared
    ) throws {
        var socket: OpaquePointer?
        try #require(rm_socket_open(context.raw, Int32(kind), &socket) == 0)
        raw = try #require(socket)
        self.context = context
        var made: OpaquePointer?
        try #require(rm_batch_create(256, 4, &made) == 0)
        batch = try #require(made)
        rm_socket_set_int(raw, ZMQ_LINGER, 0)
        rm_socket_set_int(raw, ZMQ_SNDHWM, 20_000)
        rm_socket_set_int(raw, ZMQ_RCVHWM, Int32(receiveHighWaterMark))
        if kind == RM_ROUTER { rm_socket_set_int(raw, ZMQ_ROUTER_HANDOVER, 1) }
        if let identity { rm_socket_set_bytes(raw, ZMQ_ROUTING_ID, identity, identity.count) }
    }

    deinit {
        close()
        rm_batch_destroy(batch)
    }

    /// Closes it at once, as the system does for a process that died.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        rm_socket_close(raw)
    }

    /// A ROUTER that listens on a port of its own.
    static func server(at endpoint: Endpoint = "tcp://127.0.0.1:*") throws -> (socket: RawSocket, endpoint: Endpoint) {
        let socket = try RawSocket(RM_ROUTER)
        return (socket, try socket.bind(endpoint))
    }

    /// A ROUTER at a port whose last owner may just be leaving it.
    static func server(onceFree endpoint: Endpoint) async throws -> RawSocket {
        let socket = try RawSocket(RM_ROUTER)
        await eventually("\(endpoint) is free") {
            rm_socket_bind(socket.raw, endpoint.text) == 0
        }
        return socket
    }

    /// A DEALER that is connected to `endpoint`.
    static func client(
        of endpoint: Endpoint,
        identity: [UInt8]? = nil,
        receiveHighWaterMark: Int = 1000
    ) throws -> RawSocket {
        let socket = try RawSocket(RM_DEALER, identity: identity, receiveHighWaterMark: receiveHighWaterMark)
        try #require(rm_socket_connect(socket.raw, endpoint.text) == 0)
        return socket
    }

    func set(_ option: Int32, _ value: Int) {
        #expect(rm_socket_set_int(raw, option, Int32(value)) == 0)
    }

    private func bind(_ endpoint: Endpoint) throws -> Endpoint {
        try #require(rm_socket_bind(raw, endpoint.text) == 0)
        var text = [CChar](repeating: 0, count: 256)
        try #require(rm_socket_last_endpoint(raw, &text, text.count) == 0)
        return try Endpoint(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }

    /// Sends one message; false where the high-water mark is reached or nobody has that identity.
    @discardableResult
    func send(_ parts: [UInt8]...) -> Bool {
        for (index, part) in parts.enumerated() {
            guard rm_send_part(raw, part, part.count, index < parts.count - 1 ? 1 : 0) == 0 else { return false }
        }
        return true
    }

    /// Takes what has come, without waiting: messages of parts.
    func receiveNow() -> [[[UInt8]]] {
        fill()
        defer { inbox = [] }
        return inbox
    }

    /// Takes the next message, waiting as long as `eventually` does.
    func receive(sourceLocation: SourceLocation = #_sourceLocation) async throws -> [[UInt8]] {
        await eventually("a message arrives", sourceLocation: sourceLocation) {
            if inbox.isEmpty { fill() }
            return !inbox.isEmpty
        }
        try #require(!inbox.isEmpty, sourceLocation: sourceLocation)
        return inbox.removeFirst()
    }

    /// Takes the next message and reads the only frame of its last part.
    func receiveFrame(sourceLocation: SourceLocation = #_sourceLocation) async throws -> (from: [UInt8], WireFrame) {
        let parts = try await receive(sourceLocation: sourceLocation)
        let frames = WireFrame.all(in: parts.last ?? [])
        try #require(frames.count == 1, sourceLocation: sourceLocation)
        return (parts[0], frames[0])
    }

    private func fill() {
        while true {
            let count = rm_batch_receive(batch, raw, UInt32.max, 1 << 20)
            guard count > 0 else { return }
            for index in 0..<UInt32(count) {
                let parts = rm_batch_parts(batch, index)!
                let held = min(4, Int(rm_batch_part_count(batch, index)))
                inbox.append(
                    (0..<held).map { Array(UnsafeBufferPointer(start: parts[$0].bytes, count: parts[$0].length)) }
                )
            }
            rm_batch_release(batch)
        }
    }
}

/// A frame that was read, with bytes of its own.
struct WireFrame: Equatable {
    var kind = 0
    var msgid: UInt32 = 0
    var method = ""
    /// Encoded params or result.
    var value: [UInt8] = []
    /// The bytes inside, where the value is a bin.
    var payload: [UInt8]?
    var error: WireError?
    var budgetUs: UInt64 = 0
    var attempt: UInt32 = 0
    /// Elements of the frame's array.
    var fields = 0

    /// The frames of one body, up to the first that cannot be read.
    static func all(in body: [UInt8]) -> [WireFrame] {
        var frames: [WireFrame] = []
        body.withUnsafeBufferPointer { bytes in
            var at = 0
            while at < bytes.count {
                var raw = rm_frame()
                let length = Int(rm_frame_read(bytes.baseAddress! + at, bytes.count - at, &raw))
                guard length > 0 else { return }
                var frame = WireFrame(raw)
                frame.fields = Int(bytes[at] & 0x0f)
                frames.append(frame)
                at += length
            }
        }
        return frames
    }

    private init(_ raw: rm_frame) {
        kind = Int(raw.kind)
        msgid = raw.msgid
        method = String(decoding: UnsafeBufferPointer(start: raw.method, count: raw.method_length), as: UTF8.self)
        value = Array(UnsafeBufferPointer(start: raw.value, count: raw.value_length))
        payload = raw.payload.map { Array(UnsafeBufferPointer(start: $0, count: raw.payload_length)) }
        error = raw.error.flatMap {
            try? WireError(decoding: UnsafeRawBufferPointer(start: $0, count: raw.error_length))
        }
        budgetUs = raw.budget_us
        attempt = raw.attempt
    }

    /// A request with one bin param, encoded.
    static func request(
        _ msgid: UInt32,
        _ method: String,
        _ payload: [UInt8],
        budgetUs: UInt64? = nil,
        attempt: UInt32? = nil
    ) -> [UInt8] {
        var params = MessagePackWriter()
        params.writeArrayHeader(count: 1)
        params.writeBinary(payload)
        return request(msgid, method, params: params.bytes, budgetUs: budgetUs, attempt: attempt)
    }

    /// A request with encoded params, encoded. An attempt needs a budget before it.
    static func request(
        _ msgid: UInt32,
        _ method: String,
        params: [UInt8],
        budgetUs: UInt64? = nil,
        attempt: UInt32? = nil
    ) -> [UInt8] {
        var head = MessagePackWriter()
        head.writeArrayHeader(count: attempt != nil ? 6 : budgetUs != nil ? 5 : 4)
        head.write(0)
        head.write(Int(msgid))
        head.write(method)
        var tail = MessagePackWriter()
        if attempt != nil || budgetUs != nil { tail.write(budgetUs ?? 0) }
        if let attempt { tail.write(Int(attempt)) }
        return head.bytes + params + tail.bytes
    }

    /// A response with a bin result, encoded.
    static func response(_ msgid: UInt32, _ payload: [UInt8]) -> [UInt8] {
        var writer = MessagePackWriter()
        writer.writeArrayHeader(count: 4)
        writer.write(1)
        writer.write(Int(msgid))
        writer.writeNil()
        writer.writeBinary(payload)
        return writer.bytes
    }
}

/// Values as MessagePack, one after the other.
func packed(_ values: any Encodable...) -> [UInt8] {
    values.flatMap { value -> [UInt8] in
        do {
            return try MessagePackEncoder().encode(value)
        } catch {
            preconditionFailure("\(value) cannot be encoded: \(error)")
        }
    }
}
