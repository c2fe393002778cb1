// A client of the workers on RabbitMQ: publishes with confirms, and consumes its replies from a queue of its own, which outlives its
// connection. What was not confirmed when the connection was lost is published again.

import CRabbitMQ
import Glibc

final class RabbitMQServiceClient: ServiceClient {
    private static let prefetch = 1000
    private let name: String
    private let port: Int
    private var channel: RabbitMQServiceChannel?
    /// What the server has not confirmed.
    private var unconfirmed: [UInt64: ServiceOperation] = [:]
    /// Whether what was asked is a read, of all that wait for an answer.
    private var isRead: [UInt64: Bool] = [:]
    /// On this connection: the operation of each published message, numbered from `confirmedTag` + 1 on.
    private var published: [UInt64] = []
    private var confirmedTag: UInt64 = 0
    private(set) var resendCount = 0

    init(_ name: String, port: Int) {
        self.name = name
        self.port = port
    }

    func send(_ operation: ServiceOperation) {
        unconfirmed[operation.id] = operation
        isRead[operation.id] = operation.value == nil
        if let channel { publish(operation, on: channel) }
    }

    func forget(_ id: UInt64) {
        unconfirmed[id] = nil
        isRead[id] = nil
    }

    /// The library writes each message at once.
    func flush() throws {
        if channel == nil { throw AlternativeError.failed("rabbitmq: the connection was lost") }
    }

    func reconnect() throws {
        channel = nil
        let new = try RabbitMQServiceChannel(port: port)
        try new.declare(RabbitMQJob.replyQueue(of: name))
        try new.consume(RabbitMQJob.replyQueue(of: name), prefetch: Self.prefetch)
        try new.confirm()
        (published, confirmedTag) = ([], 0)
        channel = new
        for operation in unconfirmed.values.sorted(by: { $0.id < $1.id }) {
            publish(operation, on: new)
            resendCount += 1
        }
    }

    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) throws {
        guard let channel else { throw AlternativeError.failed("rabbitmq: the connection was lost") }
        var waitUs = max(0, (deadlineNs - Clock.nowNs) / 1000)
        var last: UInt64 = 0
        while let event = try channel.event(within: waitUs) {
            waitUs = 0
            switch event {
            case .delivery(var envelope):
                last = envelope.delivery_tag
                takeReply(envelope.message.body, take)
                amqp_destroy_envelope(&envelope)
            case .confirmed(let tag, let all): confirmed(tag, all)
            case .refused: throw AlternativeError.failed("rabbitmq: the server did not take a message")
            }
        }
        if last > 0 { try channel.acknowledge(upTo: last) }
    }

    private func publish(_ operation: ServiceOperation, on channel: RabbitMQServiceChannel) {
        published.append(operation.id)
        do {
            try channel.publish(to: RabbitMQWorkers.jobs, RabbitMQJob(operation, client: name).data)
        } catch {
            // It is unconfirmed, and goes with the next connection.
            self.channel = nil
        }
    }

    private func confirmed(_ tag: UInt64, _ andAllBefore: Bool) {
        let place = Int(tag - confirmedTag) - 1
        guard published.indices.contains(place) else { return }
        for confirmed in andAllBefore ? 0...place : place...place { unconfirmed[published[confirmed]] = nil }
        guard andAllBefore else { return }
        published.removeFirst(place + 1)
        confirmedTag = tag
    }

    private func takeReply(_ body: amqp_bytes_t, _ take: (ServiceCompletion) -> Void) {
        let data = UnsafeRawBufferPointer(start: body.bytes, count: body.len)
        guard data.count >= 8 else { return }
        let id = UInt64(littleEndian: data.loadUnaligned(as: UInt64.self))
        guard let isRead = isRead.removeValue(forKey: id) else { return }
        unconfirmed[id] = nil
        if isRead {
            take(ServiceCompletion(id, .list(Array(data[8...]))))
        } else if data.count == 16 {
            let position = Int64(littleEndian: data.loadUnaligned(fromByteOffset: 8, as: Int64.self))
            take(ServiceCompletion(id, .appended(position: position)))
        }
    }
}
