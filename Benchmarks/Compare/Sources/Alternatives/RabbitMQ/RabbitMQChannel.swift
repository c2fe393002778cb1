// A connection to RabbitMQ with one channel. Confined to one thread.

import CRabbitMQ
import Glibc

final class RabbitMQChannel {
    static let number: amqp_channel_t = 1
    let connection: amqp_connection_state_t

    init(port: Int) throws {
        guard let connection = compare_rabbitmq_open(Int32(port)) else {
            throw AlternativeError.failed("rabbitmq: cannot connect to port \(port)")
        }
        self.connection = connection
    }

    deinit { amqp_destroy_connection(connection) }

    func declare(_ queue: String, isQuorum: Bool) throws {
        guard compare_rabbitmq_declare(connection, queue, isQuorum ? 1 : 0) == 0 else {
            throw AlternativeError.failed("rabbitmq: cannot declare the queue \(queue)")
        }
    }

    func consume(_ queue: String, acknowledges: Bool, prefetch: Int = 0) throws {
        if prefetch > 0 { amqp_basic_qos(connection, Self.number, 0, UInt16(prefetch), 0) }
        queue.withCString {
            _ = amqp_basic_consume(
                connection,
                Self.number,
                amqp_cstring_bytes($0),
                Self.none,
                0,
                acknowledges ? 0 : 1,
                0,
                amqp_table_t(num_entries: 0, entries: nil)
            )
        }
        guard compare_rabbitmq_check(connection) == 0 else {
            throw AlternativeError.failed("rabbitmq: cannot consume from \(queue)")
        }
    }

    /// Has the server confirm what is published.
    func confirm() throws {
        amqp_confirm_select(connection, Self.number)
        guard compare_rabbitmq_check(connection) == 0 else { throw AlternativeError.failed("rabbitmq: no confirms") }
    }

    /// Publishes to a queue.
    func publish(
        to queue: amqp_bytes_t,
        correlation: amqp_bytes_t,
        replyTo: amqp_bytes_t? = nil,
        isPersistent: Bool = false,
        _ body: amqp_bytes_t
    ) throws {
        var properties = amqp_basic_properties_t()
        // The flags of AMQP 0-9-1: correlation-id, reply-to, delivery-mode.
        properties._flags = 1 << 10
        properties.correlation_id = correlation
        if let replyTo {
            properties._flags |= 1 << 9
            properties.reply_to = replyTo
        }
        if isPersistent {
            properties._flags |= 1 << 12
            properties.delivery_mode = 2
        }
        let status = amqp_basic_publish(connection, Self.number, Self.none, queue, 0, 0, &properties, body)
        guard status == AMQP_STATUS_OK.rawValue else { throw Self.error(status) }
    }

    /// The next delivery, which the caller destroys; nil where the time is over, or a confirm came instead.
    /// - Parameter timeout: nil waits as long as it takes.
    func delivery(within timeout: timeval?) throws -> amqp_envelope_t? {
        amqp_maybe_release_buffers(connection)
        var envelope = amqp_envelope_t()
        let reply: amqp_rpc_reply_t
        if var timeout {
            reply = amqp_consume_message(connection, &envelope, &timeout, 0)
        } else {
            reply = amqp_consume_message(connection, &envelope, nil, 0)
        }
        if reply.reply_type == AMQP_RESPONSE_NORMAL { return envelope }
        guard reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION else {
            throw AlternativeError.failed("rabbitmq: the server closed the channel")
        }
        if reply.library_error == AMQP_STATUS_TIMEOUT.rawValue { return nil }
        guard reply.library_error == AMQP_STATUS_UNEXPECTED_STATE.rawValue else {
            throw Self.error(reply.library_error)
        }
        var frame = amqp_frame_t()
        let status = amqp_simple_wait_frame(connection, &frame)
        guard status == AMQP_STATUS_OK.rawValue else { throw Self.error(status) }
        // basic.ack is a confirm; anything else is the end of it.
        guard frame.frame_type == AMQP_FRAME_METHOD, frame.payload.method.id == 0x003C_0050 else {
            throw AlternativeError.failed("rabbitmq: the server refused a message or closed the channel")
        }
        return nil
    }

    /// Whether more has come than was taken.
    var hasMore: Bool { amqp_frames_enqueued(connection) != 0 || amqp_data_in_buffer(connection) != 0 }

    /// Acknowledges a delivery and all before it.
    func acknowledge(upTo tag: UInt64) throws {
        let status = amqp_basic_ack(connection, Self.number, tag, 1)
        guard status == AMQP_STATUS_OK.rawValue else { throw Self.error(status) }
    }

    /// No bytes: a default.
    static var none: amqp_bytes_t { amqp_bytes_t(len: 0, bytes: nil) }

    private static func error(_ status: Int32) -> AlternativeError {
        .failed("rabbitmq: \(String(cString: amqp_error_string2(status)))")
    }
}

extension amqp_bytes_t {
    /// The bytes of a buffer, which must outlive it.
    init(_ buffer: UnsafeRawBufferPointer) {
        self.init(len: buffer.count, bytes: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
    }

    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: len) }
}
