// RabbitMQ's client: publishes to the service's queue, and gets replies over the server's direct reply-to, which needs no queue.

import CRabbitMQ
import Glibc

final class RabbitMQLine: PolledLine {
    private static let replyTo = "amq.rabbitmq.reply-to"
    private static let replyTimeout = timeval(tv_sec: 20, tv_usec: 0)
    private let channel: RabbitMQChannel
    private let work: Work
    private let client: [UInt8]
    private let queue: [UInt8]
    private let replyTo = Array(RabbitMQLine.replyTo.utf8)
    private var body: [UInt8] = []

    init(_ order: LineOrder) throws {
        channel = try RabbitMQChannel(port: order.address.port("rabbitmq"))
        work = order.address.work
        client = [UInt8(order.client.utf8.count)] + Array(order.client.utf8)
        queue = Array((work == .calls ? RabbitMQEchoService.queue : RabbitMQAppendService.queue).utf8)
        try channel.consume(Self.replyTo, acknowledges: false)
        if work == .jobs { try channel.confirm() }
    }

    func send(_ request: Request) throws {
        switch work {
        case .calls: try publish(request.id, request.payload)
        case .jobs:
            body.removeAll(keepingCapacity: true)
            body.append(UInt8(request.key.count))
            body.append(contentsOf: request.key)
            body.append(contentsOf: client)
            body.append(contentsOf: request.payload)
            try publish(request.id, body)
        }
    }

    /// The library writes each message at once.
    func flush() {}

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) throws {
        var taken = 0
        let limitNs = Clock.nowNs + Int64(Self.replyTimeout.tv_sec) * 1_000_000_000
        repeat {
            var timeout = Self.replyTimeout
            if taken > 0 {
                timeout = timeval()
            } else if let deadlineNs {
                let leftUs = max(0, (deadlineNs - Clock.nowNs) / 1000)
                timeout = timeval(tv_sec: Int(leftUs / 1_000_000), tv_usec: Int(leftUs % 1_000_000))
            }
            guard var reply = try channel.delivery(within: timeout) else {
                if deadlineNs != nil || taken > 0 { break }
                guard Clock.nowNs < limitNs else {
                    throw AlternativeError.failed("rabbitmq: no reply within \(Self.replyTimeout.tv_sec) s")
                }
                // It was a confirm.
                continue
            }
            taken += 1
            let id = reply.message.properties.correlation_id.buffer.loadUnaligned(as: UInt64.self)
            let data = reply.message.body.buffer
            switch work {
            case .calls: take(Completion(id, .replied(bytes: data.count)))
            case .jobs where data.count == 8:
                take(Completion(id, .appended(position: Int(data.loadUnaligned(as: Int64.self)))))
            case .jobs: take(Completion(id, .failed("rabbitmq: a reply of \(data.count) bytes")))
            }
            amqp_destroy_envelope(&reply)
        } while channel.hasMore || taken == 0
    }

    func close() async {}

    private func publish(_ id: UInt64, _ body: [UInt8]) throws {
        try withUnsafeBytes(of: id) { id in
            try body.withUnsafeBytes { body in
                try queue.withUnsafeBytes { queue in
                    try replyTo.withUnsafeBytes { replyTo in
                        try channel.publish(
                            to: amqp_bytes_t(queue),
                            correlation: amqp_bytes_t(id),
                            replyTo: amqp_bytes_t(replyTo),
                            isPersistent: work == .jobs,
                            amqp_bytes_t(body)
                        )
                    }
                }
            }
        }
    }
}
