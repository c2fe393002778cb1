// One worker on Redis, as a user writes it.

import CHiredis

/// Takes jobs from the stream in batches, does them, answers and acknowledges them. Owned by one thread.
final class RedisWorkerService {
    private let connection: RedisConnection
    private let name: String
    private let isIdempotent: Bool
    private var nextClaimNs: Int64 = 0

    init(_ connection: RedisConnection, _ name: String, isIdempotent: Bool) {
        self.connection = connection
        self.name = name
        self.isIdempotent = isIdempotent
    }

    /// What this worker had in hand when it died, or its connection did.
    func finishOwn() throws {
        while try take(from: "0", []) > 0 {}
    }

    func run() throws {
        while !StopRequest.hasCome {
            if Clock.nowNs >= nextClaimNs { try claim() }
            _ = try take(from: ">", ["BLOCK", "\(RedisWorkers.blockMs)"])
        }
    }

    /// Takes what somebody has had in hand for too long.
    private func claim() throws {
        let reply = try connection.request([
            "XAUTOCLAIM", RedisWorkers.jobs, RedisWorkers.group, name, "\(RedisWorkers.claimAfterMs)", "0", "COUNT",
            "\(RedisWorkers.batchMax)",
        ])
        defer { freeReplyObject(reply) }
        guard reply.pointee.elements >= 2 else { return }
        // There may be more where there were that many.
        let count = try finish(reply.pointee.element[1]!)
        nextClaimNs = count == RedisWorkers.batchMax ? 0 : Clock.nowNs + RedisWorkers.claimEveryNs
    }

    /// - Returns: How many jobs there were.
    private func take(from place: String, _ options: [String]) throws -> Int {
        let reply = try connection.request(
            ["XREADGROUP", "GROUP", RedisWorkers.group, name, "COUNT", "\(RedisWorkers.batchMax)"] + options
                + ["STREAMS", RedisWorkers.jobs, place]
        )
        defer { freeReplyObject(reply) }
        guard reply.pointee.type == REDIS_REPLY_ARRAY, reply.pointee.elements == 1 else { return 0 }
        return try finish(reply.pointee.element[0]!.pointee.element[1]!)
    }

    private func finish(_ entries: UnsafeMutablePointer<redisReply>) throws -> Int {
        let jobs = (0..<entries.pointee.elements).compactMap { Job(entries.pointee.element[$0]!) }
        guard !jobs.isEmpty else { return 0 }
        for job in jobs { append(job) }
        var positions: [UInt64] = []
        for _ in jobs {
            let reply = try connection.reply()
            positions.append(UInt64(reply.pointee.integer - 1))
            freeReplyObject(reply)
        }
        for (job, position) in zip(jobs, positions) { answer(job, position) }
        // The acknowledgement comes last: what is not acknowledged is done again.
        acknowledge(jobs, "XACK", Array(RedisWorkers.group.utf8))
        acknowledge(jobs, "XDEL", nil)
        for _ in 0..<jobs.count + 2 { freeReplyObject(try connection.reply()) }
        return jobs.count
    }

    private func append(_ job: Job) {
        if isIdempotent {
            connection.beginCommand("FCALL")
            connection.add(Array("append_once".utf8))
            connection.add(2)
            connection.add(job.key)
            connection.add(Array("done:".utf8) + job.client + [UInt8(ascii: ":")] + job.id)
        } else {
            connection.beginCommand("RPUSH")
            connection.add(job.key)
        }
        connection.add(job.value)
        connection.endCommand()
    }

    private func answer(_ job: Job, _ position: UInt64) {
        connection.beginCommand("XADD")
        connection.add(Array("replies:".utf8) + job.client)
        for word in ["MAXLEN", "~", "\(RedisWorkers.repliesKept)", "*", "i"] { connection.add(Array(word.utf8)) }
        connection.add(job.id)
        connection.add([UInt8(ascii: "p")])
        connection.add(position)
        connection.endCommand()
    }

    private func acknowledge(_ jobs: [Job], _ command: StaticString, _ group: [UInt8]?) {
        connection.beginCommand(command)
        connection.add(Array(RedisWorkers.jobs.utf8))
        if let group { connection.add(group) }
        for job in jobs { connection.add(job.entry) }
        connection.endCommand()
    }

    /// An entry of the stream.
    private struct Job {
        let entry, client, id, key, value: [UInt8]

        /// nil for an entry whose fields are gone: it was done, acknowledged and deleted.
        init?(_ reply: UnsafeMutablePointer<redisReply>) {
            guard reply.pointee.elements == 2, let fields = reply.pointee.element[1], fields.pointee.elements == 8
            else {
                return nil
            }
            func field(_ place: Int) -> [UInt8] { Array(RedisConnection.bytes(fields.pointee.element[place * 2 + 1]!)) }
            entry = Array(RedisConnection.bytes(reply.pointee.element[0]!))
            (client, id, key, value) = (field(0), field(1), field(2), field(3))
        }
    }
}
