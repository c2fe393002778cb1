// A client of the workers on Redis: jobs go into the stream on one connection, replies come from a stream of the client's own on
// another. A reply that was on its way when the connection was lost is read again; what was not confirmed is sent again.

import CHiredis

final class RedisServiceClient: ServiceClient {
    private static let replyBlockMs = 1000
    private let name: [UInt8]
    private let port: Int
    private var asking: RedisConnection?
    private var listening: RedisConnection?
    /// Jobs that are not known to be in the stream, and reads without their answer.
    private var unconfirmed: [UInt64: ServiceOperation] = [:]
    /// What `asking` will be answered, in order, from `answered` on.
    private var expected: [UInt64] = []
    private var answered = 0
    private var lastReply = Array("0".utf8)
    private(set) var resendCount = 0

    init(_ name: String, port: Int) {
        self.name = Array(name.utf8)
        self.port = port
    }

    func send(_ operation: ServiceOperation) {
        unconfirmed[operation.id] = operation
        if let asking { queue(operation, on: asking) }
    }

    func forget(_ id: UInt64) { unconfirmed[id] = nil }

    func flush() throws { try asking?.flush() }

    func reconnect() throws {
        (asking, listening) = (nil, nil)
        (expected, answered) = ([], 0)
        let new = try RedisConnection(port: port)
        // While it loads its data it accepts connections, and answers nothing else.
        try new.ask(["PING"])
        let replies = try RedisConnection(port: port)
        for operation in unconfirmed.values.sorted(by: { $0.id < $1.id }) {
            queue(operation, on: new)
            resendCount += 1
        }
        try new.flush()
        try listen(on: replies)
        (asking, listening) = (new, replies)
    }

    func receive(until deadlineNs: Int64, _ take: (ServiceCompletion) -> Void) throws {
        guard let asking, let listening else { throw AlternativeError.failed("redis: no connection") }
        Clock.waitReadable(anyOf: [asking.context.pointee.fd, listening.context.pointee.fd], until: deadlineNs)
        if Clock.waitReadable(asking.context.pointee.fd, until: 0) { try asking.read() }
        while let reply = try asking.replyRead() {
            defer { freeReplyObject(reply) }
            let id = expected[answered]
            answered += 1
            guard let operation = unconfirmed.removeValue(forKey: id), operation.value == nil else { continue }
            take(ServiceCompletion(id, .list(Self.list(reply))))
        }
        if answered > 1024 {
            expected.removeFirst(answered)
            answered = 0
        }
        if Clock.waitReadable(listening.context.pointee.fd, until: 0) { try listening.read() }
        while let batch = try listening.replyRead() {
            defer { freeReplyObject(batch) }
            takeReplies(batch, take)
            try listen(on: listening)
        }
    }

    private func queue(_ operation: ServiceOperation, on connection: RedisConnection) {
        if let value = operation.value {
            connection.beginCommand("XADD")
            connection.add(Array(RedisWorkers.jobs.utf8))
            connection.add(Array("*".utf8))
            connection.add(Array("c".utf8))
            connection.add(name)
            connection.add(Array("i".utf8))
            connection.add(operation.id)
            connection.add(Array("k".utf8))
            connection.add(operation.key)
            connection.add(Array("v".utf8))
            withUnsafeBytes(of: value.littleEndian) { connection.add($0) }
        } else {
            connection.beginCommand("LRANGE")
            connection.add(operation.key)
            connection.add(Array("0".utf8))
            connection.add(Array("-1".utf8))
        }
        connection.endCommand()
        expected.append(operation.id)
    }

    private func listen(on connection: RedisConnection) throws {
        connection.beginCommand("XREAD")
        for word in ["COUNT", "512", "BLOCK", "\(Self.replyBlockMs)", "STREAMS"] { connection.add(Array(word.utf8)) }
        connection.add(Array("replies:".utf8) + name)
        connection.add(lastReply)
        connection.endCommand()
        try connection.flush()
    }

    private func takeReplies(_ batch: UnsafeMutablePointer<redisReply>, _ take: (ServiceCompletion) -> Void) {
        guard batch.pointee.type == REDIS_REPLY_ARRAY, batch.pointee.elements == 1 else { return }
        let entries = batch.pointee.element[0]!.pointee.element[1]!.pointee
        for index in 0..<entries.elements {
            let entry = entries.element[index]!.pointee
            lastReply = Array(RedisConnection.bytes(entry.element[0]!))
            let fields = entry.element[1]!.pointee
            func number(_ place: Int) -> UInt64? {
                UInt64(String(decoding: RedisConnection.bytes(fields.element[place]!), as: UTF8.self))
            }
            guard fields.elements == 4, let id = number(1), let position = number(3) else { continue }
            unconfirmed[id] = nil
            take(ServiceCompletion(id, .appended(position: Int64(position))))
        }
    }

    private static func list(_ reply: UnsafeMutablePointer<redisReply>) -> [UInt8] {
        (0..<reply.pointee.elements).flatMap { Array(RedisConnection.bytes(reply.pointee.element[$0]!)) }
    }
}
