// A connection to RabbitMQ with one channel, whose confirms are told apart. Confined to one thread.

import CRabbitMQ
import Glibc

final class RabbitMQServiceChannel {
    private static let number: amqp_channel_t = 1
    private let connection: amqp_connection_state_t

    enum Event {
        /// The caller destroys it.
        case delivery(amqp_envelope_t)
        /// The server has what was published under a number, or under all up to it.
        case confirmed(UInt64, andAllBefore: Bool)
        /// The server could not take it.
        case refused(UInt64, andAllBefore: Bool)
    }

    init(port: Int) throws {
        guard let connection = compare_rabbitmq_open(Int32(port)) else {
            throw AlternativeError.failed("rabbitmq: cannot connect to port \(port)")
        }
        self.connection = connection
    }

    deinit { amqp_destroy_connection(connection) }

    var descriptor: Int32 { amqp_get_sockfd(connection) }

    /// Declares a quorum queue, which may be there.
    func declare(_ queue: String) throws {
        guard compare_rabbitmq_declare(connection, queue, 1) == 0 else {
            throw AlternativeError.failed("rabbitmq: cannot declare the queue \(queue)")
        }
    }

    /// Consumes with acknowledgements.
    func consume(_ queue: String, prefetch: Int) throws {
        amqp_basic_qos(connection, Self.number, 0, UInt16(prefetch), 0)
        queue.withCString {
            _ = amqp_basic_consume(
                connection,
                Self.number,
                amqp_cstring_bytes($0),
                Self.none,
                0,
                0,
                0,
                amqp_table_t(num_entries: 0, entries: nil)
            )
        }
        guard compare_rabbitmq_check(connection) == 0 else {
            throw AlternativeError.failed("rabbitmq: cannot consume from \(queue)")
        }
    }

    /// Has the server confirm what is published from now on, numbered from 1.
    func confirm() throws {
        amqp_confirm_select(connection, Self.number)
        guard compare_rabbitmq_check(connection) == 0 else { throw AlternativeError.failed("rabbitmq: no confirms") }
    }

    /// Publishes a persistent message to a queue.
    func publish(to queue: String, _ body: [UInt8]) throws {
        var properties = amqp_basic_properties_t()
        // AMQP 0-9-1's flag of delivery-mode.
        properties._flags = 1 << 12
        properties.delivery_mode = 2
        let status = body.withUnsafeBytes { body in
            queue.withCString { queue in
                amqp_basic_publish(
                    connection,
                    Self.number,
                    Self.none,
                    amqp_cstring_bytes(queue),
                    0,
                    0,
                    &properties,
                    amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
                )
            }
        }
        try Self.check(status)
    }

    func acknowledge(upTo tag: UInt64) throws { try Self.check(amqp_basic_ack(connection, Self.number, tag, 1)) }

    /// What comes next; nil where the time is over.
    func event(within timeoutUs: Int64) throws -> Event? {
        amqp_maybe_release_buffers(connection)
        var envelope = amqp_envelope_t()
        var timeout = timeval(tv_sec: Int(timeoutUs / 1_000_000), tv_usec: Int(timeoutUs % 1_000_000))
        let reply = amqp_consume_message(connection, &envelope, &timeout, 0)
        if reply.reply_type == AMQP_RESPONSE_NORMAL { return .delivery(envelope) }
        guard reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION else {
            throw AlternativeError.failed("rabbitmq: the server closed the channel")
        }
        if reply.library_error == AMQP_STATUS_TIMEOUT.rawValue { return nil }
        guard reply.library_error == AMQP_STATUS_UNEXPECTED_STATE.rawValue else {
            throw Self.error(reply.library_error)
        }
        // A frame that is no delivery.
        var frame = amqp_frame_t()
        try Self.check(amqp_simple_wait_frame(connection, &frame))
        guard frame.frame_type == AMQP_FRAME_METHOD, let decoded = frame.payload.method.decoded else {
            throw AlternativeError.failed("rabbitmq: a frame that nobody waits for")
        }
        switch frame.payload.method.id {
        case 0x003C_0050:
            let ack = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirmed(ack.delivery_tag, andAllBefore: ack.multiple != 0)
        case 0x003C_0078:
            let nack = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .refused(nack.delivery_tag, andAllBefore: nack.multiple != 0)
        default: throw AlternativeError.failed("rabbitmq: the server closed the channel")
        }
    }

    private static var none: amqp_bytes_t { amqp_bytes_t(len: 0, bytes: nil) }

    private static func check(_ status: Int32) throws {
        guard status == AMQP_STATUS_OK.rawValue else { throw error(status) }
    }

    private static func error(_ status: Int32) -> AlternativeError {
        .failed("rabbitmq: \(String(cString: amqp_error_string2(status)))")
    }
}

/// A job or a read as it lies in the queue: its number and value in 8 bytes each, the value 0 of a read; the lengths of client and
/// key in a byte each, and both.
struct RabbitMQJob {
    let id: UInt64
    /// nil: it is a read.
    let value: Int64?
    let client: String
    let key: String

    init(_ operation: ServiceOperation, client: String) {
        (id, value, self.client) = (operation.id, operation.value, client)
        key = String(decoding: operation.key, as: UTF8.self)
    }

    init?(_ data: UnsafeRawBufferPointer) {
        guard data.count > 18, data.count == 18 + Int(data[16]) + Int(data[17]) else { return nil }
        id = UInt64(littleEndian: data.loadUnaligned(as: UInt64.self))
        let number = Int64(littleEndian: data.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        value = number == 0 ? nil : number
        let split = 18 + Int(data[16])
        client = String(decoding: data[18..<split], as: UTF8.self)
        key = String(decoding: data[split...], as: UTF8.self)
    }

    var data: [UInt8] {
        withUnsafeBytes(of: id.littleEndian) { Array($0) }
            + withUnsafeBytes(of: (value ?? 0).littleEndian) { Array($0) }
            + [UInt8(client.utf8.count), UInt8(key.utf8.count)] + Array(client.utf8) + Array(key.utf8)
    }

    static func replyQueue(of client: String) -> String { "replies.\(client)" }
}
