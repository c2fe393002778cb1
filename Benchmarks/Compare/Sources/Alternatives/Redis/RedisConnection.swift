// A connection to Redis by hiredis, with pipelining.

import CHiredis
import Glibc

/// Confined to one thread.
final class RedisConnection {
    private static let replyTimeout = timeval(tv_sec: 20, tv_usec: 0)
    let context: UnsafeMutablePointer<redisContext>
    /// hiredis moves what is left of its buffer after each write, which costs the square of what has gathered: more than this is
    /// better sent at once.
    private static let unsentBytesMax = 64 << 10
    /// Bytes of commands queued since the last flush.
    private var unsentBytes = 0
    /// The words of the command that is being made, one after the other, and where each ends.
    private var words: [UInt8] = []
    private var ends: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []
    private var lengths: [Int] = []

    init(port: Int) throws {
        guard let context = redisConnect("127.0.0.1", Int32(port)) else {
            throw AlternativeError.failed("redis: no memory for a connection")
        }
        self.context = context
        guard context.pointee.err == 0 else { throw failure }
        // A worker waits for requests as long as it takes; clients see to their time-outs themselves.
    }

    deinit { redisFree(context) }

    /// Has a read that takes longer than 20 s fail.
    func limitWaiting() {
        redisSetTimeout(context, Self.replyTimeout)
    }

    // MARK: Commands

    /// Begins a command with its first words.
    func beginCommand(_ name: StaticString, _ word: UnsafeRawBufferPointer? = nil) {
        words.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        add(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        if let word { add(word) }
    }

    func add(_ word: UnsafeRawBufferPointer) {
        words.append(contentsOf: word)
        ends.append(words.count)
    }

    func add(_ word: [UInt8]) {
        words.append(contentsOf: word)
        ends.append(words.count)
    }

    /// Adds a number in decimal digits.
    func add(_ number: UInt64) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { buffer in
            var at = buffer.count
            var rest = number
            repeat {
                at -= 1
                buffer[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            add(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[at...]))
        }
    }

    /// Queues the command.
    func endCommand() {
        unsentBytes += words.count
        pointers.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        words.withUnsafeBufferPointer { words in
            words.withMemoryRebound(to: CChar.self) { words in
                var begin = 0
                for end in ends {
                    pointers.append(words.baseAddress! + begin)
                    lengths.append(end - begin)
                    begin = end
                }
                pointers.withUnsafeMutableBufferPointer { pointers in
                    _ = redisAppendCommandArgv(context, Int32(ends.count), pointers.baseAddress, lengths)
                }
            }
        }
    }

    // MARK: Replies

    /// Whether the command that is being made, with what is queued, should leave before more is added.
    var isLarge: Bool { unsentBytes + words.count > Self.unsentBytesMax }

    /// Sends what is queued.
    func flush() throws {
        unsentBytes = 0
        var isDone: Int32 = 0
        repeat {
            guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw failure }
        } while isDone == 0
    }

    /// The next reply, which the caller frees; waits for it, and sends what is queued first.
    /// - Throws: Where it is an error.
    func reply() throws -> UnsafeMutablePointer<redisReply> {
        var raw: UnsafeMutableRawPointer?
        unsentBytes = 0
        guard redisGetReply(context, &raw) == REDIS_OK, let raw else { throw failure }
        return try checked(raw)
    }

    /// Reads what has come, waiting for something.
    func read() throws {
        guard redisBufferRead(context) == REDIS_OK else { throw failure }
    }

    /// The next reply that has been read whole, which the caller frees; nil where there is none.
    func replyRead() throws -> UnsafeMutablePointer<redisReply>? {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReplyFromReader(context, &raw) == REDIS_OK else { throw failure }
        return try raw.map { try checked($0) }
    }

    /// Sends a command of texts and gives its reply, which the caller frees.
    func request(_ words: [String]) throws -> UnsafeMutablePointer<redisReply> {
        self.words.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for word in words { add(Array(word.utf8)) }
        endCommand()
        return try reply()
    }

    /// Sends a command of texts whose reply does not matter unless it is an error.
    func ask(_ words: [String]) throws { freeReplyObject(try request(words)) }

    static func bytes(_ reply: UnsafeMutablePointer<redisReply>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len)
    }

    private func checked(_ raw: UnsafeMutableRawPointer) throws -> UnsafeMutablePointer<redisReply> {
        let reply = raw.assumingMemoryBound(to: redisReply.self)
        guard reply.pointee.type != REDIS_REPLY_ERROR else {
            defer { freeReplyObject(raw) }
            throw AlternativeError.failed("redis: \(String(decoding: Self.bytes(reply), as: UTF8.self))")
        }
        return reply
    }

    private var failure: AlternativeError {
        let text = withUnsafeBytes(of: context.pointee.errstr) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .failed("redis: \(text.isEmpty ? "connection failed" : text)")
    }
}
