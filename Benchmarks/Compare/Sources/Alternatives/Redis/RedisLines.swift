// Redis's clients.

import CHiredis
import Glibc

/// Calls: requests are pushed onto the worker's list on one connection, replies taken from the client's own on another, as the one
/// that waits on a list can do nothing else.
final class RedisCallLine: PolledLine {
    private let pushing: RedisConnection
    private let popping: RedisConnection
    private let replies: [UInt8]
    private let head: [UInt8]
    private var message: [UInt8] = []
    private var queued = 0
    private var pushesUnanswered = 0

    init(_ order: LineOrder) throws {
        pushing = try RedisConnection(port: order.address.port("redis"))
        popping = try RedisConnection(port: order.address.port("redis"))
        popping.limitWaiting()
        replies = Array(order.client.utf8)
        head = [UInt8(replies.count)] + replies
        try askForReplies()
    }

    func send(_ request: Request) throws {
        if queued == 0 {
            pushing.beginCommand("RPUSH")
            pushing.add(Array(RedisEchoService.requests.utf8))
        }
        message.removeAll(keepingCapacity: true)
        message.append(contentsOf: head)
        withUnsafeBytes(of: request.id) { message.append(contentsOf: $0) }
        message.append(contentsOf: request.payload)
        pushing.add(message)
        queued += 1
        if pushing.isLarge { try flush() }
    }

    func flush() throws {
        guard queued > 0 else { return }
        pushing.endCommand()
        queued = 0
        pushesUnanswered += 1
        try pushing.flush()
    }

    func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) throws {
        while true {
            if let batch = try popping.replyRead() {
                defer { freeReplyObject(batch) }
                guard batch.pointee.elements == 2, let values = batch.pointee.element[1] else {
                    throw AlternativeError.failed("redis: no list where one was asked for")
                }
                // Before the work on this batch, so that the next is on its way meanwhile.
                try askForReplies()
                for index in 0..<values.pointee.elements {
                    let reply = RedisConnection.bytes(values.pointee.element[index]!)
                    take(Completion(reply.loadUnaligned(as: UInt64.self), .replied(bytes: reply.count - 8)))
                }
                try takePushAnswers()
                return
            }
            if let deadlineNs, !Clock.waitReadable(popping.context.pointee.fd, until: deadlineNs) { return }
            try popping.read()
        }
    }

    func close() async {}

    private func askForReplies() throws {
        popping.beginCommand("BLMPOP")
        popping.add([UInt8(ascii: "0")])
        popping.add([UInt8(ascii: "1")])
        popping.add(replies)
        popping.add(Array("LEFT".utf8))
        popping.add(Array("COUNT".utf8))
        popping.add(UInt64(RedisEchoService.batchMax))
        popping.endCommand()
        try popping.flush()
    }

    /// The lists' lengths, which were sent before any reply to what was pushed.
    private func takePushAnswers() throws {
        guard pushesUnanswered > 16 else { return }
        while pushesUnanswered > 0 {
            freeReplyObject(try pushing.reply())
            pushesUnanswered -= 1
        }
    }
}

/// Answers in the order of the requests, on one connection.
class RedisPipelineLine: PolledLine {
    let connection: RedisConnection
    /// The ids of the requests in flight, in a ring.
    private var ids: [UInt64]
    private var sent = 0
    private var answered = 0

    init(_ order: LineOrder) throws {
        connection = try RedisConnection(port: order.address.port("redis"))
        connection.limitWaiting()
        var capacity = 1
        while capacity < order.inFlightMax { capacity *= 2 }
        ids = [UInt64](repeating: 0, count: capacity)
    }

    func queue(_ request: Request) { preconditionFailure("a subclass makes the command") }
    func outcome(_ reply: UnsafeMutablePointer<redisReply>) -> Completion.Outcome {
        preconditionFailure("a subclass reads the reply")
    }

    final func send(_ request: Request) throws {
        ids[sent & (ids.count - 1)] = request.id
        sent += 1
        queue(request)
        if connection.isLarge { try connection.flush() }
    }

    final func flush() throws { try connection.flush() }

    final func receive(until deadlineNs: Int64?, _ take: (Completion) -> Void) throws {
        var taken = 0
        while true {
            while let reply = try connection.replyRead() {
                take(Completion(ids[answered & (ids.count - 1)], outcome(reply)))
                freeReplyObject(reply)
                answered += 1
                taken += 1
            }
            if taken > 0 { return }
            if let deadlineNs, !Clock.waitReadable(connection.context.pointee.fd, until: deadlineNs) { return }
            try connection.read()
        }
    }

    final func close() async {}
}

/// Jobs: the function, by FCALL.
final class RedisJobLine: RedisPipelineLine {
    private let client: [UInt8]

    override init(_ order: LineOrder) throws {
        client = Array(order.client.utf8)
        try super.init(order)
    }

    override func queue(_ request: Request) {
        connection.beginCommand("FCALL")
        connection.add(Array("append".utf8))
        connection.add([UInt8(ascii: "1")])
        connection.add(request.key)
        connection.add(client)
        connection.add(request.id)
        connection.add(request.payload)
        connection.endCommand()
    }

    override func outcome(_ reply: UnsafeMutablePointer<redisReply>) -> Completion.Outcome {
        reply.pointee.type == REDIS_REPLY_INTEGER
            ? .appended(position: Int(reply.pointee.integer)) : .failed("redis: no position")
    }
}

/// PING with the payload.
final class RedisPingLine: RedisPipelineLine {
    override func queue(_ request: Request) {
        connection.beginCommand("PING")
        connection.add(request.payload)
        connection.endCommand()
    }

    override func outcome(_ reply: UnsafeMutablePointer<redisReply>) -> Completion.Outcome {
        .replied(bytes: reply.pointee.len)
    }
}
