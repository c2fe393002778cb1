// One worker on RabbitMQ, as a user writes it.

import CRabbitMQ
import Glibc

/// Takes what has come, up to the prefetch, does it in one transaction, answers it and acknowledges it. Owned by one thread.
final class RabbitMQWorkerService {
    private static let waitUs: Int64 = 100_000
    private let channel: RabbitMQServiceChannel
    private let lists: SQLiteLists
    private let isIdempotent: Bool

    init(_ channel: RabbitMQServiceChannel, _ lists: SQLiteLists, isIdempotent: Bool) {
        self.channel = channel
        self.lists = lists
        self.isIdempotent = isIdempotent
    }

    func begin() throws {
        try channel.declare(RabbitMQWorkers.jobs)
        try channel.consume(RabbitMQWorkers.jobs, prefetch: RabbitMQWorkers.prefetch)
    }

    func run() throws {
        while !StopRequest.hasCome {
            var jobs: [RabbitMQJob] = []
            var last: UInt64 = 0
            while jobs.count < RabbitMQWorkers.prefetch,
                case .delivery(var envelope) = try channel.event(within: jobs.isEmpty ? Self.waitUs : 0)
            {
                last = envelope.delivery_tag
                let body = UnsafeRawBufferPointer(start: envelope.message.body.bytes, count: envelope.message.body.len)
                if let job = RabbitMQJob(body) { jobs.append(job) }
                amqp_destroy_envelope(&envelope)
            }
            if last > 0 { try finish(jobs, last) }
        }
    }

    private func finish(_ jobs: [RabbitMQJob], _ last: UInt64) throws {
        var answers: [[UInt8]] = []
        try lists.transaction {
            answers = []
            for job in jobs {
                guard let value = job.value else {
                    answers.append(try lists.list(job.key))
                    continue
                }
                let name = isIdempotent ? "\(job.client)/\(job.id)" : nil
                let position = try lists.append(job.key, value, job: name)
                answers.append(withUnsafeBytes(of: position.littleEndian) { Array($0) })
            }
        }
        for (job, answer) in zip(jobs, answers) {
            let id = withUnsafeBytes(of: job.id.littleEndian) { Array($0) }
            try channel.publish(to: RabbitMQJob.replyQueue(of: job.client), id + answer)
        }
        // The acknowledgement comes last: what is not acknowledged is done again.
        try channel.acknowledge(upTo: last)
    }
}
