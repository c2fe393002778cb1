// What a user writes for the jobs on RabbitMQ: a consumer that takes what has come, makes it durable at once, answers, and only then
// acknowledges. Body: the key's length in a byte, the key, the client's length in a byte, the client, the value. The correlation id
// is the job's in 8 bytes.

import CRabbitMQ
import Glibc

/// Confined to one thread.
final class RabbitMQAppendService {
    static let queue = "append"
    static let batchMax = 512
    // begin jobs
    private let channel: RabbitMQChannel
    private var journal: AppendJournal

    init(_ channel: RabbitMQChannel, journal path: String) throws {
        self.channel = channel
        journal = try AppendJournal(path: path)
    }

    func run(ready: () -> Void) throws {
        try channel.declare(Self.queue, isQuorum: true)
        try channel.consume(Self.queue, acknowledges: true, prefetch: Self.batchMax)
        ready()
        var batch: [(envelope: amqp_envelope_t, position: Int64)] = []
        while true {
            while batch.isEmpty || (channel.hasMore && batch.count < Self.batchMax) {
                if let job = try channel.delivery(within: batch.isEmpty ? nil : timeval()) {
                    batch.append((job, append(job)))
                }
            }
            try journal.synchronize()
            for (job, position) in batch {
                let properties = job.message.properties
                try withUnsafeBytes(of: position) {
                    try channel.publish(
                        to: properties.reply_to,
                        correlation: properties.correlation_id,
                        amqp_bytes_t($0)
                    )
                }
            }
            try channel.acknowledge(upTo: batch.last!.envelope.delivery_tag)
            for index in batch.indices { amqp_destroy_envelope(&batch[index].envelope) }
            batch.removeAll(keepingCapacity: true)
        }
    }

    private func append(_ job: amqp_envelope_t) -> Int64 {
        let body = job.message.body.buffer
        let key = body[1..<(1 + Int(body[0]))]
        let client = body[(key.endIndex + 1)..<(key.endIndex + 1 + Int(body[key.endIndex]))]
        return journal.append(
            String(decoding: key, as: UTF8.self),
            client: String(decoding: client, as: UTF8.self),
            id: job.message.properties.correlation_id.buffer.loadUnaligned(as: UInt64.self),
            UnsafeRawBufferPointer(rebasing: body[client.endIndex...])
        )
    }
    // end jobs
}
